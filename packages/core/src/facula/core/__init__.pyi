"""The public names of core, with every operation's signature.

Made by tools/stubs.py from the registry of operations: `hatch run stubs` makes it anew.
"""

import builtins
import collections.abc
import facula.core.dtypes
import numpy
import typing

from facula.core.tensor import Tensor as Tensor


from facula.core import ops as ops
from facula.core.backends.cpu.threads import get_num_threads as get_num_threads
from facula.core.backends.cpu.threads import set_num_threads as set_num_threads
from facula.core.devices import device as device
from facula.core.devices import get_default_device as get_default_device
from facula.core.devices import set_default_device as set_default_device
from facula.core.dtypes import bfloat16 as bfloat16
from facula.core.dtypes import bool_ as bool
from facula.core.dtypes import complex128 as complex128
from facula.core.dtypes import complex64 as complex64
from facula.core.dtypes import dtype as dtype
from facula.core.dtypes import finfo as finfo
from facula.core.dtypes import float16 as float16
from facula.core.dtypes import float32 as float32
from facula.core.dtypes import float64 as float64
from facula.core.dtypes import get_default_dtype as get_default_dtype
from facula.core.dtypes import iinfo as iinfo
from facula.core.dtypes import int16 as int16
from facula.core.dtypes import int32 as int32
from facula.core.dtypes import int64 as int64
from facula.core.dtypes import int8 as int8
from facula.core.dtypes import set_default_dtype as set_default_dtype
from facula.core.dtypes import uint8 as uint8
from facula.core.operation import operation as operation
from facula.core.operation import operations as operations
from facula.core.printing import set_printoptions as set_printoptions
from facula.core.promotion import can_cast as can_cast
from facula.core.promotion import promote_types as promote_types
from facula.core.random import Generator as Generator
from facula.core.random import default_generator as default_generator
from facula.core.random import fork_rng as fork_rng
from facula.core.random import get_rng_state as get_rng_state
from facula.core.random import initial_seed as initial_seed
from facula.core.random import manual_seed as manual_seed
from facula.core.random import seed as seed
from facula.core.random import set_rng_state as set_rng_state
from facula.core.slot import enable_grad as enable_grad
from facula.core.slot import is_grad_enabled as is_grad_enabled
from facula.core.slot import no_grad as no_grad
from facula.core.slot import set_grad_enabled as set_grad_enabled
from facula.core.tensor import Size as Size

half, float, double = (float16, float32, float64)
short, int, long = (int16, int32, int64)
cfloat, cdouble = (complex64, complex128)

def add(input: typing.Any, other: typing.Any, *, alpha: typing.Any = ...) -> Tensor: ...
def sub(input: typing.Any, other: typing.Any, *, alpha: typing.Any = ...) -> Tensor: ...
def mul(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def true_divide(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def floor_divide(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def remainder(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def fmod(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def div(
    input: Tensor,
    other: Tensor | builtins.complex,
    *,
    rounding_mode: builtins.str | None = ...,
) -> Tensor: ...
def divide(
    input: Tensor,
    other: Tensor | builtins.complex,
    *,
    rounding_mode: builtins.str | None = ...,
) -> Tensor: ...
def pow(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def maximum(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def minimum(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def atan2(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def hypot(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def logical_and(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def logical_or(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def logical_xor(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def bitwise_and(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def bitwise_or(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def bitwise_xor(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def bitwise_left_shift(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def bitwise_right_shift(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def eq(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def ne(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def lt(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def le(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def gt(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def ge(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def isclose(
    input: Tensor,
    other: Tensor | builtins.complex,
    rtol: builtins.float = ...,
    atol: builtins.float = ...,
    equal_nan: builtins.bool = ...,
) -> Tensor: ...
def allclose(
    input: Tensor,
    other: Tensor | builtins.complex,
    rtol: builtins.float = ...,
    atol: builtins.float = ...,
    equal_nan: builtins.bool = ...,
) -> builtins.bool: ...
def equal(input: Tensor, other: Tensor | builtins.complex) -> builtins.bool: ...
def reshape(input: Tensor, *shape: typing.Any) -> Tensor: ...
def flatten(
    input: Tensor,
    start_dim: builtins.int = ...,
    end_dim: builtins.int = ...,
) -> Tensor: ...
def permute(input: Tensor, *dims: typing.Any) -> Tensor: ...
def transpose(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor: ...
def t(input: Tensor) -> Tensor: ...
def broadcast_to(input: Tensor, size: collections.abc.Sequence[builtins.int]) -> Tensor: ...
def unsqueeze(input: Tensor, dim: builtins.int) -> Tensor: ...
def squeeze(input: Tensor, dim: typing.Any = ...) -> Tensor: ...
def clone(input: Tensor) -> Tensor: ...
def tensor(
    data: typing.Any,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def from_numpy(array: numpy.ndarray) -> Tensor: ...
def as_tensor(data: typing.Any, dtype: typing.Any = ..., device: typing.Any = ...) -> Tensor: ...
def zeros(
    *size: typing.Any,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def ones(
    *size: typing.Any,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def empty(
    *size: typing.Any,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def full(
    size: typing.Any,
    fill_value: typing.Any,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def zeros_like(
    input: Tensor,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def ones_like(
    input: Tensor,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def empty_like(
    input: Tensor,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def full_like(
    input: Tensor,
    fill_value: typing.Any,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def arange(
    start: typing.Any,
    end: typing.Any = ...,
    step: typing.Any = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def linspace(
    start: typing.Any,
    end: typing.Any,
    steps: builtins.int,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def eye(
    n: builtins.int,
    m: builtins.int | None = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def scalar_tensor(
    s: typing.Any,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def where(condition: Tensor, input: typing.Any = ..., other: typing.Any = ...) -> typing.Any: ...
def nonzero(input: Tensor, *, as_tuple: builtins.bool = ...) -> typing.Any: ...
def argwhere(input: Tensor) -> Tensor: ...
def masked_fill(
    input: Tensor,
    mask: Tensor | builtins.complex,
    value: Tensor | builtins.complex,
) -> Tensor: ...
def masked_select(input: Tensor, mask: Tensor | builtins.complex) -> Tensor: ...
def batched_matmul(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def matmul(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def mm(input: Tensor, mat2: Tensor | builtins.complex) -> Tensor: ...
def bmm(input: Tensor, mat2: Tensor | builtins.complex) -> Tensor: ...
def rand(
    *size: typing.Any,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def randn(
    *size: typing.Any,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def randint(
    *args: typing.Any,
    low: typing.Any = ...,
    high: typing.Any = ...,
    size: typing.Any = ...,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def randperm(
    n: builtins.int,
    *,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def rand_like(
    input: Tensor,
    *,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def randn_like(
    input: Tensor,
    *,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def randint_like(
    input: Tensor,
    low: typing.Any,
    high: typing.Any = ...,
    *,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def normal(
    mean: typing.Any,
    std: typing.Any = ...,
    size: typing.Any = ...,
    *,
    generator: typing.Any = ...,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def bernoulli(input: Tensor, p: typing.Any = ..., *, generator: typing.Any = ...) -> Tensor: ...
def multinomial(
    input: Tensor,
    num_samples: builtins.int,
    replacement: builtins.bool = ...,
    *,
    generator: typing.Any = ...,
) -> Tensor: ...
def poisson(input: Tensor, generator: typing.Any = ...) -> Tensor: ...
def sum(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: facula.core.dtypes.dtype | None = ...,
) -> Tensor: ...
def prod(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: facula.core.dtypes.dtype | None = ...,
) -> Tensor: ...
def mean(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: facula.core.dtypes.dtype | None = ...,
) -> Tensor: ...
def amax(input: Tensor, dim: typing.Any = ..., keepdim: builtins.bool = ...) -> Tensor: ...
def amin(input: Tensor, dim: typing.Any = ..., keepdim: builtins.bool = ...) -> Tensor: ...
def any(input: Tensor, dim: typing.Any = ..., keepdim: builtins.bool = ...) -> Tensor: ...
def all(input: Tensor, dim: typing.Any = ..., keepdim: builtins.bool = ...) -> Tensor: ...
def argmax(
    input: Tensor,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
) -> Tensor: ...
def argmin(
    input: Tensor,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
) -> Tensor: ...
def neg(input: Tensor) -> Tensor: ...
def abs(input: Tensor) -> Tensor: ...
def absolute(input: Tensor) -> Tensor: ...
def positive(input: Tensor) -> Tensor: ...
def sign(input: Tensor) -> Tensor: ...
def square(input: Tensor) -> Tensor: ...
def reciprocal(input: Tensor) -> Tensor: ...
def sqrt(input: Tensor) -> Tensor: ...
def rsqrt(input: Tensor) -> Tensor: ...
def exp(input: Tensor) -> Tensor: ...
def exp2(input: Tensor) -> Tensor: ...
def expm1(input: Tensor) -> Tensor: ...
def log(input: Tensor) -> Tensor: ...
def log2(input: Tensor) -> Tensor: ...
def log10(input: Tensor) -> Tensor: ...
def log1p(input: Tensor) -> Tensor: ...
def sin(input: Tensor) -> Tensor: ...
def cos(input: Tensor) -> Tensor: ...
def sinc(input: Tensor) -> Tensor: ...
def tan(input: Tensor) -> Tensor: ...
def asin(input: Tensor) -> Tensor: ...
def acos(input: Tensor) -> Tensor: ...
def atan(input: Tensor) -> Tensor: ...
def sinh(input: Tensor) -> Tensor: ...
def cosh(input: Tensor) -> Tensor: ...
def tanh(input: Tensor) -> Tensor: ...
def asinh(input: Tensor) -> Tensor: ...
def acosh(input: Tensor) -> Tensor: ...
def atanh(input: Tensor) -> Tensor: ...
def sigmoid(input: Tensor) -> Tensor: ...
def relu(input: Tensor) -> Tensor: ...
def floor(input: Tensor) -> Tensor: ...
def ceil(input: Tensor) -> Tensor: ...
def trunc(input: Tensor) -> Tensor: ...
def round(input: Tensor) -> Tensor: ...
def isnan(input: Tensor) -> Tensor: ...
def isinf(input: Tensor) -> Tensor: ...
def isfinite(input: Tensor) -> Tensor: ...
def logical_not(input: Tensor) -> Tensor: ...
def bitwise_not(input: Tensor) -> Tensor: ...

__all__ = [
    "Generator",
    "Size",
    "Tensor",
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "all",
    "allclose",
    "amax",
    "amin",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argwhere",
    "as_tensor",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "batched_matmul",
    "bernoulli",
    "bfloat16",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bmm",
    "bool",
    "broadcast_to",
    "can_cast",
    "cdouble",
    "ceil",
    "cfloat",
    "clone",
    "complex128",
    "complex64",
    "cos",
    "cosh",
    "default_generator",
    "device",
    "div",
    "divide",
    "double",
    "dtype",
    "empty",
    "empty_like",
    "enable_grad",
    "eq",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "eye",
    "finfo",
    "flatten",
    "float",
    "float16",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "fmod",
    "fork_rng",
    "from_numpy",
    "full",
    "full_like",
    "ge",
    "get_default_device",
    "get_default_dtype",
    "get_num_threads",
    "get_rng_state",
    "gt",
    "half",
    "hypot",
    "iinfo",
    "initial_seed",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_grad_enabled",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "long",
    "lt",
    "manual_seed",
    "masked_fill",
    "masked_select",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "mm",
    "mul",
    "multinomial",
    "ne",
    "neg",
    "no_grad",
    "nonzero",
    "normal",
    "ones",
    "ones_like",
    "operation",
    "operations",
    "permute",
    "poisson",
    "positive",
    "pow",
    "prod",
    "program",
    "promote_types",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "random",
    "randperm",
    "reciprocal",
    "relu",
    "remainder",
    "reshape",
    "round",
    "rsqrt",
    "scalar_tensor",
    "seed",
    "set_default_device",
    "set_default_dtype",
    "set_grad_enabled",
    "set_num_threads",
    "set_printoptions",
    "set_rng_state",
    "short",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "squeeze",
    "sub",
    "sum",
    "t",
    "tan",
    "tanh",
    "tensor",
    "transpose",
    "true_divide",
    "trunc",
    "uint8",
    "unsqueeze",
    "where",
    "zeros",
    "zeros_like",
]

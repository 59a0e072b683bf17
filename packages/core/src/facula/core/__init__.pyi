"""The public names of core, with every operation's signature.

Made by tools/stubs.py from the registry of operations: `hatch run stubs` makes it anew.
"""

import builtins
import collections.abc
import numpy
import typing
from facula.core import dtypes as _dtypes
from facula.core.dtypes import dtype as _dtype
from facula.core.results import Eigen as _Eigen
from facula.core.results import Histogram as _Histogram
from facula.core.results import HistogramDD as _HistogramDD
from facula.core.results import MantissaExponent as _MantissaExponent
from facula.core.results import MinMax as _MinMax
from facula.core.results import PLU as _PLU
from facula.core.results import Packed as _Packed
from facula.core.results import QR as _QR
from facula.core.results import SVDColumns as _SVDColumns
from facula.core.results import SignLogdet as _SignLogdet
from facula.core.results import TriangularSolved as _TriangularSolved
from facula.core.results import ValuesIndices as _ValuesIndices
from facula.core.tensor import Size as _Size

from facula.core.tensor import Tensor as Tensor


from facula.core import ops as ops
from facula.core.amp.region import autocast as autocast
from facula.core.amp.region import clear_autocast_cache as clear_autocast_cache
from facula.core.amp.region import get_autocast_dtype as get_autocast_dtype
from facula.core.amp.region import is_autocast_cache_enabled as is_autocast_cache_enabled
from facula.core.amp.region import is_autocast_enabled as is_autocast_enabled
from facula.core.amp.region import set_autocast_cache_enabled as set_autocast_cache_enabled
from facula.core.amp.region import set_autocast_dtype as set_autocast_dtype
from facula.core.amp.region import set_autocast_enabled as set_autocast_enabled
from facula.core.backends.cpu.threads import get_num_threads as get_num_threads
from facula.core.backends.cpu.threads import set_num_threads as set_num_threads
from facula.core.constants import e as e
from facula.core.constants import inf as inf
from facula.core.constants import nan as nan
from facula.core.constants import newaxis as newaxis
from facula.core.constants import pi as pi
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
from facula.core.dtypes import uint16 as uint16
from facula.core.dtypes import uint32 as uint32
from facula.core.dtypes import uint64 as uint64
from facula.core.dtypes import uint8 as uint8
from facula.core.memory import UntypedStorage as UntypedStorage
from facula.core.memory import channels_last as channels_last
from facula.core.memory import channels_last_3d as channels_last_3d
from facula.core.memory import contiguous_format as contiguous_format
from facula.core.memory import layout as layout
from facula.core.memory import memory_format as memory_format
from facula.core.memory import preserve_format as preserve_format
from facula.core.memory import strided as strided
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
from facula.core.serialization import load as load
from facula.core.serialization import save as save
from facula.core.settings import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from facula.core.settings import compile as compile
from facula.core.settings import cond as cond
from facula.core.settings import get_deterministic_debug_mode as get_deterministic_debug_mode
from facula.core.settings import get_float32_matmul_precision as get_float32_matmul_precision
from facula.core.settings import get_num_interop_threads as get_num_interop_threads
from facula.core.settings import is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled
from facula.core.settings import is_warn_always_enabled as is_warn_always_enabled
from facula.core.settings import set_deterministic_debug_mode as set_deterministic_debug_mode
from facula.core.settings import set_float32_matmul_precision as set_float32_matmul_precision
from facula.core.settings import set_flush_denormal as set_flush_denormal
from facula.core.settings import set_num_interop_threads as set_num_interop_threads
from facula.core.settings import set_warn_always as set_warn_always
from facula.core.settings import use_deterministic_algorithms as use_deterministic_algorithms
from facula.core.settings import while_loop as while_loop
from facula.core.slot import enable_grad as enable_grad
from facula.core.slot import inference_mode as inference_mode
from facula.core.slot import is_grad_enabled as is_grad_enabled
from facula.core.slot import is_inference_mode_enabled as is_inference_mode_enabled
from facula.core.slot import no_grad as no_grad
from facula.core.slot import set_grad_enabled as set_grad_enabled
from facula.core.tensor import Size as Size
from facula.core.tensor_types import BFloat16Tensor as BFloat16Tensor
from facula.core.tensor_types import BoolTensor as BoolTensor
from facula.core.tensor_types import ByteTensor as ByteTensor
from facula.core.tensor_types import CharTensor as CharTensor
from facula.core.tensor_types import ComplexDoubleTensor as ComplexDoubleTensor
from facula.core.tensor_types import ComplexFloatTensor as ComplexFloatTensor
from facula.core.tensor_types import DoubleTensor as DoubleTensor
from facula.core.tensor_types import FloatTensor as FloatTensor
from facula.core.tensor_types import HalfTensor as HalfTensor
from facula.core.tensor_types import IntTensor as IntTensor
from facula.core.tensor_types import LongTensor as LongTensor
from facula.core.tensor_types import ShortTensor as ShortTensor
from facula.core.tensor_types import set_default_tensor_type as set_default_tensor_type

OutOfMemoryError = MemoryError
half, float, double = (float16, float32, float64)
short, int, long = (int16, int32, int64)
cfloat, cdouble = (complex64, complex128)

def erf(input: Tensor) -> Tensor: ...
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
def pow(input: Tensor, exponent: Tensor | builtins.complex) -> Tensor: ...
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
    start: typing.Any = ...,
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
def round(input: Tensor, *, decimals: builtins.int = ...) -> Tensor: ...
def isnan(input: Tensor) -> Tensor: ...
def isinf(input: Tensor) -> Tensor: ...
def isfinite(input: Tensor) -> Tensor: ...
def logical_not(input: Tensor) -> Tensor: ...
def bitwise_not(input: Tensor) -> Tensor: ...
def where(condition: Tensor, input: typing.Any = ..., other: typing.Any = ...) -> typing.Any: ...
def nonzero(input: Tensor, *, as_tuple: builtins.bool = ...) -> typing.Any: ...
def argwhere(input: Tensor) -> Tensor: ...
def masked_fill(
    input: Tensor,
    mask: Tensor | builtins.complex,
    value: Tensor | builtins.complex,
) -> Tensor: ...
def masked_select(input: Tensor, mask: Tensor | builtins.complex) -> Tensor: ...
def ravel(input: Tensor) -> Tensor: ...
def unflatten(
    input: Tensor,
    dim: builtins.int,
    sizes: collections.abc.Sequence[builtins.int],
) -> Tensor: ...
def select(input: Tensor, dim: builtins.int, index: builtins.int) -> Tensor: ...
def narrow(
    input: Tensor,
    dim: builtins.int,
    start: builtins.int,
    length: builtins.int,
) -> Tensor: ...
def split(
    tensor: Tensor,
    split_size_or_sections: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def chunk(
    input: Tensor,
    chunks: builtins.int,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def tensor_split(
    input: Tensor,
    indices_or_sections: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def hsplit(input: Tensor, indices_or_sections: typing.Any) -> builtins.tuple[Tensor, ...]: ...
def vsplit(input: Tensor, indices_or_sections: typing.Any) -> builtins.tuple[Tensor, ...]: ...
def dsplit(input: Tensor, indices_or_sections: typing.Any) -> builtins.tuple[Tensor, ...]: ...
def unbind(input: Tensor, dim: builtins.int = ...) -> builtins.tuple[Tensor, ...]: ...
def movedim(input: Tensor, source: typing.Any, destination: typing.Any) -> Tensor: ...
def moveaxis(input: Tensor, source: typing.Any, destination: typing.Any) -> Tensor: ...
def swapaxes(input: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor: ...
def swapdims(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor: ...
def atleast_1d(*tensors: typing.Any) -> typing.Any: ...
def atleast_2d(*tensors: typing.Any) -> typing.Any: ...
def atleast_3d(*tensors: typing.Any) -> typing.Any: ...
def broadcast_shapes(*shapes: typing.Any) -> _Size: ...
def broadcast_tensors(*tensors: typing.Any) -> builtins.tuple[Tensor, ...]: ...
def diagonal(
    input: Tensor,
    offset: builtins.int = ...,
    dim1: builtins.int = ...,
    dim2: builtins.int = ...,
) -> Tensor: ...
def diag_embed(
    input: Tensor,
    offset: builtins.int = ...,
    dim1: builtins.int = ...,
    dim2: builtins.int = ...,
) -> Tensor: ...
def diag(input: Tensor, diagonal: builtins.int = ...) -> Tensor: ...
def diagflat(input: Tensor, offset: builtins.int = ...) -> Tensor: ...
def as_strided(
    input: Tensor,
    size: collections.abc.Sequence[builtins.int],
    stride: collections.abc.Sequence[builtins.int],
    storage_offset: builtins.int | None = ...,
) -> Tensor: ...
def view_as_real(input: Tensor) -> Tensor: ...
def view_as_complex(input: Tensor) -> Tensor: ...
def real(input: Tensor) -> Tensor: ...
def imag(input: Tensor) -> Tensor: ...
def complex(real: Tensor, imag: Tensor | builtins.complex) -> Tensor: ...
def polar(abs: Tensor, angle: Tensor | builtins.complex) -> Tensor: ...
def conj_physical(input: Tensor) -> Tensor: ...
def conj(input: Tensor) -> Tensor: ...
def resolve_conj(input: Tensor) -> Tensor: ...
def resolve_neg(input: Tensor) -> Tensor: ...
def is_conj(input: Tensor) -> builtins.bool: ...
def is_neg(input: Tensor) -> builtins.bool: ...
def adjoint(input: Tensor) -> Tensor: ...
def angle(input: Tensor) -> Tensor: ...
def sgn(input: Tensor) -> Tensor: ...
def isreal(input: Tensor) -> Tensor: ...
def is_floating_point(input: Tensor) -> builtins.bool: ...
def is_complex(input: Tensor) -> builtins.bool: ...
def clamp_min(input: Tensor, min: Tensor | builtins.complex) -> Tensor: ...
def clamp_max(input: Tensor, max: Tensor | builtins.complex) -> Tensor: ...
def clamp(input: Tensor, min: typing.Any = ..., max: typing.Any = ...) -> Tensor: ...
def fmax(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def fmin(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def nan_to_num(
    input: Tensor,
    nan: builtins.float = ...,
    posinf: builtins.float | None = ...,
    neginf: builtins.float | None = ...,
) -> Tensor: ...
def addcmul(
    input: Tensor,
    tensor1: Tensor | builtins.complex,
    tensor2: Tensor | builtins.complex,
    *,
    value: typing.Any = ...,
) -> Tensor: ...
def addcdiv(
    input: Tensor,
    tensor1: Tensor | builtins.complex,
    tensor2: Tensor | builtins.complex,
    *,
    value: typing.Any = ...,
) -> Tensor: ...
def lerp(
    input: Tensor,
    end: Tensor | builtins.complex,
    weight: Tensor | builtins.complex,
) -> Tensor: ...
def copysign(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def signbit(input: Tensor) -> Tensor: ...
def frac(input: Tensor) -> Tensor: ...
def fix(input: Tensor) -> Tensor: ...
def heaviside(input: Tensor, values: Tensor | builtins.complex) -> Tensor: ...
def isposinf(input: Tensor) -> Tensor: ...
def isneginf(input: Tensor) -> Tensor: ...
def xlogy(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def logaddexp2(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def logit(input: Tensor, eps: builtins.float | None = ...) -> Tensor: ...
def float_power(input: Tensor, exponent: Tensor | builtins.complex) -> Tensor: ...
def deg2rad(input: Tensor) -> Tensor: ...
def rad2deg(input: Tensor) -> Tensor: ...
def isin(
    elements: Tensor,
    test_elements: Tensor | builtins.complex,
    *,
    assume_unique: builtins.bool = ...,
    invert: builtins.bool = ...,
) -> Tensor: ...
def multiply(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def subtract(input: typing.Any, other: typing.Any, *, alpha: typing.Any = ...) -> Tensor: ...
def arctan2(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def negative(input: Tensor) -> Tensor: ...
def arccos(input: Tensor) -> Tensor: ...
def arcsin(input: Tensor) -> Tensor: ...
def arctan(input: Tensor) -> Tensor: ...
def arccosh(input: Tensor) -> Tensor: ...
def arcsinh(input: Tensor) -> Tensor: ...
def arctanh(input: Tensor) -> Tensor: ...
def greater(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def greater_equal(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def less(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def less_equal(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def not_equal(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def clip(input: Tensor, min: typing.Any = ..., max: typing.Any = ...) -> Tensor: ...
def is_tensor(obj: typing.Any) -> builtins.bool: ...
def numel(input: Tensor) -> builtins.int: ...
def is_nonzero(input: Tensor) -> builtins.bool: ...
def is_same_size(input: Tensor, other: Tensor | builtins.complex) -> builtins.bool: ...
def is_inference(input: Tensor) -> builtins.bool: ...
def is_storage(obj: typing.Any) -> builtins.bool: ...
def typename(obj: typing.Any) -> builtins.str: ...
def batched_matmul(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def matmul(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def mm(input: Tensor, mat2: Tensor | builtins.complex) -> Tensor: ...
def bmm(input: Tensor, mat2: Tensor | builtins.complex) -> Tensor: ...
def sum(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: _dtype | None = ...,
) -> Tensor: ...
def prod(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: _dtype | None = ...,
) -> Tensor: ...
def mean(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: _dtype | None = ...,
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
def softmax(input: Tensor, dim: builtins.int, dtype: typing.Any = ...) -> Tensor: ...
def log_softmax(input: Tensor, dim: builtins.int, dtype: typing.Any = ...) -> Tensor: ...
def logsumexp(input: Tensor, dim: typing.Any, keepdim: builtins.bool = ...) -> Tensor: ...
def i0(input: Tensor) -> Tensor: ...
def cat(tensors: collections.abc.Sequence[Tensor], dim: builtins.int = ...) -> Tensor: ...
def concat(tensors: collections.abc.Sequence[Tensor], dim: builtins.int = ...) -> Tensor: ...
def concatenate(tensors: collections.abc.Sequence[Tensor], dim: builtins.int = ...) -> Tensor: ...
def stack(tensors: collections.abc.Sequence[Tensor], dim: builtins.int = ...) -> Tensor: ...
def hstack(tensors: collections.abc.Sequence[Tensor]) -> Tensor: ...
def vstack(tensors: collections.abc.Sequence[Tensor]) -> Tensor: ...
def row_stack(tensors: collections.abc.Sequence[Tensor]) -> Tensor: ...
def dstack(tensors: collections.abc.Sequence[Tensor]) -> Tensor: ...
def column_stack(tensors: collections.abc.Sequence[Tensor]) -> Tensor: ...
def block_diag(*tensors: Tensor) -> Tensor: ...
def meshgrid(
    *tensors: typing.Any,
    indexing: builtins.str | None = ...,
) -> builtins.tuple[Tensor, ...]: ...
def cartesian_prod(*tensors: Tensor) -> Tensor: ...
def combinations(
    input: Tensor,
    r: builtins.int = ...,
    with_replacement: builtins.bool = ...,
) -> Tensor: ...
def tile(input: Tensor, *dims: typing.Any) -> Tensor: ...
def repeat_interleave(
    input: Tensor,
    repeats: typing.Any = ...,
    dim: builtins.int | None = ...,
    *,
    output_size: builtins.int | None = ...,
) -> Tensor: ...
def cumsum(input: Tensor, dim: builtins.int, *, dtype: typing.Any = ...) -> Tensor: ...
def cumprod(input: Tensor, dim: builtins.int, *, dtype: typing.Any = ...) -> Tensor: ...
def logcumsumexp(input: Tensor, dim: builtins.int) -> Tensor: ...
def diff(
    input: Tensor,
    n: builtins.int = ...,
    dim: builtins.int = ...,
    prepend: typing.Any = ...,
    append: typing.Any = ...,
) -> Tensor: ...
def trapezoid(
    y: Tensor,
    x: typing.Any = ...,
    *,
    dx: typing.Any = ...,
    dim: builtins.int = ...,
) -> Tensor: ...
def trapz(
    y: Tensor,
    x: typing.Any = ...,
    *,
    dx: typing.Any = ...,
    dim: builtins.int = ...,
) -> Tensor: ...
def cumulative_trapezoid(
    y: Tensor,
    x: typing.Any = ...,
    *,
    dx: typing.Any = ...,
    dim: builtins.int = ...,
) -> Tensor: ...
def gradient(
    input: Tensor,
    *,
    spacing: typing.Any = ...,
    dim: typing.Any = ...,
    edge_order: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def gather(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    *,
    sparse_grad: builtins.bool = ...,
) -> Tensor: ...
def scatter(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    src: typing.Any = ...,
    *,
    value: typing.Any = ...,
    reduce: builtins.str | None = ...,
) -> Tensor: ...
def scatter_add(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    src: Tensor | builtins.complex,
) -> Tensor: ...
def scatter_reduce(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    src: Tensor | builtins.complex,
    reduce: builtins.str,
    *,
    include_self: builtins.bool = ...,
) -> Tensor: ...
def index_select(input: Tensor, dim: builtins.int, index: Tensor | builtins.complex) -> Tensor: ...
def index_add(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    source: Tensor | builtins.complex,
    *,
    alpha: typing.Any = ...,
) -> Tensor: ...
def index_copy(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    source: Tensor | builtins.complex,
) -> Tensor: ...
def index_fill(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    value: typing.Any,
) -> Tensor: ...
def index_reduce(
    input: Tensor,
    dim: builtins.int,
    index: Tensor | builtins.complex,
    source: Tensor | builtins.complex,
    reduce: builtins.str,
    *,
    include_self: builtins.bool = ...,
) -> Tensor: ...
def take(input: Tensor, index: Tensor | builtins.complex) -> Tensor: ...
def take_along_dim(
    input: Tensor,
    indices: Tensor | builtins.complex,
    dim: builtins.int | None = ...,
) -> Tensor: ...
def put(
    input: Tensor,
    index: Tensor | builtins.complex,
    source: Tensor | builtins.complex,
    accumulate: builtins.bool = ...,
) -> Tensor: ...
def index_put(
    input: Tensor,
    indices: collections.abc.Sequence[Tensor],
    values: Tensor | builtins.complex,
    accumulate: builtins.bool = ...,
) -> Tensor: ...
def flip(input: Tensor, *dims: typing.Any) -> Tensor: ...
def fliplr(input: Tensor) -> Tensor: ...
def flipud(input: Tensor) -> Tensor: ...
def roll(input: Tensor, shifts: typing.Any, dims: typing.Any = ...) -> Tensor: ...
def rot90(
    input: Tensor,
    k: builtins.int = ...,
    dims: collections.abc.Sequence[builtins.int] = ...,
) -> Tensor: ...
def tril(input: Tensor, diagonal: builtins.int = ...) -> Tensor: ...
def triu(input: Tensor, diagonal: builtins.int = ...) -> Tensor: ...
def tril_indices(
    row: builtins.int,
    col: builtins.int,
    offset: builtins.int = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
) -> Tensor: ...
def triu_indices(
    row: builtins.int,
    col: builtins.int,
    offset: builtins.int = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
) -> Tensor: ...
def geqrf(input: Tensor) -> _Packed: ...
def cholesky_solve(
    B: Tensor,
    L: Tensor | builtins.complex,
    upper: builtins.bool = ...,
) -> Tensor: ...
def cholesky_inverse(L: Tensor, upper: builtins.bool = ...) -> Tensor: ...
def logdet(input: Tensor) -> Tensor: ...
def ormqr(
    input: Tensor,
    tau: Tensor | builtins.complex,
    other: Tensor | builtins.complex,
    left: builtins.bool = ...,
    transpose: builtins.bool = ...,
) -> Tensor: ...
def logspace(
    start: typing.Any,
    end: typing.Any,
    steps: builtins.int,
    base: builtins.float = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def range(
    start: typing.Any = ...,
    end: typing.Any = ...,
    step: typing.Any = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def vander(x: Tensor, N: builtins.int | None = ..., increasing: builtins.bool = ...) -> Tensor: ...
def asarray(
    obj: typing.Any,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    copy: builtins.bool | None = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def frombuffer(
    buffer: typing.Any,
    *,
    dtype: typing.Any,
    count: builtins.int = ...,
    offset: builtins.int = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def from_file(
    filename: builtins.str,
    shared: builtins.bool | None = ...,
    size: builtins.int = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def empty_strided(
    size: collections.abc.Sequence[builtins.int],
    stride: collections.abc.Sequence[builtins.int],
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def empty_permuted(
    size: collections.abc.Sequence[builtins.int],
    physical_layout: collections.abc.Sequence[builtins.int],
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def unravel_index(indices: Tensor, shape: typing.Any) -> builtins.tuple[Tensor, ...]: ...
def as_strided_copy(
    input: Tensor,
    size: collections.abc.Sequence[builtins.int],
    stride: collections.abc.Sequence[builtins.int],
    storage_offset: builtins.int | None = ...,
) -> Tensor: ...
def diagonal_copy(
    input: Tensor,
    offset: builtins.int = ...,
    dim1: builtins.int = ...,
    dim2: builtins.int = ...,
) -> Tensor: ...
def permute_copy(input: Tensor, *dims: typing.Any) -> Tensor: ...
def select_copy(input: Tensor, dim: builtins.int, index: builtins.int) -> Tensor: ...
def split_copy(
    tensor: Tensor,
    split_size_or_sections: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def squeeze_copy(input: Tensor, dim: typing.Any = ...) -> Tensor: ...
def t_copy(input: Tensor) -> Tensor: ...
def transpose_copy(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor: ...
def unbind_copy(input: Tensor, dim: builtins.int = ...) -> builtins.tuple[Tensor, ...]: ...
def unsqueeze_copy(input: Tensor, dim: builtins.int) -> Tensor: ...
def view_as_complex_copy(input: Tensor) -> Tensor: ...
def view_as_real_copy(input: Tensor) -> Tensor: ...
def alias_copy(input: Tensor) -> Tensor: ...
def detach_copy(input: Tensor) -> Tensor: ...
def expand_copy(input: Tensor, size: typing.Any, *, implicit: builtins.bool = ...) -> Tensor: ...
def unfold_copy(
    input: Tensor,
    dimension: builtins.int,
    size: builtins.int,
    step: builtins.int,
) -> Tensor: ...
def view_copy(input: Tensor, size: typing.Any) -> Tensor: ...
def slice_copy(
    input: Tensor,
    dim: builtins.int = ...,
    start: builtins.int | None = ...,
    end: builtins.int | None = ...,
    step: builtins.int = ...,
) -> Tensor: ...
def split_with_sizes(
    input: Tensor,
    split_sizes: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def split_with_sizes_copy(
    input: Tensor,
    split_sizes: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def unsafe_split(
    input: Tensor,
    split_size: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def unsafe_split_with_sizes(
    input: Tensor,
    split_sizes: typing.Any,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def unsafe_chunk(
    input: Tensor,
    chunks: builtins.int,
    dim: builtins.int = ...,
) -> builtins.tuple[Tensor, ...]: ...
def narrow_copy(
    input: Tensor,
    dim: builtins.int,
    start: typing.Any,
    length: builtins.int,
) -> Tensor: ...
def nonzero_static(
    input: Tensor,
    *,
    size: builtins.int,
    fill_value: builtins.int = ...,
) -> Tensor: ...
def unique(
    input: Tensor,
    sorted: builtins.bool = ...,
    return_inverse: builtins.bool = ...,
    return_counts: builtins.bool = ...,
    dim: builtins.int | None = ...,
) -> typing.Any: ...
def unique_consecutive(
    input: Tensor,
    return_inverse: builtins.bool = ...,
    return_counts: builtins.bool = ...,
    dim: builtins.int | None = ...,
) -> typing.Any: ...
def searchsorted(
    sorted_sequence: Tensor,
    input: typing.Any,
    *,
    out_int32: builtins.bool = ...,
    right: builtins.bool = ...,
    side: builtins.str | None = ...,
    sorter: Tensor | None = ...,
) -> Tensor: ...
def bucketize(
    input: typing.Any,
    boundaries: Tensor | builtins.complex,
    *,
    out_int32: builtins.bool = ...,
    right: builtins.bool = ...,
) -> Tensor: ...
def bincount(
    input: Tensor,
    weights: Tensor | None = ...,
    minlength: builtins.int = ...,
) -> Tensor: ...
def histc(
    input: Tensor,
    bins: builtins.int = ...,
    min: builtins.float = ...,
    max: builtins.float = ...,
) -> Tensor: ...
def histogram(
    input: Tensor,
    bins: typing.Any,
    *,
    range: typing.Any = ...,
    weight: Tensor | None = ...,
    density: builtins.bool = ...,
) -> _Histogram: ...
def cov(
    input: Tensor,
    *,
    correction: builtins.int = ...,
    fweights: Tensor | None = ...,
    aweights: Tensor | None = ...,
) -> Tensor: ...
def corrcoef(input: Tensor) -> Tensor: ...
def histogramdd(
    input: Tensor,
    bins: typing.Any,
    *,
    range: collections.abc.Sequence[builtins.float] | None = ...,
    weight: Tensor | None = ...,
    density: builtins.bool = ...,
) -> _HistogramDD: ...
def pairwise_distance(
    x1: Tensor,
    x2: Tensor | builtins.complex,
    p: builtins.float = ...,
    eps: builtins.float = ...,
    keepdim: builtins.bool = ...,
) -> Tensor: ...
def cosine_similarity(
    x1: Tensor,
    x2: Tensor | builtins.complex,
    dim: builtins.int = ...,
    eps: builtins.float = ...,
) -> Tensor: ...
def pdist(input: Tensor, p: builtins.float = ...) -> Tensor: ...
def cdist(
    x1: Tensor,
    x2: Tensor | builtins.complex,
    p: builtins.float = ...,
    compute_mode: builtins.str = ...,
) -> Tensor: ...
def renorm(
    input: Tensor,
    p: builtins.float,
    dim: builtins.int,
    maxnorm: builtins.float,
) -> Tensor: ...
def einsum(equation: builtins.str, *operands: typing.Any) -> Tensor: ...
def from_dlpack(
    ext_tensor: typing.Any,
    *,
    device: typing.Any = ...,
    copy: builtins.bool | None = ...,
) -> Tensor: ...
def to_dlpack(tensor: Tensor) -> typing.Any: ...
def max(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    other: typing.Any = ...,
) -> typing.Any: ...
def min(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    other: typing.Any = ...,
) -> typing.Any: ...
def aminmax(
    input: Tensor,
    *,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
) -> _MinMax: ...
def cummax(input: Tensor, dim: builtins.int) -> _ValuesIndices: ...
def cummin(input: Tensor, dim: builtins.int) -> _ValuesIndices: ...
def gcd(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def lcm(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def ldexp(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def frexp(input: Tensor) -> _MantissaExponent: ...
def nextafter(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def result_type(tensor1: typing.Any, tensor2: typing.Any) -> _dtypes.dtype: ...
def var_mean(
    input: Tensor,
    *args: typing.Any,
    unbiased: builtins.bool | None = ...,
    correction: typing.Any = ...,
    keepdim: builtins.bool = ...,
    dim: typing.Any = ...,
) -> builtins.tuple[Tensor, Tensor]: ...
def var(
    input: Tensor,
    *args: typing.Any,
    unbiased: builtins.bool | None = ...,
    correction: typing.Any = ...,
    keepdim: builtins.bool = ...,
    dim: typing.Any = ...,
) -> Tensor: ...
def std(
    input: Tensor,
    *args: typing.Any,
    unbiased: builtins.bool | None = ...,
    correction: typing.Any = ...,
    keepdim: builtins.bool = ...,
    dim: typing.Any = ...,
) -> Tensor: ...
def std_mean(
    input: Tensor,
    *args: typing.Any,
    unbiased: builtins.bool | None = ...,
    correction: typing.Any = ...,
    keepdim: builtins.bool = ...,
    dim: typing.Any = ...,
) -> builtins.tuple[Tensor, Tensor]: ...
def nansum(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: typing.Any = ...,
) -> Tensor: ...
def nanmean(
    input: Tensor,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    *,
    dtype: typing.Any = ...,
) -> Tensor: ...
def count_nonzero(input: Tensor, dim: typing.Any = ...) -> Tensor: ...
def det(input: Tensor) -> Tensor: ...
def slogdet(input: Tensor) -> _SignLogdet: ...
def inverse(input: Tensor) -> Tensor: ...
def matrix_power(input: Tensor, n: builtins.int) -> Tensor: ...
def matrix_exp(input: Tensor) -> Tensor: ...
def orgqr(input: Tensor, tau: Tensor | builtins.complex) -> Tensor: ...
def cholesky(input: Tensor, upper: builtins.bool = ...) -> Tensor: ...
def pinverse(input: Tensor, rcond: builtins.float = ...) -> Tensor: ...
def qr(input: Tensor, some: builtins.bool = ...) -> _QR: ...
def svd(
    input: Tensor,
    some: builtins.bool = ...,
    compute_uv: builtins.bool = ...,
) -> _SVDColumns: ...
def lu(A: Tensor, pivot: builtins.bool = ..., get_infos: builtins.bool = ...) -> typing.Any: ...
def lu_solve(
    b: Tensor,
    LU_data: Tensor | builtins.complex,
    LU_pivots: Tensor | builtins.complex,
) -> Tensor: ...
def lu_unpack(
    LU_data: Tensor,
    LU_pivots: Tensor | builtins.complex,
    unpack_data: builtins.bool = ...,
    unpack_pivots: builtins.bool = ...,
) -> _PLU: ...
def triangular_solve(
    input: Tensor,
    A: Tensor | builtins.complex,
    upper: builtins.bool = ...,
    transpose: builtins.bool = ...,
    unitriangular: builtins.bool = ...,
) -> _TriangularSolved: ...
def norm(
    input: Tensor,
    p: typing.Any = ...,
    dim: typing.Any = ...,
    keepdim: builtins.bool = ...,
    dtype: typing.Any = ...,
) -> Tensor: ...
def dist(input: Tensor, other: Tensor | builtins.complex, p: typing.Any = ...) -> Tensor: ...
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
def binomial(
    count: Tensor,
    prob: Tensor | builtins.complex,
    generator: typing.Any = ...,
) -> Tensor: ...
def svd_lowrank(
    A: Tensor,
    q: builtins.int | None = ...,
    niter: builtins.int | None = ...,
    M: Tensor | None = ...,
) -> _SVDColumns: ...
def pca_lowrank(
    A: Tensor,
    q: builtins.int | None = ...,
    center: builtins.bool = ...,
    niter: builtins.int = ...,
) -> _SVDColumns: ...
def lobpcg(
    A: Tensor,
    k: builtins.int | None = ...,
    B: Tensor | None = ...,
    X: Tensor | None = ...,
    n: builtins.int | None = ...,
    iK: Tensor | None = ...,
    niter: builtins.int | None = ...,
    tol: builtins.float | None = ...,
    largest: builtins.bool | None = ...,
    method: builtins.str | None = ...,
    tracker: typing.Any = ...,
    ortho_iparams: typing.Any = ...,
    ortho_fparams: typing.Any = ...,
    ortho_bparams: typing.Any = ...,
) -> _Eigen: ...
def addmm(
    input: Tensor,
    mat1: Tensor | builtins.complex,
    mat2: Tensor | builtins.complex,
    *,
    beta: typing.Any = ...,
    alpha: typing.Any = ...,
) -> Tensor: ...
def addmv(
    input: Tensor,
    mat: Tensor | builtins.complex,
    vec: Tensor | builtins.complex,
    *,
    beta: typing.Any = ...,
    alpha: typing.Any = ...,
) -> Tensor: ...
def addr(
    input: Tensor,
    vec1: Tensor | builtins.complex,
    vec2: Tensor | builtins.complex,
    *,
    beta: typing.Any = ...,
    alpha: typing.Any = ...,
) -> Tensor: ...
def baddbmm(
    input: Tensor,
    batch1: Tensor | builtins.complex,
    batch2: Tensor | builtins.complex,
    *,
    beta: typing.Any = ...,
    alpha: typing.Any = ...,
) -> Tensor: ...
def addbmm(
    input: Tensor,
    batch1: Tensor | builtins.complex,
    batch2: Tensor | builtins.complex,
    *,
    beta: typing.Any = ...,
    alpha: typing.Any = ...,
) -> Tensor: ...
def dot(input: Tensor, tensor: Tensor | builtins.complex) -> Tensor: ...
def inner(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def mv(input: Tensor, vec: Tensor | builtins.complex) -> Tensor: ...
def outer(input: Tensor, vec2: Tensor | builtins.complex) -> Tensor: ...
def ger(input: Tensor, vec2: Tensor | builtins.complex) -> Tensor: ...
def trace(input: Tensor) -> Tensor: ...
def kron(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def chain_matmul(*matrices: typing.Any) -> Tensor: ...
def tensordot(a: Tensor, b: Tensor | builtins.complex, dims: typing.Any = ...) -> Tensor: ...
def vdot(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def cross(
    input: Tensor,
    other: Tensor | builtins.complex,
    dim: builtins.int | None = ...,
) -> Tensor: ...
def segment_reduce(
    data: Tensor,
    reduce: builtins.str,
    *,
    lengths: Tensor | None = ...,
    indices: Tensor | None = ...,
    offsets: Tensor | None = ...,
    axis: builtins.int = ...,
    unsafe: builtins.bool = ...,
    initial: typing.Any = ...,
) -> Tensor: ...
def sort(
    input: Tensor,
    dim: builtins.int = ...,
    descending: builtins.bool = ...,
    stable: builtins.bool = ...,
) -> _ValuesIndices: ...
def argsort(
    input: Tensor,
    dim: builtins.int = ...,
    descending: builtins.bool = ...,
    stable: builtins.bool = ...,
) -> Tensor: ...
def msort(input: Tensor) -> Tensor: ...
def topk(
    input: Tensor,
    k: builtins.int,
    dim: builtins.int = ...,
    largest: builtins.bool = ...,
    sorted: builtins.bool = ...,
) -> _ValuesIndices: ...
def kthvalue(
    input: Tensor,
    k: builtins.int,
    dim: builtins.int = ...,
    keepdim: builtins.bool = ...,
) -> _ValuesIndices: ...
def median(
    input: Tensor,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
) -> typing.Any: ...
def nanmedian(
    input: Tensor,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
) -> typing.Any: ...
def mode(
    input: Tensor,
    dim: builtins.int = ...,
    keepdim: builtins.bool = ...,
) -> _ValuesIndices: ...
def quantile(
    input: Tensor,
    q: typing.Any,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
    *,
    interpolation: builtins.str = ...,
) -> Tensor: ...
def nanquantile(
    input: Tensor,
    q: typing.Any,
    dim: builtins.int | None = ...,
    keepdim: builtins.bool = ...,
    *,
    interpolation: builtins.str = ...,
) -> Tensor: ...
def erfc(input: Tensor) -> Tensor: ...
def erfinv(input: Tensor) -> Tensor: ...
def lgamma(input: Tensor) -> Tensor: ...
def digamma(input: Tensor) -> Tensor: ...
def polygamma(n: typing.Any, input: typing.Any) -> Tensor: ...
def mvlgamma(input: Tensor, p: builtins.int) -> Tensor: ...
def igamma(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def igammac(input: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
def stft(
    input: Tensor,
    n_fft: builtins.int,
    hop_length: builtins.int | None = ...,
    win_length: builtins.int | None = ...,
    window: Tensor | None = ...,
    center: builtins.bool = ...,
    pad_mode: builtins.str = ...,
    normalized: builtins.bool = ...,
    onesided: builtins.bool | None = ...,
    return_complex: builtins.bool | None = ...,
    align_to_window: builtins.bool | None = ...,
) -> Tensor: ...
def istft(
    input: Tensor,
    n_fft: builtins.int,
    hop_length: builtins.int | None = ...,
    win_length: builtins.int | None = ...,
    window: Tensor | None = ...,
    center: builtins.bool = ...,
    normalized: builtins.bool = ...,
    onesided: builtins.bool | None = ...,
    length: builtins.int | None = ...,
    return_complex: builtins.bool = ...,
) -> Tensor: ...
def hann_window(
    window_length: builtins.int,
    periodic: builtins.bool = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def hamming_window(
    window_length: builtins.int,
    periodic: builtins.bool = ...,
    alpha: builtins.float = ...,
    beta: builtins.float = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def blackman_window(
    window_length: builtins.int,
    periodic: builtins.bool = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def bartlett_window(
    window_length: builtins.int,
    periodic: builtins.bool = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def kaiser_window(
    window_length: builtins.int,
    periodic: builtins.bool = ...,
    beta: builtins.float = ...,
    *,
    dtype: typing.Any = ...,
    device: typing.Any = ...,
    requires_grad: builtins.bool = ...,
) -> Tensor: ...
def select_scatter(
    input: Tensor,
    src: Tensor | builtins.complex,
    dim: builtins.int,
    index: builtins.int,
) -> Tensor: ...
def slice_scatter(
    input: Tensor,
    src: Tensor | builtins.complex,
    dim: builtins.int = ...,
    start: builtins.int | None = ...,
    end: builtins.int | None = ...,
    step: builtins.int = ...,
) -> Tensor: ...
def diagonal_scatter(
    input: Tensor,
    src: Tensor | builtins.complex,
    offset: builtins.int = ...,
    dim1: builtins.int = ...,
    dim2: builtins.int = ...,
) -> Tensor: ...
def as_strided_scatter(
    input: Tensor,
    src: Tensor | builtins.complex,
    size: collections.abc.Sequence[builtins.int],
    stride: collections.abc.Sequence[builtins.int],
    storage_offset: builtins.int | None = ...,
) -> Tensor: ...
def masked_scatter(
    input: Tensor,
    mask: Tensor | builtins.complex,
    source: Tensor | builtins.complex,
) -> Tensor: ...

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "ComplexDoubleTensor",
    "ComplexFloatTensor",
    "DoubleTensor",
    "FloatTensor",
    "Generator",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "OutOfMemoryError",
    "ShortTensor",
    "Size",
    "Tensor",
    "UntypedStorage",
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "addbmm",
    "addcdiv",
    "addcmul",
    "addmm",
    "addmv",
    "addr",
    "adjoint",
    "alias_copy",
    "all",
    "allclose",
    "amax",
    "amin",
    "aminmax",
    "angle",
    "any",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "are_deterministic_algorithms_enabled",
    "argmax",
    "argmin",
    "argsort",
    "argwhere",
    "as_strided",
    "as_strided_copy",
    "as_strided_scatter",
    "as_tensor",
    "asarray",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "autocast",
    "baddbmm",
    "bartlett_window",
    "batched_matmul",
    "bernoulli",
    "bfloat16",
    "bincount",
    "binomial",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "blackman_window",
    "block_diag",
    "bmm",
    "bool",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "bucketize",
    "can_cast",
    "cartesian_prod",
    "cat",
    "cdist",
    "cdouble",
    "ceil",
    "cfloat",
    "chain_matmul",
    "channels_last",
    "channels_last_3d",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clear_autocast_cache",
    "clip",
    "clone",
    "column_stack",
    "combinations",
    "compile",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "concatenate",
    "cond",
    "conj",
    "conj_physical",
    "contiguous_format",
    "copysign",
    "corrcoef",
    "cos",
    "cosh",
    "cosine_similarity",
    "count_nonzero",
    "cov",
    "cross",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "default_generator",
    "deg2rad",
    "det",
    "detach_copy",
    "device",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_copy",
    "diagonal_scatter",
    "diff",
    "digamma",
    "dist",
    "div",
    "divide",
    "dot",
    "double",
    "dsplit",
    "dstack",
    "dtype",
    "e",
    "einsum",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "enable_grad",
    "eq",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expand_copy",
    "expm1",
    "eye",
    "finfo",
    "fix",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "float",
    "float16",
    "float32",
    "float64",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "fork_rng",
    "frac",
    "frexp",
    "from_dlpack",
    "from_file",
    "from_numpy",
    "frombuffer",
    "full",
    "full_like",
    "gather",
    "gcd",
    "ge",
    "geqrf",
    "ger",
    "get_autocast_dtype",
    "get_default_device",
    "get_default_dtype",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "get_rng_state",
    "gradient",
    "greater",
    "greater_equal",
    "gt",
    "half",
    "hamming_window",
    "hann_window",
    "heaviside",
    "histc",
    "histogram",
    "histogramdd",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "igamma",
    "igammac",
    "iinfo",
    "imag",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_reduce",
    "index_select",
    "inf",
    "inference_mode",
    "initial_seed",
    "inner",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "inverse",
    "is_autocast_cache_enabled",
    "is_autocast_enabled",
    "is_complex",
    "is_conj",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_floating_point",
    "is_grad_enabled",
    "is_inference",
    "is_inference_mode_enabled",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_storage",
    "is_tensor",
    "is_warn_always_enabled",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "istft",
    "kaiser_window",
    "kron",
    "kthvalue",
    "layout",
    "lcm",
    "ldexp",
    "le",
    "lerp",
    "less",
    "less_equal",
    "lgamma",
    "linspace",
    "load",
    "lobpcg",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logaddexp",
    "logaddexp2",
    "logcumsumexp",
    "logdet",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logit",
    "logspace",
    "logsumexp",
    "long",
    "lt",
    "lu",
    "lu_solve",
    "lu_unpack",
    "manual_seed",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "matmul",
    "matrix_exp",
    "matrix_power",
    "max",
    "maximum",
    "mean",
    "median",
    "memory_format",
    "meshgrid",
    "min",
    "minimum",
    "mm",
    "mode",
    "moveaxis",
    "movedim",
    "msort",
    "mul",
    "multinomial",
    "multiply",
    "mv",
    "mvlgamma",
    "nan",
    "nan_to_num",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "narrow",
    "narrow_copy",
    "ne",
    "neg",
    "negative",
    "newaxis",
    "nextafter",
    "no_grad",
    "nonzero",
    "nonzero_static",
    "norm",
    "normal",
    "not_equal",
    "numel",
    "ones",
    "ones_like",
    "operation",
    "operations",
    "orgqr",
    "ormqr",
    "outer",
    "pairwise_distance",
    "pca_lowrank",
    "pdist",
    "permute",
    "permute_copy",
    "pi",
    "pinverse",
    "poisson",
    "polar",
    "polygamma",
    "positive",
    "pow",
    "preserve_format",
    "prod",
    "promote_types",
    "put",
    "qr",
    "quantile",
    "rad2deg",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "range",
    "ravel",
    "real",
    "reciprocal",
    "relu",
    "remainder",
    "renorm",
    "repeat_interleave",
    "reshape",
    "resolve_conj",
    "resolve_neg",
    "result_type",
    "roll",
    "rot90",
    "round",
    "row_stack",
    "rsqrt",
    "save",
    "scalar_tensor",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "searchsorted",
    "seed",
    "segment_reduce",
    "select",
    "select_copy",
    "select_scatter",
    "set_autocast_cache_enabled",
    "set_autocast_dtype",
    "set_autocast_enabled",
    "set_default_device",
    "set_default_dtype",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_grad_enabled",
    "set_num_interop_threads",
    "set_num_threads",
    "set_printoptions",
    "set_rng_state",
    "set_warn_always",
    "sgn",
    "short",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "slice_copy",
    "slice_scatter",
    "slogdet",
    "softmax",
    "sort",
    "split",
    "split_copy",
    "split_with_sizes",
    "split_with_sizes_copy",
    "sqrt",
    "square",
    "squeeze",
    "squeeze_copy",
    "stack",
    "std",
    "std_mean",
    "stft",
    "strided",
    "sub",
    "subtract",
    "sum",
    "svd",
    "svd_lowrank",
    "swapaxes",
    "swapdims",
    "t",
    "t_copy",
    "take",
    "take_along_dim",
    "tan",
    "tanh",
    "tensor",
    "tensor_split",
    "tensordot",
    "tile",
    "to_dlpack",
    "topk",
    "trace",
    "transpose",
    "transpose_copy",
    "trapezoid",
    "trapz",
    "triangular_solve",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
    "true_divide",
    "trunc",
    "typename",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unbind",
    "unbind_copy",
    "unflatten",
    "unfold_copy",
    "unique",
    "unique_consecutive",
    "unravel_index",
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
    "unsqueeze",
    "unsqueeze_copy",
    "use_deterministic_algorithms",
    "vander",
    "var",
    "var_mean",
    "vdot",
    "view_as_complex",
    "view_as_complex_copy",
    "view_as_real",
    "view_as_real_copy",
    "view_copy",
    "vsplit",
    "vstack",
    "where",
    "while_loop",
    "xlogy",
    "zeros",
    "zeros_like",
]

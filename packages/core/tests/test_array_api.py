"""The array API standard 2024.12: every name is there with its parameters, results are NumPy's."""

import inspect

import numpy as np
import pytest

from facula import core
from facula.core.testing.compare import assert_close

xp = core.ones(1).__array_namespace__(api_version="2024.12")

# The standard's functions with their parameters: / before what stands by keyword, * likewise.
NAMES = """
e inf nan newaxis pi bool int8 int16 int32 int64 uint8 uint16 uint32 uint64
float32 float64 complex64 complex128
__array_api_version__
"""
SIGNATURES = """
arange(start, /, stop, step, *, dtype, device)
asarray(obj, /, *, dtype, device, copy)
empty(shape, *, dtype, device)
empty_like(x, /, *, dtype, device)
eye(n_rows, n_cols, /, *, k, dtype, device)
from_dlpack(x, /, *, device, copy)
full(shape, fill_value, *, dtype, device)
full_like(x, /, fill_value, *, dtype, device)
linspace(start, stop, /, num, *, dtype, device, endpoint)
meshgrid(*arrays, indexing)
ones(shape, *, dtype, device)
ones_like(x, /, *, dtype, device)
tril(x, /, *, k)
triu(x, /, *, k)
zeros(shape, *, dtype, device)
zeros_like(x, /, *, dtype, device)
astype(x, dtype, /, *, copy, device)
can_cast(from_, to, /)
finfo(type, /)
iinfo(type, /)
isdtype(dtype, kind)
result_type(*arrays_and_dtypes)
take(x, indices, /, *, axis)
take_along_axis(x, indices, /, *, axis)
matmul(x1, x2, /)
matrix_transpose(x, /)
tensordot(x1, x2, /, *, axes)
vecdot(x1, x2, /, *, axis)
broadcast_arrays(*arrays)
broadcast_to(x, /, shape)
concat(arrays, /, *, axis)
expand_dims(x, /, *, axis)
flip(x, /, *, axis)
moveaxis(x, source, destination, /)
permute_dims(x, /, axes)
repeat(x, repeats, /, *, axis)
reshape(x, /, shape, *, copy)
roll(x, /, shift, *, axis)
squeeze(x, /, axis)
stack(arrays, /, *, axis)
tile(x, repetitions, /)
unstack(x, /, *, axis)
argmax(x, /, *, axis, keepdims)
argmin(x, /, *, axis, keepdims)
count_nonzero(x, /, *, axis, keepdims)
nonzero(x, /)
searchsorted(x1, x2, /, *, side, sorter)
where(condition, x1, x2, /)
unique_all(x, /)
unique_counts(x, /)
unique_inverse(x, /)
unique_values(x, /)
argsort(x, /, *, axis, descending, stable)
sort(x, /, *, axis, descending, stable)
cumulative_prod(x, /, *, axis, dtype, include_initial)
cumulative_sum(x, /, *, axis, dtype, include_initial)
max(x, /, *, axis, keepdims)
mean(x, /, *, axis, keepdims)
min(x, /, *, axis, keepdims)
prod(x, /, *, axis, dtype, keepdims)
std(x, /, *, axis, correction, keepdims)
sum(x, /, *, axis, dtype, keepdims)
var(x, /, *, axis, correction, keepdims)
all(x, /, *, axis, keepdims)
any(x, /, *, axis, keepdims)
diff(x, /, *, axis, n, prepend, append)
clip(x, /, min, max)
__array_namespace_info__()
"""
UNARY = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_invert", "ceil", "conj",
    "cos", "cosh", "exp", "expm1", "floor", "imag", "isfinite", "isinf", "isnan", "log",
    "log1p", "log2", "log10", "logical_not", "negative", "positive", "real", "reciprocal",
    "round", "sign", "signbit", "sin", "sinh", "square", "sqrt", "tan", "tanh", "trunc",
]
BINARY = [
    "add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal",
    "hypot", "less", "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor",
    "maximum", "minimum", "multiply", "nextafter", "not_equal", "pow", "remainder", "subtract",
]
# What NumPy before 2.0 calls otherwise, and what it does not do as the standard says.
MODERN = hasattr(np, "acos")
NUMPYS = {} if MODERN else {
    "bool": "bool_",
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atanh": "arctanh", "atan2": "arctan2", "pow": "power", "bitwise_invert": "invert",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift"}
SIGNATURES = [line for line in SIGNATURES.split("\n") if line]
SIGNATURES += [f"{name}(x, /)" for name in UNARY] + [f"{name}(x1, x2, /)" for name in BINARY]

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("line", SIGNATURES, ids=lambda line: line.split("(")[0])
def test_every_function_has_the_standards_parameters(line):
    name = line.split("(")[0]
    given = inspect.signature(getattr(xp, name))
    plain = [p.replace(annotation=p.empty, default=p.empty) for p in given.parameters.values()]
    assert f"{name}{inspect.Signature(plain)}" == line
    assert name in xp.__all__


@pytest.mark.parametrize("name", NAMES.split())
def test_constants_and_dtypes(name):
    assert name in xp.__all__
    if name == "__array_api_version__":
        assert xp.__array_api_version__ == "2024.12"
        return
    ours, numpys = getattr(xp, name), getattr(np, NUMPYS.get(name, name))
    if isinstance(ours, core.dtype):
        assert ours.numpy == numpys
    else:
        np.testing.assert_equal(ours, numpys)


def test_nothing_else_is_public():
    listed = {line.split("(")[0] for line in SIGNATURES} | set(NAMES.split())
    assert set(xp.__all__) - listed <= {"fft", "linalg"}


def same(ours, theirs, what=""):
    """Equal as the standard asks: names of dtypes, shapes and values."""
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs), what
        for o, t in zip(ours, theirs, strict=True):
            same(o, t, what)
        return
    theirs = np.asarray(theirs)
    assert ours.dtype.name == theirs.dtype.name, what
    assert tuple(ours.shape) == theirs.shape, what
    assert_close(ours, theirs, what=what)


def numbers(dtype, shape=(3, 4), low=-3, high=4):
    if dtype == "bool":
        return RNG.integers(0, 2, shape).astype(bool)
    if np.dtype(dtype).kind in "iu":
        return RNG.integers(max(low, 0) if dtype[0] == "u" else low, high, shape).astype(dtype)
    if np.dtype(dtype).kind == "c":
        return (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)).astype(dtype)
    return RNG.uniform(low, high, shape).astype(dtype)


# The kinds of dtypes for which the standard defines a function, as NumPy's letters.
KINDS_OF_ONE = {"bitwise_invert": "biu", "logical_not": "b", "conj": "c", "imag": "c",
                "real": "fc", "signbit": "f", **dict.fromkeys(
                    ("abs", "sign", "square", "negative", "positive", "isnan", "isinf",
                     "isfinite"), "iufc"),
                **dict.fromkeys(("ceil", "floor", "trunc", "round"), "iuf")}
KINDS_OF_TWO = {**dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), "biu"),
                **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), "iu"),
                **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), "b"),
                **dict.fromkeys(("atan2", "copysign", "hypot", "logaddexp", "divide",
                                 "nextafter"), "f"), "equal": "biuf", "not_equal": "biuf"}
PAIRS = [("float64", "float64"), ("float32", "float64"), ("int8", "int32"), ("uint8", "int8"),
         ("uint16", "int8"), ("uint64", "uint32"), ("bool", "bool")]


@pytest.mark.parametrize(("name", "dtype"), [
    (name, dtype) for name in UNARY
    for dtype in ("float64", "float32", "int32", "uint8", "uint32", "complex128", "bool")
    if np.dtype(dtype).kind in KINDS_OF_ONE.get(name, "fc")])
def test_elementwise_functions_of_one_array(name, dtype):
    x = numbers(dtype, low=1 if name in ("acosh", "sqrt") or "log" in name else -3)
    if name in ("asin", "acos", "atanh"):
        x = (x / 4).astype(dtype)
    theirs = getattr(np, NUMPYS.get(name, name))(x)
    if not MODERN and name in ("ceil", "floor", "trunc") and x.dtype.kind in "iu":
        theirs = x
    elif not MODERN and name == "sign" and x.dtype.kind == "c":
        theirs = x / np.abs(x)
    same(getattr(xp, name)(xp.asarray(x)), theirs, name)


@pytest.mark.parametrize(("name", "dtypes"), [
    (name, pair) for name in BINARY for pair in PAIRS
    if np.result_type(*pair).kind in KINDS_OF_TWO.get(name, "iuf")])
def test_elementwise_functions_of_two_arrays(name, dtypes):
    low = 1 if name in ("pow", "remainder", "floor_divide") or "shift" in name else -3
    # Arrays without dimensions take part in promotion like all others.
    for shape_a, shape_b in [((3, 4), (4,)), ((3, 4), ()), ((), (2,))]:
        a, b = numbers(dtypes[0], shape_a, low), numbers(dtypes[1], shape_b, low)
        common = np.result_type(a.dtype, b.dtype)
        ours = getattr(xp, name)(xp.asarray(a), xp.asarray(b))
        theirs = getattr(np, NUMPYS.get(name, name))(a.astype(common), b.astype(common))
        same(ours, theirs, f"{name} {shape_a} {shape_b}")


# The extensions, in the same form.
LINALG = """
cholesky(x, /, *, upper)
cross(x1, x2, /, *, axis)
det(x, /)
diagonal(x, /, *, offset)
eigh(x, /)
eigvalsh(x, /)
inv(x, /)
matmul(x1, x2, /)
matrix_norm(x, /, *, keepdims, ord)
matrix_power(x, n, /)
matrix_rank(x, /, *, rtol)
matrix_transpose(x, /)
outer(x1, x2, /)
pinv(x, /, *, rtol)
qr(x, /, *, mode)
slogdet(x, /)
solve(x1, x2, /)
svd(x, /, *, full_matrices)
svdvals(x, /)
tensordot(x1, x2, /, *, axes)
trace(x, /, *, offset, dtype)
vecdot(x1, x2, /, *, axis)
vector_norm(x, /, *, axis, keepdims, ord)
"""
LINALG = [line for line in LINALG.split("\n") if line]
FFT = [f"{name}(x, /, *, n, axis, norm)" for name in ("fft", "ifft", "rfft", "irfft", "hfft",
                                                      "ihfft")]
FFT += [f"{name}(x, /, *, s, axes, norm)" for name in ("fftn", "ifftn", "rfftn", "irfftn")]
FFT += ["fftfreq(n, /, *, d, dtype, device)", "rfftfreq(n, /, *, d, dtype, device)",
        "fftshift(x, /, *, axes)", "ifftshift(x, /, *, axes)"]


@pytest.mark.parametrize(("space", "line"), [
    *(("linalg", line) for line in LINALG), *(("fft", line) for line in FFT)],
    ids=lambda text: text.split("(")[0])
def test_extensions_have_the_standards_parameters(space, line):
    name = line.split("(")[0]
    given = inspect.signature(getattr(getattr(xp, space), name))
    plain = [p.replace(annotation=p.empty, default=p.empty)
             for p in given.parameters.values()]
    assert f"{name}{inspect.Signature(plain)}" == line
    assert set(getattr(xp, space).__all__) == {
        text.split("(")[0] for text in (LINALG if space == "linalg" else FFT)}


X = numbers("float64", (2, 3, 4))
S = X @ X.transpose(0, 2, 1) + 4 * np.eye(3)  # positive definite
C = numbers("complex128", (4, 6))
EXTENSIONS = [
    ("linalg", "cholesky", (S,), {}), ("linalg", "cross", (X[..., :3], X[..., 1:]), {}),
    ("linalg", "det", (S,), {}), ("linalg", "diagonal", (X,), {"offset": 1}),
    ("linalg", "eigvalsh", (S,), {}), ("linalg", "inv", (S,), {}),
    ("linalg", "matrix_norm", (X,), {"ord": 2, "keepdims": True}),
    ("linalg", "matrix_norm", (X,), {}), ("linalg", "matrix_power", (S, -2), {}),
    ("linalg", "matrix_rank", (X,), {}), ("linalg", "outer", (X[0, 0], X[0, 1]), {}),
    ("linalg", "pinv", (X,), {}), ("linalg", "slogdet", (S,), {}),
    ("linalg", "solve", (S, X), {}), ("linalg", "solve", (S, X[0, 0, :3]), {}),
    ("linalg", "svdvals", (X,), {}), ("linalg", "trace", (X,), {"offset": -1}),
    ("linalg", "vector_norm", (X,), {}), ("linalg", "vector_norm", (X,), {"axis": 1, "ord": 3}),
    ("linalg", "vector_norm", (X,), {"axis": (0, 2), "keepdims": True}),
    *(("fft", name, (C,), {}) for name in ("fft", "ifft", "fftn", "ifftn", "irfft", "irfftn",
                                           "hfft", "fftshift", "ifftshift")),
    *(("fft", name, (X,), {}) for name in ("rfft", "rfftn", "ihfft")),
    ("fft", "fft", (C,), {"n": 5, "axis": 0, "norm": "ortho"}),
    ("fft", "fftn", (C,), {"s": (3, 8), "axes": (0, 1), "norm": "forward"}),
    ("fft", "fftshift", (C,), {"axes": 1}),
    ("fft", "fftfreq", (7,), {"d": 0.5}), ("fft", "rfftfreq", (7,), {"d": 0.5}),
]
I = numbers("int32", (2, 3, 4))
V = np.array([3, 1, 2, 3, 1, 1], dtype="int64")
CALLS = [
    ("arange", (5,), {}), ("arange", (1.5, 4.0, 0.5), {"dtype": "float64"}), ("arange", (5, 1), {}),
    ("arange", (5, 0, -2), {}), ("arange", (3,), {"dtype": "float32"}),
    ("eye", (3,), {"dtype": "float64"}), ("eye", (3, 4), {"k": 1, "dtype": "int32"}),
    ("eye", (3, 4), {"k": -5, "dtype": "int32"}),
    ("full", ((2, 3), 7), {}), ("full", (2, True), {}), ("zeros", (3,), {"dtype": "float64"}),
    ("full_like", (I, 3), {}), ("ones_like", (I,), {}), ("zeros_like", (X,), {}),
    ("linspace", (0.0, 1.0, 5), {"dtype": "float64"}),
    ("linspace", (0.0, 1.0, 5), {"dtype": "float64", "endpoint": False}),
    ("meshgrid", (V, V[:2]), {}), ("meshgrid", (V, V[:2]), {"indexing": "ij"}),
    ("tril", (X,), {"k": 1}), ("triu", (X,), {"k": -1}),
    ("broadcast_arrays", (X, X[0, 0]), {}), ("broadcast_to", (X, (5, 2, 3, 4)), {}),
    ("concat", ([X, X],), {"axis": 1}), ("concat", ([I, X],), {"axis": None}),
    ("expand_dims", (X,), {"axis": -2}), ("flip", (X,), {}), ("flip", (X,), {"axis": (0, -1)}),
    ("moveaxis", (X, 0, -1), {}), ("moveaxis", (X, (0, 1), (1, 2)), {}),
    ("permute_dims", (X, (2, 0, 1)), {}), ("repeat", (V, 2), {}), ("repeat", (X, 2), {"axis": 1}),
    ("repeat", (V, np.array([0, 1, 2, 1, 1, 3])), {}), ("reshape", (X, (4, 6)), {}),
    ("reshape", (X, (4, -1)), {"copy": True}), ("roll", (X, 2), {}),
    ("roll", (X, (1, -1)), {"axis": (0, 2)}), ("squeeze", (X[:, :1], 1), {}),
    ("stack", ([X, X],), {"axis": -1}), ("take", (X, np.array([2, 0])), {"axis": 1}),
    ("take", (V, np.array([2, -1])), {}),
    ("take_along_axis", (X, np.array([[[1], [0], [-1]]] * 2)), {"axis": 2}),
    ("tile", (X, (2, 1)), {}), ("tile", (X, (2, 1, 1, 2)), {}), ("unstack", (X,), {"axis": 1}),
    *((name, (X,), {"axis": axis, "keepdims": keep}) for axis in (None, 1, -1)
      for keep in (False, True) for name in ("argmax", "argmin")),
    *((name, (I if name in ("sum", "prod") else X,), {"axis": axis, "keepdims": keep})
      for axis in (None, 1, (0, 2)) for keep in (False, True)
      for name in ("count_nonzero", "sum", "prod", "max", "min", "mean", "all", "any")),
    *((name, (X,), {"axis": ()}) for name in ("sum", "max", "mean", "prod")),
    *((name, (X,), {"axis": axis, "correction": c}) for name in ("std", "var")
      for axis in (None, 1, (0, 2)) for c in (0.0, 1.0)),
    ("sum", (I,), {"dtype": "float32"}), ("prod", (X,), {"axis": 0, "dtype": "float32"}),
    ("nonzero", (I,), {}), ("searchsorted", (np.sort(V), V), {}),
    ("searchsorted", (np.sort(V), V), {"side": "right"}),
    ("searchsorted", (V, V), {"sorter": np.argsort(V, kind="stable")}),
    ("where", (X > 0, X, X.astype("float32")), {}),
    ("unique_all", (V.reshape(2, 3),), {}), ("unique_counts", (V,), {}),
    ("unique_inverse", (V.reshape(2, 3),), {}),
    ("sort", (X,), {"axis": 1}), ("argsort", (V[:3],), {}), ("sort", (V,), {}),
    ("cumulative_sum", (V,), {}), ("cumulative_sum", (X,), {"axis": 1, "include_initial": True}),
    ("cumulative_prod", (X,), {"axis": -1}), ("cumulative_sum", (I,), {"axis": 0}),
    ("cumulative_prod", (V,), {"include_initial": True}),
    ("diff", (X,), {}), ("diff", (X,), {"axis": 0, "prepend": X[:1], "n": 2}),
    ("clip", (X, -1, 1), {}), ("clip", (X, X[0, 0], 2.0), {}), ("clip", (X, None, X[0, 0]), {}),
    ("clip", (X,), {}), ("matmul", (X, X.transpose(0, 2, 1)), {}), ("matrix_transpose", (X,), {}),
    ("tensordot", (X, X), {"axes": ((0, 1), (0, 1))}), ("tensordot", (X, X.T), {"axes": 1}),
    ("vecdot", (X, X), {}), ("vecdot", (X + 1j, X * 2j), {}),
    ("asarray", ([[1, 2], [3, 4]],), {}), ("asarray", (True,), {}), ("asarray", (X,), {}),
]


def converted(value):
    """The same argument with our arrays."""
    if isinstance(value, np.ndarray):
        return xp.asarray(value)
    return [converted(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS,
                         ids=[f"{c[0]}{i}" for i, c in enumerate(CALLS)])
def test_functions_against_numpy(name, args, kwargs):
    function = getattr(np, name, None)
    if function is None:
        pytest.skip(f"NumPy {np.__version__} has no {name}")
    dtype = kwargs.get("dtype")
    ours_kwargs = {k: converted(v) for k, v in kwargs.items()}
    if dtype is not None:
        ours_kwargs["dtype"] = getattr(xp, dtype)
    ours = getattr(xp, name)(*(converted(a) for a in args), **ours_kwargs)
    try:
        theirs = function(*args, **kwargs)
    except TypeError:  # a keyword that this NumPy does not know
        pytest.skip(f"NumPy {np.__version__} takes no such arguments")
    same(ours, theirs, name)


@pytest.mark.parametrize(("space", "name", "args", "kwargs"), EXTENSIONS,
                         ids=[f"{c[1]}{i}" for i, c in enumerate(EXTENSIONS)])
def test_extensions_against_numpy(space, name, args, kwargs):
    function = getattr(getattr(np, space), name, None)
    if function is None:
        pytest.skip(f"NumPy {np.__version__} has no {space}.{name}")
    if not MODERN and name == "solve" and args[1].ndim == 1:
        pytest.skip(f"NumPy {np.__version__} solves for no single vector with many matrices")
    ours = getattr(getattr(xp, space), name)(*(converted(a) for a in args), **kwargs)
    theirs = function(*args, **kwargs)
    if name.endswith("freq"):
        theirs = theirs.astype(np.float32)  # the default dtype here
    same(ours, theirs, name)


def test_decompositions_have_named_parts_that_multiply_to_the_matrix():
    x, s = xp.asarray(X), xp.asarray(S)
    u, values, vh = xp.linalg.svd(x, full_matrices=False)
    assert_close((u * xp.expand_dims(values, axis=-2)) @ vh, X)
    q, r = xp.linalg.qr(x)
    assert_close(q @ r, X)
    found = xp.linalg.eigh(s)
    vectors = found.eigenvectors
    assert_close((vectors * xp.expand_dims(found.eigenvalues, axis=-2)) @ vectors.mT, S)
    assert xp.linalg.svd(x)._fields == ("U", "S", "Vh")
    assert xp.linalg.qr(x)._fields == ("Q", "R")
    assert xp.linalg.slogdet(s)._fields == ("sign", "logabsdet")


def test_unique_values_are_sorted():
    same(xp.unique_values(xp.asarray(V)), np.unique(V))


def test_results_of_unique_have_the_standards_names():
    x = xp.asarray([2, 1, 2])
    assert xp.unique_all(x)._fields == ("values", "indices", "inverse_indices", "counts")
    assert xp.unique_counts(x)._fields == ("values", "counts")
    assert xp.unique_inverse(x)._fields == ("values", "inverse_indices")
    assert xp.unique_all(xp.asarray([[3, 1], [1, 3]])).indices.tolist() == [1, 0]


def test_descending_order_is_stable():
    x = xp.asarray([1, 2, 1, 2])
    assert xp.argsort(x, descending=True).tolist() == [1, 3, 0, 2]


def test_copies_are_made_or_not_as_asked():
    x = xp.asarray([1.0, 2.0, 3.0, 4.0])
    assert xp.asarray(x) is x
    assert xp.asarray(x, copy=True) is not x
    with pytest.raises(ValueError, match=r"asarray: .* without a copy"):
        xp.asarray(x, dtype=xp.float64, copy=False)
    with pytest.raises(ValueError, match="asarray: list can't"):
        xp.asarray([1.0], copy=False)
    array = np.zeros(2)
    xp.asarray(array)[0] = 5.0
    assert array[0] == 5.0
    view = xp.reshape(x, (2, 2), copy=False)
    view[0, 0] = 9.0
    assert x[0].item() == 9.0
    with pytest.raises(ValueError, match=r"reshape: .* needs a copy"):
        xp.reshape(view.T, (4,), copy=False)
    assert xp.reshape(x, (2, 2), copy=True).data_ptr() != x.data_ptr()
    assert xp.astype(x, x.dtype, copy=False) is x
    assert xp.astype(x, x.dtype) is not x


def test_devices(device):
    info = xp.__array_namespace_info__()
    assert info.default_device() in info.devices()
    x = xp.asarray([1.0, 2.0], device=device)
    assert x.device.type == device.split(":")[0]
    assert xp.zeros_like(x).device == x.device
    assert xp.sum(x).device == x.device
    assert x.to_device("cpu").device.type == "cpu"
    assert xp.astype(xp.asarray([1]), xp.float64, device=device).device == x.device
    assert xp.unique_all(x).counts.device == x.device


def test_inspection():
    info = xp.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"] is True
    assert info.default_dtypes() == {
        "real floating": xp.float32, "complex floating": xp.complex64, "integral": xp.int64,
        "indexing": xp.int64}
    unsigned = ["uint8", "uint16", "uint32", "uint64"]
    assert list(info.dtypes(kind="unsigned integer")) == unsigned
    assert set(info.dtypes(kind=("bool", "real floating"))) == {"bool", "float32", "float64"}
    assert len(info.dtypes()) == 13
    with pytest.raises(ValueError, match="'real' is no kind"):
        info.dtypes(kind="real")


INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@pytest.mark.parametrize("kinds", [INTEGERS, ("float32", "float64", "complex64", "complex128")],
                         ids=("integers", "floats"))
def test_each_two_dtypes_of_a_kind_have_the_common_one_of_the_standard(kinds):
    for a in kinds:
        for b in kinds:
            x, y = (xp.ones(2, dtype=getattr(xp, d)) for d in (a, b))
            common = np.result_type(a, b)
            if common.kind == "f" and np.dtype(a).kind in "iu":  # uint64 with a signed type
                for call in (xp.result_type, xp.add, xp.less):
                    with pytest.raises(RuntimeError, match=rf"no dtype holds both {a} and {b}"):
                        call(x, y)
                continue
            for x1, y1 in ((x, y), (x[0], y), (x, y[0])):
                assert xp.result_type(x1, y1).name == common.name
                assert xp.add(x1, y1).dtype.name == common.name
            assert xp.can_cast(x.dtype, y.dtype) == np.can_cast(a, b)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_sums_and_products_accumulate_in_64_bits(dtype, device):
    top = np.array([[np.iinfo(dtype).max, 3, 2]], dtype)
    x = xp.asarray(top, device=device)
    wide = np.uint64 if np.dtype(dtype).kind == "u" else np.int64
    for axis in (None, 0, 1):
        same(xp.sum(x, axis=axis), np.sum(top, axis=axis, dtype=wide))
        same(xp.prod(x, axis=axis), np.prod(top, axis=axis, dtype=wide))
    same(xp.cumulative_sum(x, axis=1), np.cumsum(top, axis=1, dtype=wide))
    same(xp.cumulative_prod(x, axis=1), np.cumprod(top, axis=1, dtype=wide))


def test_data_types():
    assert xp.isdtype(xp.float32, ("bool", "real floating"))
    assert not xp.isdtype(xp.complex64, "real floating")
    assert xp.isdtype(xp.int8, xp.int8)
    assert xp.result_type(xp.asarray(1.0, dtype=xp.float64), xp.float32, 3) is xp.float64
    assert xp.result_type(xp.int8, 2.0) is xp.float32
    assert xp.result_type(xp.float64, 1j) is xp.complex128
    assert xp.can_cast(xp.int8, xp.int16)
    assert not xp.can_cast(xp.int16, xp.int8)
    assert xp.finfo(xp.complex128).eps == np.finfo("float64").eps
    assert xp.iinfo(xp.asarray([1], dtype=xp.int8)).max == 127
    with pytest.raises(TypeError, match=r"astype: .* take real"):
        xp.astype(xp.asarray([1j]), xp.float32)
    with pytest.raises(ValueError, match="'float' is no kind"):
        xp.isdtype(xp.int8, "float")


def test_versions():
    x = xp.asarray(1)
    assert x.__array_namespace__() is xp
    with pytest.raises(ValueError, match=r"api_version='2030\.12' is not known"):
        x.__array_namespace__(api_version="2030.12")

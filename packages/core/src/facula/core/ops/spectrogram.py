"""The short-time Fourier transform and its inverse: transforms of overlapping pieces."""

from __future__ import annotations

from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import (
    complex_numbers,
    creation,
    fft,
    gather,
    rearrange,
    reduce,
    shape,
    unary,
    views,
)
from facula.core.tensor import Tensor


def _window(name: str, n_fft: int, win_length: int | None, window: Tensor | None, like: Tensor,
            ) -> tuple[int, Tensor | None]:
    """The window's length, and the window in the middle of n_fft elements."""
    length = n_fft if win_length is None else win_length
    if not 0 < length <= n_fft:
        raise RuntimeError(f"{name}: win_length={length} must be from 1 to n_fft={n_fft}")
    if window is None:
        if length == n_fft:
            return length, None
        window = creation.ones(length, dtype=like.dtype.to_real(), device=like.device)
    if tuple(window.shape) != (length,):
        raise RuntimeError(f"{name}: the window must have shape ({length},), but is "
                           f"{describe(window)}")
    left = (n_fft - length) // 2
    return length, rearrange.pad(window, (left, n_fft - length - left))


def _hop(name: str, n_fft: int, hop_length: int | None) -> int:
    if n_fft < 1:
        raise RuntimeError(f"{name}: n_fft must be positive, but is {n_fft}")
    hop = n_fft // 4 if hop_length is None else hop_length
    if hop < 1:
        raise RuntimeError(f"{name}: hop_length must be positive, but is {hop}")
    return hop


@composite
def stft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
         window: Tensor | None = None, center: bool = True, pad_mode: str = "reflect",
         normalized: bool = False, onesided: bool | None = None,
         return_complex: bool | None = None, align_to_window: bool | None = None) -> Tensor:
    """The short-time Fourier transform: how the frequencies in a signal change over time.

    Parameters
    ----------
    input : Tensor
        A signal, ``(length,)``, or a batch of them, ``(batch, length)``.
    n_fft : int
        The length of each transform.
    hop_length : int, optional
        How far apart the pieces are; ``n_fft // 4`` by default.
    win_length : int, optional
        The window's length; n_fft by default, else the window stands in the middle of zeros.
    window : Tensor, optional
        What each piece is multiplied by; ones by default.
    center : bool
        Extend the signal by ``n_fft // 2`` at both ends, so that piece t is centred at
        ``t * hop_length``; else it begins there.
    pad_mode : str
        How to extend it, as :func:`facula.nn.functional.pad` knows.
    normalized : bool
        Divide by ``sqrt(n_fft)``.
    onesided : bool, optional
        Only the frequencies that do not repeat others; true by default for real signals.
    return_complex : bool, optional
        Must be given for real signals: complex numbers, or real ones with a last dimension for
        the two parts.
    align_to_window : bool, optional
        Without ``center``: begin with the window at the signal's start, not n_fft elements.

    Returns
    -------
    Tensor
        ``(batch, frequencies, pieces)``.

    Raises
    ------
    RuntimeError
        If the arguments do not fit.

    References
    ----------
    Allen, J. B., Rabiner, L. R. (1977). A unified approach to short-time Fourier analysis and
    synthesis. Proceedings of the IEEE 65.

    Examples
    --------
    >>> import facula
    >>> facula.stft(facula.ones(16), 4, return_complex=True).shape
    facula.Size([3, 17])
    """
    name = "stft"
    if input.ndim not in (1, 2):
        raise RuntimeError(f"{name}: takes one or two dimensions, but got {describe(input)}")
    complex_ = input.is_complex() or (window is not None and window.is_complex())
    if return_complex is None:
        if not complex_:
            raise RuntimeError(f"{name}: return_complex must be given for real input: use True")
        return_complex = True
    onesided = not complex_ if onesided is None else onesided
    if onesided and complex_:
        raise RuntimeError(f"{name}: onesided=True is not possible with a complex input or window")
    if center and align_to_window is not None:
        raise RuntimeError(f"{name}: align_to_window is only for center=False")
    hop = _hop(name, n_fft, hop_length)
    length, window = _window(name, n_fft, win_length, window, input)
    x = shape.unsqueeze(input, 0) if input.ndim == 1 else input
    if center:
        x = rearrange.pad(shape.unsqueeze(x, 0), (n_fft // 2, n_fft // 2), pad_mode)[0]
    elif align_to_window:
        extra = (n_fft - length) // 2
        x = rearrange.pad(x, (extra, extra))
    if not n_fft <= x.shape[-1]:
        raise RuntimeError(f"{name}: n_fft={n_fft} must be at most the signal's length, which is "
                           f"{x.shape[-1]}: {describe(input)}")
    pieces = views.unfold(x, -1, n_fft, hop)
    if window is not None:
        pieces = pieces * window  # type: ignore[operator]
    norm = "ortho" if normalized else None
    y = (fft.rfft if onesided else fft.fft)(pieces, norm=norm)
    y = shape.matrix_transpose(y)
    y = y[0] if input.ndim == 1 else y  # type: ignore[index]
    return y if return_complex else complex_numbers.view_as_real(y)


def _added(pieces: Tensor, hop: int) -> Tensor:
    """Pieces ``(batch, count, n)`` added up where each begins ``hop`` after the one before."""
    batch, count, n = pieces._data.shape
    starts = creation.arange(count, device=pieces.device) * hop
    places = shape.unsqueeze(starts, 1) + creation.arange(n, device=pieces.device)
    empty = creation.zeros(batch, n + hop * (count - 1), dtype=pieces.dtype, device=pieces.device)
    return gather.index_add(empty, 1, shape.reshape(places, -1), shape.reshape(pieces, (batch, -1)))


@composite
def istft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
          window: Tensor | None = None, center: bool = True, normalized: bool = False,
          onesided: bool | None = None, length: int | None = None,
          return_complex: bool = False) -> Tensor:
    """The signal of a short-time Fourier transform, by least squares: the inverse of stft.

    Parameters
    ----------
    input : Tensor
        Complex, ``(frequencies, pieces)`` or ``(batch, frequencies, pieces)``.
    n_fft, hop_length, win_length, window, center, normalized
        As they were for :func:`facula.stft`.
    onesided : bool, optional
        Whether the input is; by default as its size says.
    length : int, optional
        Cut the signal, or fill it up with zeros.
    return_complex : bool
        The signal was complex.

    Returns
    -------
    Tensor
        ``(length,)`` or ``(batch, length)``.

    Raises
    ------
    RuntimeError
        If the arguments do not fit, or the windows leave a place of the signal out.

    References
    ----------
    Griffin, D., Lim, J. (1984). Signal estimation from modified short-time Fourier transform.
    IEEE Transactions on Acoustics, Speech, and Signal Processing 32.

    Examples
    --------
    >>> import facula
    >>> x = facula.arange(8.0)
    >>> facula.istft(facula.stft(x, 4, return_complex=True), 4).round(decimals=4)
    tensor([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    name = "istft"
    if not input.is_complex() or input.ndim not in (2, 3) or not input.numel():
        raise RuntimeError(f"{name}: takes what stft gives with return_complex=True, of two or "
                           f"three dimensions, but got {describe(input)}")
    hop = _hop(name, n_fft, hop_length)
    if onesided is None:
        onesided = input.shape[-2] != n_fft
    if return_complex and onesided or onesided and window is not None and window.is_complex():
        raise RuntimeError(f"{name}: onesided=True is not possible with a complex signal or window")
    wanted = n_fft // 2 + 1 if onesided else n_fft
    if input.shape[-2] != wanted:
        raise RuntimeError(f"{name}: for n_fft={n_fft} and onesided={onesided} there must be "
                           f"{wanted} frequencies, but the input is {describe(input)}")
    window = _window(name, n_fft, win_length, window, input)[1]
    if window is None:
        window = creation.ones(n_fft, dtype=input.dtype.to_real(), device=input.device)
    spectra = shape.matrix_transpose(shape.unsqueeze(input, 0) if input.ndim == 2 else input)
    norm = "ortho" if normalized else None
    pieces = fft.irfft(spectra, n_fft, norm=norm) if onesided else fft.ifft(spectra, norm=norm)
    if not return_complex:
        pieces = complex_numbers.real(pieces)
    sums = _added(pieces * window, hop)  # type: ignore[operator]
    size = unary.square(window)
    shares = _added(shape.expand(size, (1, spectra.shape[1], n_fft)), hop)
    first = n_fft // 2 if center else 0
    whole = sums.shape[-1]
    last = first + length if length is not None else whole - first
    shares = shares[:, first:last]  # type: ignore[index]
    if float(reduce.amin(unary.abs(shares)).item()) < 1e-11:
        raise RuntimeError(f"{name}: the windows leave places of the signal out: they add up to "
                           "0 there: use more overlap, or center=True")
    y = sums[:, first:last] / shares  # type: ignore[index]
    if last > whole:
        y = rearrange.pad(y, (0, last - whole))
    return y[0] if input.ndim == 2 else y  # type: ignore[no-any-return]

"""Pictures in files and in bytes as tensors, and back, through Pillow."""

from __future__ import annotations

import contextlib
import enum
import io
import os
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from facula.core import Tensor, from_numpy, int32, stack, uint16
from facula.vision.transforms.functional import pil_to_tensor


class ImageReadMode(enum.Enum):
    """Which channels a decoded picture shall have.

    Examples
    --------
    >>> from facula.vision.io import ImageReadMode
    >>> ImageReadMode("RGB")
    <ImageReadMode.RGB: 'RGB'>
    """

    UNCHANGED = "UNCHANGED"
    GRAY = "GRAY"
    GRAY_ALPHA = "GRAY_ALPHA"
    RGB = "RGB"
    RGB_ALPHA = "RGBA"


_PIL_MODE = {ImageReadMode.GRAY: "L", ImageReadMode.GRAY_ALPHA: "LA", ImageReadMode.RGB: "RGB",
             ImageReadMode.RGB_ALPHA: "RGBA"}
_KEPT = ("L", "LA", "RGB", "RGBA", "CMYK")
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, zlib.error, OverflowError, IndexError,
               Image.DecompressionBombError)


def read_file(path: str | os.PathLike[str]) -> Tensor:
    """The bytes of a file as a one-dimensional uint8 tensor."""
    return from_numpy(np.frombuffer(bytearray(Path(path).read_bytes()), np.uint8))


def write_file(filename: str | os.PathLike[str], data: Tensor) -> None:
    """Write a one-dimensional uint8 tensor as a file, which appears only when it is complete."""
    if data.ndim != 1 or data.dtype.name != "uint8":
        raise ValueError(f"write_file: needs one dimension of uint8, but got {data.dtype.name} of "
                         f"shape {tuple(data.shape)}")
    _write(filename, data.numpy(force=True).tobytes())


def decode_image(input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
                 apply_exif_orientation: bool = False) -> Tensor:
    """The picture in a file, or in a tensor of its bytes, as a tensor (C, H, W).

    Parameters
    ----------
    input : Tensor, str or Path
        The file, or its bytes: JPEG, PNG, WebP, GIF and what else Pillow reads.
    mode : ImageReadMode or str
        Which channels to make. ``"UNCHANGED"`` keeps them: of a PNG with a palette the indices
        (one channel), of other formats the palette's colours.
    apply_exif_orientation : bool
        Turn the picture as its camera noted.

    Returns
    -------
    Tensor
        uint8, or uint16 for 16-bit grey. A GIF with several pictures gives all of them,
        (N, C, H, W), another animation the first.

    Raises
    ------
    RuntimeError
        If it is damaged, or no picture; the message names the file.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.io import decode_image, encode_png
    >>> picture = facula.full((3, 2, 4), 7, dtype=facula.uint8)
    >>> facula.equal(decode_image(encode_png(picture)), picture)
    True
    """
    mode = ImageReadMode(mode.upper().replace("RGB_ALPHA", "RGBA") if isinstance(mode, str)
                         else mode)
    if isinstance(input, Tensor):
        source: Any = io.BytesIO(input.numpy(force=True).tobytes())
        name = f"{input.numel()} bytes"
    else:
        source = name = os.fspath(input)
    try:
        with Image.open(source) as picture:
            if mode is ImageReadMode.GRAY:
                picture.draft("L", None)  # a JPEG has the luminance already
            if picture.format == "GIF":
                return _frames(picture, mode)
            pixels = pil_to_tensor(_converted(picture, mode, apply_exif_orientation))
            # Older versions of Pillow read the 16 bits of a grey PNG as 32.
            wide = picture.format == "PNG" and pixels.dtype is int32
            return pixels.to(uint16) if wide else pixels
    except FileNotFoundError:
        raise
    except _UNREADABLE as error:
        raise RuntimeError(f"decode_image: can't decode {name}: {error}") from None


def _converted(picture: Image.Image, mode: ImageReadMode, turn: bool) -> Image.Image:
    indexed = picture.format == "PNG" and picture.mode == "P"
    picture.load()
    if turn:
        picture = ImageOps.exif_transpose(picture)
    if mode is not ImageReadMode.UNCHANGED:
        if picture.mode.startswith("I") and mode is ImageReadMode.GRAY:
            return picture
        if picture.mode.startswith("I") or picture.mode == "F":
            picture = _eight_bits(picture)
        return picture.convert(_PIL_MODE[mode])
    if picture.mode == "1":
        return picture.convert("L")
    if indexed:  # marks of objects are kept so: the indices count, not the colours
        return picture
    if picture.mode in ("P", "PA"):
        clear = "transparency" in picture.info or picture.mode == "PA"
        return picture.convert("RGBA" if clear else "RGB")
    if picture.mode in _KEPT or picture.mode.startswith("I"):
        return picture
    return picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit grey as 8 bits; Pillow's own conversion cuts values off instead of scaling."""
    values = np.asarray(picture).astype(np.float64)
    if picture.mode != "F":
        values /= 257
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def read_image(path: str | os.PathLike[str], mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
               apply_exif_orientation: bool = False) -> Tensor:
    """The picture in a file as a tensor (C, H, W); see :func:`decode_image`."""
    return decode_image(path, mode, apply_exif_orientation)


def decode_jpeg(input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
                apply_exif_orientation: bool = False) -> Tensor:
    """:func:`decode_image` of a JPEG; other bytes are refused."""
    return decode_image(_of_kind("decode_jpeg", input, b"\xff\xd8\xff"), mode,
                        apply_exif_orientation)


def decode_png(input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
               apply_exif_orientation: bool = False) -> Tensor:
    """:func:`decode_image` of a PNG; other bytes are refused."""
    return decode_image(_of_kind("decode_png", input, b"\x89PNG"), mode, apply_exif_orientation)


def decode_webp(input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """:func:`decode_image` of a WebP; other bytes are refused."""
    return decode_image(_of_kind("decode_webp", input, b"RIFF"), mode)


def _of_kind(op: str, input: Any, signature: bytes) -> Any:
    if isinstance(input, Tensor):
        opening = input[:len(signature)].numpy(force=True).tobytes()
    else:
        with open(input, "rb") as file:
            opening = file.read(len(signature))
    if opening != signature:
        raise RuntimeError(f"{op}: the data begin with {opening!r}, not with {signature!r}: "
                           "decode_image finds out the kind by itself")
    return input


def decode_gif(input: Tensor) -> Tensor:
    """A GIF as RGB: (3, H, W), or (N, 3, H, W) if it has several pictures."""
    try:
        with Image.open(io.BytesIO(input.numpy(force=True).tobytes())) as film:
            return _frames(film, ImageReadMode.RGB)
    except _UNREADABLE as error:
        raise RuntimeError(f"decode_gif: can't decode {input.numel()} bytes: {error}") from None


def _frames(film: Any, mode: ImageReadMode) -> Tensor:
    """All pictures of a GIF, or the only one."""
    frames = []
    for number in range(getattr(film, "n_frames", 1)):
        film.seek(number)
        frames.append(pil_to_tensor(film.convert(_PIL_MODE.get(mode, "RGB"))))
    return frames[0] if len(frames) == 1 else stack(frames)


def _encoded(op: str, input: Tensor, form: str, channels: tuple[int, ...], **options: Any) -> bytes:
    if input.ndim != 3 or input.shape[0] not in channels or input.dtype.name != "uint8":
        raise ValueError(f"{op}: needs a uint8 picture (C, H, W) with "
                         f"{' or '.join(map(str, channels))} channels, but got "
                         f"{input.dtype.name} of shape {tuple(input.shape)}")
    array = np.ascontiguousarray(input.numpy(force=True).transpose(1, 2, 0))
    buffer = io.BytesIO()
    Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(buffer, form, **options)
    return buffer.getvalue()


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """A picture (C, H, W) of uint8 with 1 to 4 channels as the bytes of a PNG.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.io import encode_png
    >>> encode_png(facula.zeros(1, 2, 2, dtype=facula.uint8))[1:4].tolist() == list(b"PNG")
    True
    """
    if not 0 <= compression_level <= 9:
        raise ValueError(f"encode_png: compression_level={compression_level} must be 0 to 9")
    data = _encoded("encode_png", input, "PNG", (1, 2, 3, 4), compress_level=compression_level)
    return from_numpy(np.frombuffer(bytearray(data), np.uint8))


def encode_jpeg(input: Tensor, quality: int = 75) -> Tensor:
    """A picture (C, H, W) of uint8 with 1 or 3 channels as the bytes of a JPEG."""
    if not 1 <= quality <= 100:
        raise ValueError(f"encode_jpeg: quality={quality} must be 1 to 100")
    data = _encoded("encode_jpeg", input, "JPEG", (1, 3), quality=quality)
    return from_numpy(np.frombuffer(bytearray(data), np.uint8))


def write_png(input: Tensor, filename: str | os.PathLike[str],
              compression_level: int = 6) -> None:
    """Write a picture (C, H, W) of uint8 as a PNG file.

    Examples
    --------
    >>> import pathlib, tempfile, facula
    >>> from facula.vision.io import read_image, write_png
    >>> path = pathlib.Path(tempfile.mkdtemp(), "black.png")
    >>> write_png(facula.zeros(1, 2, 3, dtype=facula.uint8), path)
    >>> read_image(path).shape
    facula.Size([1, 2, 3])
    """
    write_file(filename, encode_png(input, compression_level))


def write_jpeg(input: Tensor, filename: str | os.PathLike[str], quality: int = 75) -> None:
    """Write a picture (C, H, W) of uint8 as a JPEG file."""
    write_file(filename, encode_jpeg(input, quality))


def _write(path: str | os.PathLike[str], data: bytes) -> None:
    path = Path(path)
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(aside, 0o666 & ~_umask())
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask

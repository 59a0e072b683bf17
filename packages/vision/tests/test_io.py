"""Pictures from files: the pixels that others decode, or a clear error."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facula import core
from facula.vision.io import (
    ImageReadMode,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    decode_webp,
    encode_jpeg,
    encode_png,
    read_file,
    read_image,
    write_file,
    write_jpeg,
    write_png,
)

# A palette index without an entry: PNG (4.1.3, "an error") leaves the colour to the decoder, and
# libraries have changed theirs.
LEFT_TO_THE_DECODER = {"image-png/invalid_palette_index.png"}


def pictures(folder: Path) -> dict[str, dict]:
    return json.loads((folder / "expected.json").read_text())


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of the damaged ones
@pytest.mark.parametrize("folder", ["photos", "image-formats"])
def test_real_files(data_root: Path, folder: str) -> None:
    seen = 0
    for name, want in pictures(data_root / folder).items():
        path = data_root / folder / name
        if not want["decodes"]:
            with pytest.raises(RuntimeError, match="decode_image: can't decode") as caught:
                read_image(path)
            assert str(path) in str(caught.value)
            continue
        seen += 1
        got = read_image(path).numpy()
        if want["mode"] != "L" and got.shape[0] == 1 and b"PLTE" in path.read_bytes():
            with Image.open(path) as indexed:
                assert (got[0] == np.asarray(indexed)).all()
                colours = "RGBA" if "transparency" in indexed.info else "RGB"
            got = read_image(path, colours).numpy()
        if got.ndim == 4:
            got = got[0]
        assert list(got.shape[1:]) == want["size"][::-1], name
        means = got.mean((1, 2), dtype=np.float64)
        wide = want["mode"].startswith("I")
        if name in LEFT_TO_THE_DECODER:
            continue
        assert np.allclose(means, np.ravel(want["mean"]), atol=0.5), (name, want)
        if want["mode"] in ("L", "RGB", "RGBA", "LA") and "decoded_sha256" in want:
            plain = np.ascontiguousarray(got.transpose(1, 2, 0))
            assert hashlib.sha256(plain.tobytes()).hexdigest() == want["decoded_sha256"], name
        assert got.dtype in ((np.uint16, np.int32) if wide else (np.uint8,))
    assert seen > 10


def test_orientation(data_root: Path) -> None:
    path = data_root / "photos" / "landscape_orientation_6.jpg"
    plain, turned = read_image(path), read_image(path, apply_exif_orientation=True)
    assert turned.shape == (3, plain.shape[2], plain.shape[1])
    assert (turned.numpy() == np.rot90(plain.numpy(), -1, (1, 2))).all()


@pytest.mark.parametrize(("mode", "channels"), [
    (ImageReadMode.GRAY, 1), ("GRAY_ALPHA", 2), ("rgb", 3), ("RGB_ALPHA", 4), ("UNCHANGED", 4)])
def test_modes(data_root: Path, mode: ImageReadMode | str, channels: int) -> None:
    assert read_image(data_root / "photos" / "cat_rgba.png", mode).shape[0] == channels


def test_sixteen_bits(tmp_path: Path) -> None:
    values = np.array([[0, 257, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "x.png")
    for mode in ("UNCHANGED", "GRAY"):
        got = read_image(tmp_path / "x.png", mode)
        assert got.dtype is core.uint16 and got.tolist() == [[[0, 257, 65535]]]
    assert read_image(tmp_path / "x.png", "RGB")[:, 0, 2].tolist() == [255, 255, 255]


def test_marks_in_a_palette_are_indices(tmp_path: Path) -> None:
    marks = np.array([[0, 1, 2], [2, 2, 0]], np.uint8)
    picture = Image.fromarray(marks)
    picture.putpalette([9, 8, 7, 200, 0, 0, 0, 100, 0])
    picture.save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").tolist() == [marks.tolist()]
    assert read_image(tmp_path / "x.png", "RGB")[:, 0, 1].tolist() == [200, 0, 0]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_keeps_every_value(tmp_path: Path, channels: int) -> None:
    picture = core.randint(0, 256, (channels, 5, 7)).to(core.uint8)
    write_png(picture, tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").equal(picture)
    assert decode_image(encode_png(picture, 0)).equal(picture)
    assert [p.name for p in tmp_path.iterdir()] == ["x.png"]


def test_jpeg(tmp_path: Path) -> None:
    ramp = core.arange(64).view(1, 8, 8).to(core.uint8).repeat(3, 1, 1)
    write_jpeg(ramp, tmp_path / "x.jpg", quality=95)
    assert abs(read_image(tmp_path / "x.jpg").numpy().astype(int) - ramp.numpy()).max() <= 3
    assert len(encode_jpeg(ramp, 10)) < len(encode_jpeg(ramp, 95))


def test_gif_of_several_pictures(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    film = decode_gif(read_file(tmp_path / "x.gif"))
    assert film.shape == (2, 3, 3, 4)
    assert film[:, 0, 0, 0].tolist() == [255, 0]
    assert read_image(tmp_path / "x.gif").equal(film)
    assert read_image(tmp_path / "x.gif", "GRAY").shape == (2, 1, 3, 4)


def test_errors(tmp_path: Path) -> None:
    picture = core.zeros(3, 2, 2, dtype=core.uint8)
    with pytest.raises(ValueError, match=r"encode_png: needs a uint8 picture .* float32"):
        encode_png(core.zeros(3, 2, 2))
    with pytest.raises(ValueError, match="encode_jpeg: quality=0 must be 1 to 100"):
        encode_jpeg(picture, 0)
    with pytest.raises(ValueError, match="1 or 3 channels"):
        encode_jpeg(picture[:2])
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")
    with pytest.raises(OSError, match="none"):
        write_png(picture, tmp_path / "none" / "x.png")
    with pytest.raises(ValueError, match="write_file: needs one dimension of uint8"):
        write_file(tmp_path / "x", picture)
    with pytest.raises(RuntimeError, match="can't decode 12 bytes"):
        decode_image(core.zeros(12, dtype=core.uint8))


def test_grey_of_a_jpeg_is_its_own_luminance(data_root: Path) -> None:
    path = data_root / "photos" / "astronaut.jpg"
    with Image.open(path) as picture:
        picture.draft("YCbCr", None)
        luminance = np.asarray(picture)[..., 0]
    np.testing.assert_array_equal(read_image(path, "GRAY")[0].numpy(), luminance)


def test_bytes_of_another_kind_are_refused(data_root: Path) -> None:
    photo, drawing = (read_file(data_root / "photos" / name)
                      for name in ("astronaut.jpg", "camera.png"))
    assert core.equal(decode_jpeg(photo), decode_image(photo))
    assert core.equal(decode_png(drawing), decode_image(drawing))
    for decode, data in ((decode_png, photo), (decode_jpeg, drawing), (decode_webp, drawing)):
        with pytest.raises(RuntimeError, match="the data begin with"):
            decode(data)


def test_truncations_are_errors(tmp_path: Path) -> None:
    data = encode_png(core.randint(0, 256, (3, 16, 16)).to(core.uint8))
    for size in range(0, len(data) - 40, 41):
        with pytest.raises(RuntimeError, match="decode_image"):
            decode_image(data[:size])

"""Boxes, and pictures of pictures."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from facula import core, vision
from facula.vision import ops, utils
from facula.vision.io import read_image


def boxes(n: int, seed: int = 0) -> core.Tensor:
    rng = np.random.default_rng(seed)
    corner, sides = rng.uniform(0, 50, (n, 2)), rng.uniform(1, 30, (n, 2))
    return core.tensor(np.concatenate([corner, corner + sides], 1).astype(np.float32))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return w * h / (sum(area) - w * h)


def test_overlaps(device: str) -> None:
    a, b = boxes(7), boxes(5, 1)
    want = [[iou(p, q) for q in b.numpy()] for p in a.numpy()]
    got = ops.box_iou(a.to(device), b.to(device)).cpu().numpy()
    assert np.allclose(got, want, atol=1e-5)
    general = ops.generalized_box_iou(a, b).numpy()
    assert (general <= got + 1e-6).all()
    assert (ops.distance_box_iou(a, b).numpy() <= got + 1e-6).all()
    assert np.allclose(np.diag(ops.generalized_box_iou(a, a).numpy()), 1)


@pytest.mark.parametrize("form", ["xyxy", "xywh", "cxcywh"])
def test_forms_of_boxes(form: str) -> None:
    a = boxes(4)
    back = ops.box_convert(ops.box_convert(a, "xyxy", form), form, "xyxy")
    assert np.allclose(back.numpy(), a.numpy(), atol=1e-4)


def test_small_things() -> None:
    a = core.tensor([[-5.0, 2, 30, 40], [3, 3, 4, 9]])
    assert ops.clip_boxes_to_image(a, (20, 10)).tolist() == [[0, 2, 10, 20], [3, 3, 4, 9]]
    assert ops.remove_small_boxes(a, 2).tolist() == [0]
    loss = ops.sigmoid_focal_loss(core.tensor([9.0, -9.0]), core.tensor([1.0, 0.0]),
                                  reduction="sum")
    assert loss.item() < 1e-8


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"box_iou: boxes1 must have shape \(..., 4\)"):
        ops.box_iou(core.zeros(3, 5), core.zeros(3, 4))
    with pytest.raises(ValueError, match="box_convert: unknown form 'yx'"):
        ops.box_convert(core.zeros(3, 4), "yx", "xyxy")
    with pytest.raises(ValueError, match="2 labels for 1 boxes"):
        utils.draw_bounding_boxes(core.zeros(3, 4, 4), core.zeros(1, 4), ["a", "b"])
    with pytest.raises(ValueError, match="masks must be bool"):
        utils.draw_segmentation_masks(core.zeros(3, 4, 4), core.zeros(4, 4))
    with pytest.raises(ValueError, match=r"unknown kind of file '\.bmp'"):
        utils.save_image(core.zeros(3, 4, 4), "x.bmp")


def test_grids(tmp_path: Path) -> None:
    pictures = core.arange(6.0).view(6, 1, 1, 1).expand(6, 3, 2, 2).contiguous()
    grid = utils.make_grid(pictures, nrow=4, padding=1, pad_value=9)
    assert grid.shape == (3, 7, 13)
    assert grid[0, 1].tolist() == [9, 0, 0, 9, 1, 1, 9, 2, 2, 9, 3, 3, 9]
    assert grid[0, 4].tolist() == [9, 4, 4, 9, 5, 5] + [9] * 7
    scaled = utils.make_grid(pictures, normalize=True)
    assert (scaled.amin().item(), scaled.amax().item()) == (0, 1)
    utils.save_image(pictures / 5, tmp_path / "x.png", nrow=3)
    assert read_image(tmp_path / "x.png").shape == (3, 10, 14)
    assert read_image(tmp_path / "x.png")[0, 2].tolist() == [
        0, 0, 0, 0, 0, 0, 51, 51, 0, 0, 102, 102, 0, 0]
    with (tmp_path / "y").open("wb") as file:
        utils.save_image(pictures / 5, file, "png", nrow=3)
    assert (tmp_path / "y").read_bytes() == (tmp_path / "x.png").read_bytes()


def test_drawing() -> None:
    picture = core.full((3, 20, 30), 100, dtype=core.uint8)
    drawn = utils.draw_bounding_boxes(picture, core.tensor([[2.0, 2, 9, 9], [10, 1, 28, 18]]),
                                      ["cat", None], ["red", (0, 0, 255)], fill=True, width=2)
    assert drawn[:, 2, 2].tolist() == [255, 0, 0]
    assert drawn[:, 1, 10].tolist() == [0, 0, 255]
    assert drawn[:, 15, 5].tolist() == [100, 100, 100]
    masks = core.zeros(2, 20, 30, dtype=core.bool)
    masks[0, :5] = True
    over = utils.draw_segmentation_masks(picture, masks, 1.0, ["lime", "red"])
    assert over[:, 0, 0].tolist() == [0, 255, 0]
    assert over[:, 10, 0].tolist() == [100, 100, 100]


def test_default_colours_are_torchvisions() -> None:
    boxes = core.tensor([[0.0, 0, 3, 3], [5, 5, 8, 8], [10, 10, 13, 13], [15, 15, 18, 18]])
    drawn = utils.draw_bounding_boxes(core.full((3, 20, 20), 100, dtype=core.uint8), boxes)
    assert [drawn[:, i, i].tolist() for i in (0, 5, 10, 15)] == [
        [0, 0, 0], [1, 127, 31], [2, 254, 62], [3, 126, 93]]
    with pytest.raises(ValueError, match="rotated boxes are not supported"):
        utils.draw_bounding_boxes(drawn, core.zeros(2, 8))


def test_words_on_colours() -> None:
    picture = core.full((1, 40, 60), 100, dtype=core.uint8)
    drawn = utils.draw_bounding_boxes(picture, core.tensor([[2.0, 2, 50, 35]]), ["cat"], "yellow",
                                      font_size=12, fill_labels=True)
    assert drawn.shape == (3, 40, 60)
    inside = drawn[:, 4:12, 4:16].reshape(3, -1).t().tolist()
    assert [255, 255, 0] in inside  # the rectangle
    assert min(max(pixel) for pixel in inside) < 60  # the letters, dark on bright
    assert drawn[:, 30, 30].tolist() == [100, 100, 100]
    blue = utils.draw_bounding_boxes(picture, core.tensor([[2.0, 2, 50, 35]]), ["cat"], "yellow",
                                     label_colors="blue")
    assert blue[2].amax().item() > 200  # smoothed letters
    none = utils.draw_bounding_boxes(picture.float() / 255, core.zeros(0, 4))
    assert none.dtype is core.float32
    assert none[0, 0, 0].item() == pytest.approx(100 / 255, abs=1e-6)


def test_points_and_lines() -> None:
    picture = core.zeros(3, 20, 20, dtype=core.uint8)
    points = core.tensor([[[3.0, 4.0], [15.0, 4.0], [3.0, 15.0]]])
    drawn = utils.draw_keypoints(picture, points, [(0, 1), (0, 2)], "red", radius=1, width=1,
                                 visibility=core.tensor([[1, 1, 0]]))
    assert drawn[:, 4, 3].tolist()[0] == 255
    assert drawn[:, 4, 9].tolist() == [255, 255, 255]
    assert drawn[:, 10, 3].tolist() == [0, 0, 0]  # a line to a point that is not seen
    assert drawn[:, 15, 3].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match=r"visibility has shape \(2, 2\)"):
        utils.draw_keypoints(picture, points, visibility=core.zeros(2, 2))
    with pytest.raises(ValueError, match=r"it must be \(N, K, 2\)"):
        utils.draw_keypoints(picture, points[0])


def test_flows() -> None:
    flow = core.zeros(2, 3, 3)
    flow[0, 0, 0], flow[1, 2, 2], flow[0, 1, 1] = 4.0, 4.0, 2.0
    picture = utils.flow_to_image(flow)
    assert picture.dtype is core.uint8
    assert picture[:, 0, 2].tolist() == [255, 255, 255]  # at rest
    full, half = (picture[:, i, i].float() for i in (0, 1))
    assert core.allclose(half, (full + 255) / 2, atol=1)  # half as fast, half as strong
    hues = [tuple(picture[:, i, i].tolist()) for i in (0, 2)]
    assert hues[0] != hues[1]
    assert utils.flow_to_image(flow.expand(2, 2, 3, 3)).shape == (2, 3, 3, 3)
    with pytest.raises(ValueError, match="must be a float32 tensor"):
        utils.flow_to_image(flow.double())
    with pytest.raises(ValueError, match=r"flow has shape \(3, 3\)"):
        utils.flow_to_image(flow[0])


@pytest.mark.parametrize(("module", "name"), [
    ("focal_loss", "sigmoid_focal_loss"), ("giou_loss", "generalized_box_iou_loss"),
    ("diou_loss", "distance_box_iou_loss"), ("ciou_loss", "complete_box_iou_loss"),
    ("boxes", "nms"), ("boxes", "batched_nms")])
def test_functions_are_where_programs_import_them_from(module, name):
    room = importlib.import_module(f"facula.vision.ops.{module}")
    assert getattr(room, name) is getattr(ops, name)


def test_what_programs_set_at_their_beginning():
    assert vision.__version__.count(".") == 2
    vision.set_image_backend(vision.get_image_backend())
    vision.disable_beta_transforms_warning()
    with pytest.raises(ValueError, match="only 'PIL'"):
        vision.set_image_backend("accimage")

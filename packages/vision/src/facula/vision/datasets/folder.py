"""Pictures in folders, one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from facula.vision.datasets.vision import VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Whether a file's name ends in one of the extensions, in any case."""
    return filename.lower().endswith(extensions)


def is_image_file(filename: str) -> bool:
    """Whether a file's name ends like a picture's."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def pil_loader(path: str | os.PathLike[str]) -> Image.Image:
    """Read a picture as RGB.

    Raises
    ------
    OSError
        If the file is damaged or no picture; the message names it.
    """
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise OSError(f"pil_loader: can't read {path} as a picture: {error}") from error


default_loader = pil_loader


def find_classes(directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
    """The folders in a folder, sorted, and the label of each.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"find_classes: no folders in {directory}: each class needs one")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(directory: str | os.PathLike[str], class_to_idx: dict[str, int] | None = None,
                 extensions: str | tuple[str, ...] | None = None,
                 is_valid_file: Callable[[str], bool] | None = None,
                 allow_empty: bool = False) -> list[tuple[str, int]]:
    """The pairs (path, label) of all files below the folders of the classes, sorted.

    Parameters
    ----------
    directory : str or Path
        The folder with the classes' folders.
    class_to_idx : dict, optional
        The label of each class; by default from :func:`find_classes`.
    extensions : str or tuple of str, optional
        Take files that end in one of these ...
    is_valid_file : callable, optional
        ... or those of which this says True; give exactly one of the two.
    allow_empty : bool
        Whether a class may have no files.

    Raises
    ------
    FileNotFoundError
        If a class has no files.
    """
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("make_dataset: give exactly one of extensions and is_valid_file")
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    accept = is_valid_file or (
        lambda path: has_file_allowed_extension(path, extensions))  # type: ignore[arg-type]
    samples: list[tuple[str, int]] = []
    for name, label in sorted(class_to_idx.items()):
        found = [(os.path.join(folder, file), label)
                 for folder, _, files in sorted(os.walk(Path(directory) / name, followlinks=True))
                 for file in sorted(files) if accept(os.path.join(folder, file))]
        if not found and not allow_empty:
            raise FileNotFoundError(f"make_dataset: no files for class {name!r} in "
                                    f"{Path(directory) / name}"
                                    + (f": supported endings: {extensions}" if extensions else ""))
        samples += found
    return samples


class DatasetFolder(VisionDataset):
    """Samples in folders, ``root/CLASS/.../NAME.EXT``, read by a function of the path.

    Parameters
    ----------
    root : str or Path
        The folder with the classes' folders.
    loader : callable
        Gives the sample for a path.
    extensions : tuple of str, optional
        The endings of the files to take, or
    is_valid_file : callable, optional
        which paths to take.
    transform, target_transform : callable, optional
        Called with the sample, and with the label.
    allow_empty : bool
        Whether a class may have no files.

    Attributes
    ----------
    classes : list of str
        The names of the classes, sorted.
    class_to_idx : dict
        The label of each class.
    samples : list of tuple
        The pairs (path, label).
    targets : list of int
        The labels.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from facula.vision.datasets import DatasetFolder
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "cats").mkdir()
    >>> _ = (root / "cats" / "tom.txt").write_text("miaow")
    >>> DatasetFolder(root, lambda path: pathlib.Path(path).read_text(), (".txt",))[0]
    ('miaow', 0)
    """

    def __init__(self, root: str | os.PathLike[str], loader: Callable[[str], Any],
                 extensions: tuple[str, ...] | None = None,
                 transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 is_valid_file: Callable[[str], bool] | None = None,
                 allow_empty: bool = False) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes, self.class_to_idx = self.find_classes(root)
        self.loader = loader
        self.extensions = extensions
        self.samples = self.make_dataset(root, self.class_to_idx, extensions, is_valid_file,
                                         allow_empty)
        self.targets = [label for _, label in self.samples]

    def find_classes(self, directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
        """The classes; a subclass may choose them in another way."""
        return find_classes(directory)

    make_dataset = staticmethod(make_dataset)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, label = self.samples[index]
        return self._transformed(self.loader(path), label)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Pictures in folders, ``root/CLASS/.../NAME.png``, read as RGB.

    Parameters
    ----------
    root : str or Path
        The folder with the classes' folders.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image), and with the label.
    loader : callable
        Gives the picture for a path.
    is_valid_file : callable, optional
        Which paths to take; by default those that end like a picture's.
    allow_empty : bool
        Whether a class may have no pictures.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> from facula.vision.datasets import ImageFolder
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "cats").mkdir()
    >>> Image.new("L", (3, 2)).save(root / "cats" / "tom.png")
    >>> picture, label = ImageFolder(root)[0]
    >>> picture.mode, picture.size, label
    ('RGB', (3, 2), 0)
    """

    def __init__(self, root: str | os.PathLike[str],
                 transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 loader: Callable[[str], Any] = default_loader,
                 is_valid_file: Callable[[str], bool] | None = None,
                 allow_empty: bool = False) -> None:
        super().__init__(root, loader, None if is_valid_file else IMG_EXTENSIONS, transform,
                         target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples

"""Image sets by name: their files to samples, uint8 as they came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np

from runner.checking import rules
from runner.data import class_names, sources
from runner.data.dataset import Part, Pool
from runner.data.distortions import Distortion
from runner.data.downloads import Source, local_files
from runner.data.formats.idx import read_idx
from runner.data.formats.mat import read_svhn
from runner.data.formats.records import read_cifar, read_stl10
from runner.errors import DataError, counted, printable
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import total
from runner.network.layers.parts import Shape
from runner.network.scaling import Scaling, unit

Labelled = tuple[Array, Array]
GREY, COLOUR = (1, 28, 28), (3, 32, 32)
UPRIGHT: Mapping[str, tuple[int, ...]] = {"emnist": (0, 2, 1)}
"""How the axes of images are put in order, by the kind of data set; others are in order."""
COUNTED_FROM: Mapping[str, int] = {"letters": 1}
"""The first label of a file, by EMNIST's division; others count from 0."""


@dataclass(frozen=True)
class DigitsOptions:
    scale: Annotated[str, rules.choice(("none", "unit", "standardise"))]
    """`unit` to [0, 1], `standardise` by mean and deviation of all training pixels, `none`."""
    distortion: Distortion


@dataclass(frozen=True)
class ImageOptions(DigitsOptions):
    root: Annotated[str | None, rules.optional(rules.path)]


@dataclass(frozen=True)
class EmnistOptions(ImageOptions):
    split: Annotated[str, rules.choice(class_names.EMNIST)]


@dataclass(frozen=True)
class Cifar100Options(ImageOptions):
    labels: Annotated[str, rules.choice(("coarse", "fine"))]


def image_pool(
    train: Labelled,
    test: Labelled | None,
    classes: tuple[str, ...],
    shape: Shape,
    options: DigitsOptions,
    largest: float = 255,
) -> Pool:
    """A set of images [samples, channels * rows * columns] with labels [samples]."""
    return Pool(
        samples=Part(train[0], train[1].astype(np.int64)),
        test=None if test is None else Part(test[0], test[1].astype(np.int64)),
        input_names=pixel_names(shape),
        target_names=("class",),
        classes=classes,
        shape=shape,
        named=False,
        scale=pixel_scale(options.scale, train[0], largest),
        distortion=options.distortion,
    )


def pixel_names(shape: Shape) -> tuple[str, ...]:
    """Names row.column, and the channel where there are several."""
    channels, rows, columns = shape
    return tuple(
        f"{y + 1}.{x + 1}" + (f".{c + 1}" if channels > 1 else "")
        for c in range(channels)
        for y in range(rows)
        for x in range(columns)
    )


def pixel_scale(scale: str, images: Array, largest: float) -> str | Scaling:
    """One shift and scale for all pixels."""
    if scale != "standardise":
        return unit(largest) if scale == "unit" else "none"
    counts = np.bincount(images.ravel(), minlength=256)
    values = np.arange(len(counts))
    mean = (counts @ values) / images.size
    away = values - mean
    deviation = np.sqrt(total(counts * away * away) / images.size)
    return Scaling(np.array(mean), np.array(1 / deviation if deviation > 0 else 1.0))


def check_pair(images: Array, labels: Array, classes: int, files: tuple[Path, Path]) -> None:
    """Refuses images and labels that differ in number, and labels that name no class."""
    if len(images) != len(labels):
        raise DataError(
            f"{printable(files[0])} holds {counted(len(images), 'image')} and "
            f"{printable(files[1])} {counted(len(labels), 'label')}; expected one label an image"
        )
    if labels.max(initial=0) >= classes:
        place = int((labels >= classes).argmax())
        raise DataError(
            f"{printable(files[1])}: label {labels[place]} of sample {place + 1} is out of range; "
            f"expected labels of {classes} classes"
        )


class ImageSet(NamedTuple):
    """A set whose files are published."""

    source: Source
    classes: tuple[str, ...]
    shape: Shape
    read: Callable[..., Labelled]
    """From so many files to samples; the last of them are for testing."""
    files: int = 1


def load_images(images: ImageSet, options: ImageOptions) -> Pool:
    """The samples of all files, every image and label checked."""
    paths = list(local_files(images.source, options.root).values())
    starts = range(0, len(paths), images.files)
    groups = [paths[start : start + images.files] for start in starts]
    read = [images.read(*group) for group in groups]
    for samples, group in zip(read, groups, strict=True):
        check_pair(*samples, len(images.classes), (group[0], group[-1]))
    *training, test = read
    train = training[0]
    if len(training) > 1:
        pixels, labels = zip(*training, strict=True)
        train = np.concatenate(pixels), np.concatenate(labels)
    return image_pool(train, test, images.classes, images.shape, options)


def loader(images: ImageSet) -> Callable[[ImageOptions], Pool]:
    """The loader of a set that needs no options of its own."""

    def load(options: ImageOptions) -> Pool:
        return load_images(images, options)

    return load


def read_mnist(images: Path, labels: Path) -> Labelled:
    """28 x 28 images and their labels."""
    return read_idx(images, (28, 28)).reshape(-1, 784), read_idx(labels, ())


def load_emnist(options: EmnistOptions) -> Pool:
    """EMNIST in one of its divisions."""

    def read(images: Path, labels: Path) -> Labelled:
        upright = np.ascontiguousarray(read_idx(images, (28, 28)).transpose(UPRIGHT["emnist"]))
        # A letter labelled 0 wraps to 255 and is refused as out of range.
        first = np.uint8(COUNTED_FROM.get(options.split, 0))
        return upright.reshape(-1, 784), read_idx(labels, ()) - first

    source, classes = sources.emnist(options.split), class_names.EMNIST[options.split]
    return load_images(ImageSet(source, classes, GREY, read, files=2), options)


def load_cifar100(options: Cifar100Options) -> Pool:
    """A training and a test file, a coarse and a fine label before each image."""
    fine = options.labels == "fine"
    classes = class_names.CIFAR100_FINE if fine else class_names.CIFAR100_COARSE
    read = partial(read_cifar, labels=2, label=int(fine))
    return load_images(ImageSet(sources.CIFAR100, classes, COLOUR, read), options)


def load_digits(options: DigitsOptions) -> Pool:
    """8 x 8 images of handwritten digits, pixels from 0 to 16, shipped with the runner.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository 1998 (doi 10.24432/C50P49), its test part; licence CC BY 4.0.
    """
    with np.load(Path(__file__).parent / "sets" / "digits.npz", allow_pickle=False) as arrays:
        samples = (arrays["images"], arrays["labels"])
    return image_pool(samples, None, class_names.DIGITS, (1, 8, 8), options, largest=16)


CIFAR10 = ImageSet(
    sources.CIFAR10, class_names.CIFAR10, COLOUR, partial(read_cifar, labels=1, label=0)
)
FASHION = ImageSet(sources.FASHION_MNIST, class_names.FASHION, GREY, read_mnist, files=2)
KMNIST = ImageSet(sources.KMNIST, class_names.HIRAGANA, GREY, read_mnist, files=2)
MNIST = ImageSet(sources.MNIST, class_names.DIGITS, GREY, read_mnist, files=2)
STL10 = ImageSet(sources.STL10, class_names.STL10, (3, 96, 96), read_stl10, files=2)
SVHN = ImageSet(sources.SVHN, class_names.DIGITS, COLOUR, read_svhn)

IMAGE_SETS: Mapping[str, Callable[..., Pool]] = {
    "cifar10": loader(CIFAR10),
    "cifar100": load_cifar100,
    "digits": load_digits,
    "emnist": load_emnist,
    "fashion_mnist": loader(FASHION),
    "kmnist": loader(KMNIST),
    "mnist": loader(MNIST),
    "stl10": loader(STL10),
    "svhn": loader(SVHN),
}
"""Each loader takes the options of its kind."""

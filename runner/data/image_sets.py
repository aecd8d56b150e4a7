"""Image sets by name: their files to samples, uint8 as they came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from runner.checking import rules
from runner.data import class_names, sources
from runner.data.dataset import Part, Pool
from runner.data.distortions import Distortion
from runner.data.downloads import Source, local_files
from runner.data.formats.idx import read_idx
from runner.data.formats.mat import read_svhn
from runner.data.formats.records import read_cifar, read_stl10_images, read_stl10_labels
from runner.errors import DataError, counted, printable
from runner.network.scaling import Scaling, unit
from runner.network.topology import Array

Shape = tuple[int, int, int]
Samples = tuple[Array, Array]


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
    train: Samples,
    test: Samples | None,
    classes: tuple[str, ...],
    shape: Shape,
    options: DigitsOptions,
    largest: float = 255,
) -> Pool:
    """A set of images [samples, height * width * channels] with labels [samples]."""
    return Pool(
        samples=Part(train[0], train[1].astype(np.int64)),
        test=None if test is None else Part(test[0], test[1].astype(np.int64)),
        input_names=pixel_names(shape),
        target_names=("class",),
        classes=classes,
        image_shape=shape,
        scale=pixel_scale(options.scale, train[0], largest),
        distortion=options.distortion,
    )


def pixel_names(shape: Shape) -> tuple[str, ...]:
    """Names row.column, and the channel where there are several."""
    height, width, channels = shape
    return tuple(
        f"{y + 1}.{x + 1}" + (f".{c + 1}" if channels > 1 else "")
        for y in range(height)
        for x in range(width)
        for c in range(channels)
    )


def pixel_scale(scale: str, images: Array, largest: float) -> str | Scaling:
    """One shift and scale for all pixels."""
    if scale != "standardise":
        return unit(largest) if scale == "unit" else "none"
    counts = np.bincount(images.ravel(), minlength=256)
    values = np.arange(len(counts))
    mean = (counts @ values) / images.size
    deviation = np.sqrt(counts @ (values - mean) ** 2 / images.size)
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


def load_idx(
    source: Source, classes: tuple[str, ...], root: str | None, read: Callable[..., Samples]
) -> tuple[Samples, Samples]:
    """Training and test samples of a set of four files: images and labels of each."""
    paths = list(local_files(source, root).values())
    pairs = [(paths[0], paths[1]), (paths[2], paths[3])]
    train, test = (read(*pair) for pair in pairs)
    for (images, labels), pair in zip((train, test), pairs, strict=True):
        check_pair(images, labels, len(classes), pair)
    return train, test


def read_mnist(images: Path, labels: Path) -> Samples:
    """28 x 28 images and their labels."""
    return read_idx(images, (28, 28)).reshape(-1, 784), read_idx(labels, ())


def mnist_like(source: Source, classes: tuple[str, ...]) -> Callable[..., Pool]:
    """The loader of a set that comes as MNIST does."""

    def load(options: ImageOptions) -> Pool:
        train, test = load_idx(source, classes, options.root, read_mnist)
        return image_pool(train, test, classes, (28, 28, 1), options)

    return load


def load_emnist(options: EmnistOptions) -> Pool:
    """EMNIST: images stored column by column, and letters counted from 1."""
    classes = class_names.EMNIST[options.split]

    def read(images: Path, labels: Path) -> Samples:
        columns = read_idx(images, (28, 28))
        upright = np.ascontiguousarray(columns.transpose(0, 2, 1)).reshape(-1, 784)
        # A letter labelled 0 wraps to 255 and is refused as out of range.
        return upright, read_idx(labels, ()) - np.uint8(options.split == "letters")

    train, test = load_idx(sources.emnist(options.split), classes, options.root, read)
    return image_pool(train, test, classes, (28, 28, 1), options)


def load_cifar10(options: ImageOptions) -> Pool:
    """Five training files and one for testing, a label byte before each image."""
    return load_cifar(sources.CIFAR10, class_names.CIFAR10, options, (1, 0))


def load_cifar100(options: Cifar100Options) -> Pool:
    """A training and a test file, a coarse and a fine label before each image."""
    fine = options.labels == "fine"
    classes = class_names.CIFAR100_FINE if fine else class_names.CIFAR100_COARSE
    return load_cifar(sources.CIFAR100, classes, options, (2, int(fine)))


def load_cifar(
    source: Source,
    classes: tuple[str, ...],
    options: ImageOptions,
    layout: tuple[int, int],
) -> Pool:
    """Training files, then the test file; layout: label bytes, and which of them is wanted."""
    files = list(local_files(source, options.root).values())
    read = [read_cifar(path, *layout) for path in files]
    for (images, labels), path in zip(read, files, strict=True):
        check_pair(images, labels, len(classes), (path, path))
    train = tuple(np.concatenate([samples[i] for samples in read[:-1]]) for i in (0, 1))
    return image_pool((train[0], train[1]), read[-1], classes, (32, 32, 3), options)


def load_svhn(options: ImageOptions) -> Pool:
    """The cropped digits of Street View House Numbers."""
    train, test = (read_svhn(path) for path in local_files(sources.SVHN, options.root).values())
    return image_pool(train, test, class_names.DIGITS, (32, 32, 3), options)


def load_stl10(options: ImageOptions) -> Pool:
    """The labelled images of STL-10."""
    classes = class_names.STL10
    train, test = load_idx(
        sources.STL10,
        classes,
        options.root,
        lambda images, labels: (read_stl10_images(images), read_stl10_labels(labels)),
    )
    return image_pool(train, test, classes, (96, 96, 3), options)


def load_digits(options: DigitsOptions) -> Pool:
    """8 x 8 images of handwritten digits, pixels from 0 to 16, shipped with the runner.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository 1998 (doi 10.24432/C50P49), its test part; licence CC BY 4.0.
    """
    with np.load(Path(__file__).parent / "sets" / "digits.npz", allow_pickle=False) as arrays:
        samples = (arrays["images"], arrays["labels"])
    return image_pool(
        samples,
        None,
        class_names.DIGITS,
        (8, 8, 1),
        options,
        largest=16,
    )


IMAGE_SETS: Mapping[str, Callable[..., Pool]] = {
    "cifar10": load_cifar10,
    "cifar100": load_cifar100,
    "digits": load_digits,
    "emnist": load_emnist,
    "fashion_mnist": mnist_like(sources.FASHION_MNIST, class_names.FASHION),
    "kmnist": mnist_like(sources.KMNIST, class_names.HIRAGANA),
    "mnist": mnist_like(sources.MNIST, class_names.DIGITS),
    "stl10": load_stl10,
    "svhn": load_svhn,
}
"""Each loader takes the options of its kind by name."""

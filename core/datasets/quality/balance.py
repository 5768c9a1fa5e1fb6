"""Classes that are few or absent, and images of odd sizes: from the index alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...base.contracts import Shape
from ...base.units import counted, listed
from ..dataset import Dataset
from .findings import ImageRef, QualityFinding, found, image_ref

IMBALANCE = 10
"""How many times as many images the largest class has where a smaller one is told."""

FEW = 10
"""Fewer images than this in the split that is trained on are told."""

ALIKE = 0.99
"""Where that part of all images has one size, every other size is odd."""

FAR = 4
"""Odd sizes elsewhere: a longer side that many times the median, a shorter one that part of it, or sides that many
times as far from square as the median's."""


def class_findings(dataset: Dataset) -> list[QualityFinding]:
    """What is odd about the numbers of images by class."""
    counts = {name: dict.fromkeys(dataset.splits, 0) for name in dataset.classes}
    for split, name, images in dataset.class_counts():
        counts[name][split] += images
    if len(counts) < 2:
        return []
    first = next(iter(dataset.splits))
    return found((_absent(counts), _few(counts, first), _imbalance(counts, first)))


Counts = Mapping[str, Mapping[str, int]]
"""Class -> split -> images."""


def _absent(counts: Counts) -> QualityFinding:
    finding = QualityFinding(
        "class-absent",
        "a class without images in a split is not trained there, or not measured",
        "move images of the class to that split, draw the splits again by class, or leave the class out",
    )
    for name, of_split in counts.items():
        there = [f"{images:,} in {split}" for split, images in of_split.items() if images]
        for split, images in of_split.items():
            if not images:
                finding.add(f"{name}: none in {split}, {listed(there) if there else 'nor in any other split'}")
    return finding


def _few(counts: Counts, split: str) -> QualityFinding:
    finding = QualityFinding(
        "few-images",
        f"a class with fewer than {FEW} images in {split} is hardly learned",
        "add images of the class, join it with another, or leave it out",
    )
    for name, of_split in counts.items():
        if 0 < of_split[split] < FEW:
            finding.add(f"{name}: {counted(of_split[split], 'image')} in {split}")
    return finding


def _imbalance(counts: Counts, split: str) -> QualityFinding:
    finding = QualityFinding(
        "class-imbalance",
        f"the largest class of {split} has more than {IMBALANCE} times the images of others, and accuracy says little "
        "of the small ones",
        "weigh the classes in the loss or draw them evenly, and measure each class",
    )
    largest = max(counts, key=lambda name: counts[name][split])
    most = counts[largest][split]
    for images, name in sorted((of_split[split], name) for name, of_split in counts.items()):
        if 0 < images * IMBALANCE < most:
            finding.add(f"{name}: {counted(images, 'image')} in {split}, {largest} has {most:,}")
    return finding


def size_findings(dataset: Dataset) -> list[QualityFinding]:
    """Images whose size is far from that of the others."""
    finding = QualityFinding(
        "odd-sizes",
        "these images are much larger, smaller or longer than the others, or the only ones of another size; resized to "
        "one shape they look different, and raw pixels need one shape",
        "look whether they belong to the dataset; crop or resize them",
    )
    odd = _odd(dataset.shapes())
    if odd:
        shown = _of_shapes(dataset, odd)
        for (height, width), images in odd.items():
            finding.add(f"{width} × {height}: {counted(images, 'image')}", shown.get((height, width), ()), images)
    return found([finding])


def _odd(shapes: Mapping[Shape, int]) -> dict[tuple[int, int], int]:
    """(height, width) -> images, of the shapes that are odd."""
    images = sum(shapes.values())
    usual, most = next(iter(shapes.items()))
    if most >= ALIKE * images:
        return {shape[:2]: count for shape, count in shapes.items() if shape != usual}
    short, long, ratio = (_median(shapes, measure, images) for measure in (min, max, _ratio))
    return {
        (height, width): count
        for (height, width, _), count in shapes.items()
        if min(height, width) * FAR < short or max(height, width) > FAR * long or _ratio((height, width)) > FAR * ratio
    }


def _ratio(sides: tuple[int, ...]) -> float:
    return max(sides) / min(sides)


def _median(shapes: Mapping[Shape, int], measure: Callable[[tuple[int, ...]], float], images: int) -> float:
    passed = 0
    for value, count in sorted((measure(shape[:2]), count) for shape, count in shapes.items()):
        passed += count
        if 2 * passed >= images:
            return float(value)
    raise AssertionError("no images")


def _of_shapes(dataset: Dataset, odd: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], list[ImageRef]]:
    """Up to two images of each odd shape."""
    shown: dict[tuple[int, int], list[ImageRef]] = {}
    for height, width, image in _by_shape(dataset):
        if (height, width) in odd and len(shown.setdefault((height, width), [])) < 2:
            shown[height, width].append(image)
    return shown


def _by_shape(dataset: Dataset) -> Iterator[tuple[int, int, ImageRef]]:
    asked = "SELECT height, width, split, position, path, label FROM images"
    for height, width, split, position, path, label in dataset.select(asked):
        yield height, width, image_ref(dataset, split, position, path, label)

"""The drawn dataset: the same pictures from the same seed, any size and number, files of a natural weight."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.contracts import Pixels
from core.base.source_contracts import FoundImage
from core.sources import Request, open_source
from core.sources.shapes import Shapes
from tests.image_fixtures import encoded


def shapes(limit: int | None = None, **options: int) -> Shapes:
    source = open_source("shapes", options, Request(scratch=Path(), downloads=Path(), limit=limit))
    assert isinstance(source, Shapes)
    return source


def drawn(source: Shapes) -> list[FoundImage]:
    return [found for found in source.images() if isinstance(found, FoundImage)]


def pixels_of(image: FoundImage) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(image.data)))


def test_the_default_is_ten_classes_five_to_one() -> None:
    source = shapes()

    assert source.counts == {"train": 5000, "val": 1000}
    assert len(source.classes) == 10
    assert list(source.classes) == sorted(source.classes)


def test_images_are_what_counts_say() -> None:
    source = shapes(train=25, val=10)

    images = drawn(source)

    assert Counter(image.split for image in images) == source.counts
    assert [(image.split, image.class_name) for image in images] == sorted(
        (image.split, image.class_name) for image in images
    )
    assert len({(image.split, image.name) for image in images}) == 35
    assert all(pixels_of(image).shape == (32, 32, 3) for image in images)
    assert len({image.data for image in images}) == 35


@pytest.mark.parametrize(
    ("limit", "counts"),
    [
        (60, {"train": 50, "val": 10}),
        (12_000, {"train": 10_000, "val": 2_000}),
        (7, {"train": 6, "val": 1}),
        (1, {"train": 1}),
    ],
)
def test_a_limit_is_the_number_of_images(limit: int, counts: dict[str, int]) -> None:
    assert shapes(limit=limit).counts == counts


def test_the_seed_decides_every_picture() -> None:
    first, again, other = (drawn(shapes(limit=12, seed=seed)) for seed in (1, 1, 2))

    assert first == again
    assert all(one.data != two.data for one, two in zip(first, other, strict=True))


def test_a_picture_depends_on_its_own_number_alone() -> None:
    many = shapes().pictures("train", range(4, 1000, 10))

    for position in (0, 1, 50, 99):
        alone = shapes().pictures("train", [4 + 10 * position])
        np.testing.assert_array_equal(alone[0], many[position])


def test_the_same_number_of_another_split_is_another_picture() -> None:
    source = shapes()

    assert not np.array_equal(source.pictures("train", [3]), source.pictures("val", [3]))


def test_files_weigh_what_those_of_cifar_10_do() -> None:
    images = drawn(shapes(limit=200))

    png = np.mean([len(image.data) for image in images])
    jpeg = np.mean([len(encoded(Image.fromarray(pixels_of(image)), "jpeg", quality=75)) for image in images])

    assert 2_100 < png < 2_600
    assert 850 < jpeg < 1_000


def test_large_pictures_weigh_what_photographs_do() -> None:
    pictures = [shapes(size=480).pictures("train", [label])[0] for label in range(10)]

    jpeg = np.mean([len(encoded(Image.fromarray(picture), "jpeg", quality=90)) for picture in pictures])

    assert 75_000 < jpeg < 130_000


@pytest.mark.parametrize("size", [8, 33, 100])
def test_any_size(size: int) -> None:
    (image, *_) = drawn(shapes(size=size, train=1, val=0))

    assert pixels_of(image).shape == (size, size, 3)


def test_classes_can_be_told_apart() -> None:
    """The shape's outline, where nothing else is drawn: no two classes overlap by more than nine tenths."""
    from core.sources.drawing import SHAPES

    x, y = np.meshgrid(np.linspace(-1.1, 1.1, 99), np.linspace(-1.1, 1.1, 99))
    inside = {name: field(x, y) < 0 for name, field in SHAPES.items()}

    for first, second in itertools.combinations(inside, 2):
        common = np.sum(inside[first] & inside[second]) / np.sum(inside[first] | inside[second])
        assert common < 0.9, (first, second)


def test_a_million_pictures_need_no_memory() -> None:
    images = shapes(limit=1_000_000).images()
    next(images)
    tracemalloc.start()
    try:
        sum(1 for _ in itertools.islice(images, 500))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 64 << 20

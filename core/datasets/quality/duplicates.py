"""Images whose decoded pixels are the same, found by the checksums in the index: no file is read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ...base.package import COMMAND
from ...base.units import counted
from ..dataset import Dataset
from .findings import ImageRef, Pair, PairList, QualityFinding, classes_told, found, image_ref

TRAIN = "train"


class Duplicates:
    """All pairs of the same picture in a dataset, and what they mean.

    Of a picture that is there n times in a split, its first image is paired with each of the n - 1 others; an image is
    paired with the first one of each split before its own.
    """

    def __init__(self, most: int) -> None:
        self.within, self.across = PairList(most), PairList(most)
        self.pictures = 0
        self._leaks = leak_finding("leak", "the same picture")
        self._contradicting = QualityFinding(
            "contradicting-labels",
            "the same picture stands in two classes, so one of its labels is wrong or it needs both",
            "look at the pictures and remove the images of the wrong class",
        )
        self._held_out = QualityFinding(
            "duplicates-across-splits",
            "the same picture is in two of the splits that measure, which are therefore not independent",
            "remove one of the two",
        )
        self._copies = QualityFinding(
            "duplicates-within-split",
            "the same picture comes several times in an epoch and weighs as much more",
            "remove the copies, unless they were meant to weigh more",
        )

    @property
    def findings(self) -> list[QualityFinding]:
        return found((self._leaks, self._contradicting, self._held_out, self._copies))

    def look(self, dataset: Dataset) -> None:
        """Take in all of a dataset. Raises InputError where its index is damaged."""
        for _, members in groupby(_members(dataset), key=lambda member: member[0]):
            self.pictures += 1
            self._take(image for _, image in members)

    def _take(self, images: Iterator[ImageRef]) -> None:
        """One picture's images, split by split."""
        of_split: dict[str, ImageRef] = {}
        of_class: dict[str, ImageRef] = {}
        for image in images:
            of_class.setdefault(image.class_name, image)
            for split, first in of_split.items():
                pair = Pair(first, image)
                if split == image.split:
                    self.within.add(pair)
                    self._copies.add(f"twice in {split}", pair)
                else:
                    self.across.add(pair)
                    (self._leaks if split == TRAIN else self._held_out).add(f"in {split} and {image.split}", pair)
            of_split.setdefault(image.split, image)
        if len(of_class) > 1:
            different = list(of_class.values())
            self._contradicting.add(classes_told(different), different)

    def to_json(self) -> dict[str, object]:
        return {
            "within": self.within.to_json(),
            "across": self.across.to_json(),
            "pictures": self.pictures,
            "within_count": self.within.count,
            "across_count": self.across.count,
        }


def unknown_finding(dataset: Dataset) -> list[QualityFinding]:
    """Images of which no checksum is known, since their headers alone were read."""
    finding = QualityFinding(
        "checksums-unknown",
        "the headers of these images alone were read at the import, so which of them are the same is not known",
        f"take their checksums: {COMMAND} import --recheck --name {dataset.name}",
    )
    for (images,) in dataset.select("SELECT COUNT(*) FROM images WHERE pixel_checksum = 0"):
        if images:
            finding.add(counted(images, "image"), count=images)
    return found([finding])


def leak_finding(kind: str, what: str) -> QualityFinding:
    """For pairs of which one image is trained on and the other measures."""
    return QualityFinding(
        kind,
        f"{what} is in {TRAIN} and in a split that measures, which therefore tells a better result than new images get",
        "remove the images from one of the two splits, or draw the splits again so that copies stay together",
    )


_GROUPS = """
SELECT images.pixel_checksum, images.height, images.width, split, position, path, label
FROM images JOIN (SELECT pixel_checksum, height, width FROM images WHERE pixel_checksum != 0 GROUP BY 1, 2, 3
    HAVING COUNT(*) > 1) AS twice
ON images.pixel_checksum = twice.pixel_checksum AND images.height = twice.height AND images.width = twice.width
ORDER BY 1, 2, 3, {rank}, position
"""


def _members(dataset: Dataset) -> Iterator[tuple[tuple[int, int, int], ImageRef]]:
    """(picture, image) of every picture that is there more than once; those of a picture one after another, by split.

    The checksum is of the pixels' bytes alone, hence height and width.
    """
    rank = f"CASE split {' '.join(f'WHEN ? THEN {place}' for place in range(len(dataset.splits)))} END"
    for checksum, height, width, split, position, path, label in dataset.select(
        _GROUPS.format(rank=rank), tuple(dataset.splits)
    ):
        yield (checksum, height, width), image_ref(dataset, split, position, path, label)

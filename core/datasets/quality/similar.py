"""Pictures that look alike and are not the same: pairs of their hashes, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..dataset import Dataset
from .duplicates import TRAIN, leak_finding
from .findings import MOST_EXAMPLES, ImageRef, Pair, QualityFinding, classes_told, found, image_ref
from .near import NearPairs, near_pairs
from .pictures import Looked, RowChunk

MOST_PAIRS = 1_000_000
"""Then the search ends: with so many, the distance is too large for these pictures."""

Mask = npt.NDArray[np.bool_]


class SimilarPictures:
    """The hashes of a dataset's images, 33 bytes an image, and the pairs among them that are near."""

    def __init__(self, dataset: Dataset, distance: int) -> None:
        images = sum(dataset.splits.values())
        self._dataset = dataset
        self._distance = distance
        self._hashes = np.zeros((images, 2), np.uint64)
        self._pictures = np.zeros(images, np.uint64)
        self._labels = np.zeros(images, np.int64)
        self._sound = np.ones(images, np.bool_)
        self._filled = 0
        self._pairs = NearPairs(*(np.empty(0, np.int64) for _ in NearPairs._fields))
        self._ended_early = False

    def add(self, chunk: RowChunk, looked: Looked) -> None:
        """The next images, in the order of the dataset's splits."""
        part = slice(self._filled, self._filled + len(chunk.rows))
        self._hashes[part] = looked.hashes
        # where a checksum is not known, each is a picture of its own
        self._pictures[part] = [row.pixel_checksum or self._filled + place for place, row in enumerate(chunk.rows)]
        self._labels[part] = [row.label for row in chunk.rows]
        self._sound[[self._filled + fault.place for fault in looked.faults]] = False
        self._filled = part.stop

    def search(self) -> Iterator[float]:
        """Find the pairs; yields the part of the work that is done. A picture that is there twice counts once."""
        _, first = np.unique(self._pictures, return_index=True)
        chosen = np.sort(first[self._sound[first]])
        kept = [self._pairs]
        for done, pairs in near_pairs(self._hashes[chosen], self._distance):
            kept.append(pairs)
            yield done
            if sum(len(part.one) for part in kept) > MOST_PAIRS:
                self._ended_early = True
                break
        one, other, distance = (np.concatenate(part) for part in zip(*kept, strict=True))
        order = np.lexsort((other, one, distance))
        self._pairs = NearPairs(chosen[one[order]], chosen[other[order]], distance[order])

    @property
    def findings(self) -> list[QualityFinding]:
        across = self._across()
        leaking = across & (self._split_of(self._pairs.one) == self._train())
        different = self._labels[self._pairs.one] != self._labels[self._pairs.other]
        leaks = leak_finding("near-leak", "nearly the same picture")
        contradicting = QualityFinding(
            "near-contradicting-labels",
            "pictures that are nearly the same stand in two classes: one label may be wrong",
            "look at the pictures, and correct or remove those of the wrong class",
        )
        copies = QualityFinding(
            "near-duplicates",
            "nearly the same picture comes several times (encoded again, resized, brighter, the next of a series)",
            "keep such pictures in one split, and remove those that add nothing",
        )
        for finding, mask in ((leaks, leaking), (contradicting, different), (copies, ~leaking)):
            self._fill(finding, mask)
        return found((leaks, contradicting, copies))

    def _fill(self, finding: QualityFinding, mask: Mask) -> None:
        if self._ended_early:
            finding.remedy += f"; the search ended at {MOST_PAIRS:,} pairs: use a smaller distance"
        for at in np.flatnonzero(mask)[:MOST_EXAMPLES]:
            pair = self._pair(at)
            apart = int(self._pairs.distance[at])
            finding.add(f"{apart} of 64 bits differ, {classes_told(pair)}", pair)
        finding.count = int(mask.sum())

    def to_json(self, most: int) -> dict[str, object]:
        """The first `most` pairs within splits and across, the nearest first, as paths."""
        across = self._across()
        told: dict[str, object] = {"distance": self._distance, "complete": not self._ended_early}
        for name, mask in (("within", ~across), ("across", across)):
            pairs = map(self._pair, np.flatnonzero(mask)[:most])
            told |= {name: [[image.path for image in pair] for pair in pairs], f"{name}_count": int(mask.sum())}
        return told

    def _across(self) -> Mask:
        return np.asarray(self._split_of(self._pairs.one) != self._split_of(self._pairs.other))

    def _train(self) -> int:
        return next((place for place, split in enumerate(self._dataset.splits) if split == TRAIN), -1)

    def _ends(self) -> npt.NDArray[np.int64]:
        return np.cumsum(list(self._dataset.splits.values()))

    def _split_of(self, images: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.searchsorted(self._ends(), images, "right")

    def _pair(self, at: np.int64) -> Pair:
        return Pair(self._image(int(self._pairs.one[at])), self._image(int(self._pairs.other[at])))

    def _image(self, number: int) -> ImageRef:
        for split, images in self._dataset.splits.items():
            if number < images:
                row = self._dataset.row(split, number)
                return image_ref(self._dataset, split, number, row.path, row.label)
            number -= images
        raise IndexError(number)

"""The task that checks a dataset."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ...base.errors import InputError
from ...base.events import Event, Pace, Progress, Result
from ...base.home import Home
from ..dataset import Dataset
from .balance import class_findings, size_findings
from .duplicates import Duplicates, unknown_finding
from .findings import QualityFinding
from .pictures import FileSizes, PictureFindings, look_at_all
from .similar import SimilarPictures

DISTANCE = 8
"""Bits of 64. Of CIFAR-10's images that were compressed anew at quality 60, 99 % are as near as that; its own pairs
of that distance are the same picture or two takes of one scene (docs/importing.md)."""

FARTHEST = 16


@dataclass(frozen=True)
class DatasetCheck:
    """Look for what may be wrong with the dataset `name`.

    From the index alone: duplicates, classes, sizes; and whether each file is there with its size. With `near`, every
    file is read, compared with its checksum and decoded: pictures of one colour, and pictures of which both perceptual
    hashes differ in at most `distance` of 64 bits. At most `most` pairs of each kind are listed; all are counted.
    """

    name: str
    near: bool = False
    distance: int = DISTANCE
    most: int = 10_000
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the JSON of `datasets --check`. Raises InputError where there is no such dataset."""
        begun = time.monotonic()
        if not 0 <= self.distance <= FARTHEST:
            raise InputError(f"a distance of {self.distance} bits says nothing; choose 0 to {FARTHEST}")
        if self.most < 1:
            raise InputError("at least one pair must be listed")
        dataset = Dataset.open(Home.find(self.home), self.name)
        images = sum(dataset.splits.values())
        yield Progress("index", 0, images)
        duplicates, pictures = Duplicates(self.most), PictureFindings()
        duplicates.look(dataset)
        findings = [*class_findings(dataset), *size_findings(dataset)]
        similar = SimilarPictures(dataset, self.distance) if self.near else None
        yield from _look_at_files(dataset, pictures) if similar is None else _look(dataset, pictures, similar)
        alike: list[QualityFinding] = [] if similar is None else similar.findings
        unknown = unknown_finding(dataset)
        told = [*unknown, *duplicates.findings, *alike, *pictures.findings, *findings]
        yield Result(
            {
                "dataset": dataset.name,
                "fingerprint": dataset.fingerprint,
                "images": images,
                "near": self.near,
                "duplicates": duplicates.to_json(),
                "near_duplicates": None if similar is None else similar.to_json(self.most),
                "findings": [finding.to_json() for finding in told],
                "seconds": round(time.monotonic() - begun, 3),
            }
        )


def _look_at_files(dataset: Dataset, pictures: PictureFindings) -> Iterator[Event]:
    """That they are there, with the size that they had."""
    done, images, pace = 0, sum(dataset.splits.values()), Pace()
    sizes = FileSizes(dataset)
    for split in dataset.splits:
        for row in dataset.rows(split):
            fault = sizes.fault(row)
            if fault is not None:
                pictures.add(dataset, split, row, fault)
            done += 1
            if done % 1000 == 0 and pace.due():
                yield Progress("files", done, images)
    yield Progress("files", done, images)


def _look(dataset: Dataset, pictures: PictureFindings, similar: SimilarPictures) -> Iterator[Event]:
    """Read and decode all, then compare the hashes."""
    done, images, pace = 0, sum(dataset.splits.values()), Pace()
    for chunk, looked in look_at_all(dataset):
        similar.add(chunk, looked)
        for fault in looked.faults:
            pictures.add(dataset, chunk.split, chunk.rows[fault.place], fault)
        done += len(chunk.rows)
        if pace.due():
            yield Progress("decoding", done, images)
    yield Progress("decoding", done, images)
    for part in similar.search():
        if pace.due():
            yield Progress("comparing", round(part * 100), 100, "%")

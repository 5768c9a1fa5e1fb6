"""The comparison of containers at a small size: built, read with the formats' own tools, and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_fixtures import put_classes

from benchmarks import container_builds, container_reads
from benchmarks.container_builds import NAME
from benchmarks.container_goals import Reached, table_of
from benchmarks.container_readers import TOOLS, digest, pixels_of
from core.datasets.dataset import Dataset


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of two classes of three PNG files each."""
    put_classes(tmp_path / "images", {"a": 3, "b": 3})
    return tmp_path / "images"


def test_stores_are_built_and_read_by_other_tools(images: Path, tmp_path: Path) -> None:
    home = container_builds.imported(images, tmp_path)
    dataset = Dataset.open(home, NAME)
    right = container_reads.digests(dataset, "train")
    stores = []
    for form, tool, encoding in (("lmdb", "", "raw"), ("webdataset", "tarfile", "raw"), ("npy", "numpy", "original")):
        stores += container_builds.built(home, form, encoding)
        for read in [TOOLS[form][tool]] if tool else []:
            found = [digest(pixels_of(value, encoding), label) for value, label in read(stores[-1].path, "train")]
            assert container_reads.compared(np.array(found, np.uint64), right) == ""
            found[2] += 1
            assert container_reads.compared(np.array(found, np.uint64), right) == "1 of 6 samples DIFFER"
            assert "5 samples where 6 belong" in container_reads.compared(np.array(found[:5], np.uint64), right)
    assert container_builds.built(home, "csv", "raw") == []
    table = container_builds.table(stores)
    assert "| webdataset/raw | 0.0 |" in table
    assert "| 1.00 |" in table


def test_a_label_is_part_of_what_is_compared() -> None:
    assert digest(b"pixels", 1) != digest(b"pixels", 2)


def test_goals_say_whether_they_were_reached() -> None:
    told = table_of([Reached("a", "b", 0.85, 0.9, 0.8, 1.0), Reached("c", "d", 60_000, 59_000.0)])
    assert "| 0.900 | 0.800 to 1.000 | yes, the interval holds the goal |" in told
    assert "| at least 60,000 | 59,000 | - | no |" in told

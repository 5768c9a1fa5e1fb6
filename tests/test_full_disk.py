"""A disk that takes no more, at whichever stage of a build: one sentence, exit status 1, and nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.base.events import Message, finish
from core.base.home import REPOSITORY, Home
from core.building import Build
from core.building import task as building
from core.stores.store import list_stores

PAGE = 4096
PAGES = (1, 2, 3, 6, 12, 20, 28, 36, 45)
"""From a disk on which nothing can be begun to one on which the last file does not fit."""

CASES: dict[str, list[Any]] = {
    "disk": ["disk", "png", "lz4", {}],
    "lmdb": ["lmdb", "original", "none", {}],
    "hdf5 contiguous": ["hdf5", "original", "none", {}],
    "hdf5 spooled": ["hdf5", "png", "none", {}],
    "hdf5 filtered": ["hdf5", "raw", "none", {"filter": "gzip"}],
    "arrow": ["arrow", "png", "none", {}],
    "parquet": ["parquet", "original", "none", {"shards": 2}],
    "webdataset": ["webdataset", "png", "none", {"shards": 2}],
    "hdf5 vlen": ["hdf5", "png", "zstd-dict", {"layout": "vlen"}],
}


@pytest.mark.parametrize("name", CASES)
def test_whatever_does_not_fit_any_more_costs_one_sentence(home: Home, name: str) -> None:
    """All sizes in one process: a library that keeps what it could not write crashes when the process ends."""
    cases = [[*CASES[name], pages * PAGE] for pages in PAGES]
    command = [sys.executable, "-m", "tests.filled_disk", str(home.root), json.dumps(cases)]
    process = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    rows = [json.loads(line) for line in process.stdout.splitlines()]
    if name == "disk" and not rows[0]["mounts"]:
        pytest.skip("no disk can be mounted here, and a limit on each file's size does not stop many small ones")
    refused = [row for row in rows if row["status"] != 0]
    assert len(rows) == len(PAGES)
    assert len(refused) >= 6
    for row in refused:
        assert (row["status"], row["left"]) == (1, []), row
        [sentence] = row["said"].splitlines()
        assert sentence.startswith("the disk is full: " if row["mounts"] else "the build failed"), row


def test_a_summary_that_cannot_be_written_takes_no_store_with_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building, "add_to_summary", full)
    events = list(Build("shapes", "lmdb", home=str(home.root)).run())
    [told] = [event for event in events if isinstance(event, Message)]
    assert told.level == "warning"
    assert "No space left on device" in told.text
    assert [str(info.path) for info in list_stores(home)] == [finish(iter(events))["store"]]


def test_an_index_that_vanishes_is_told(home: Home, tmp_path: Path) -> None:
    from core.base.errors import InputError
    from core.datasets.dataset import Dataset

    dataset = Dataset.open(home, "shapes")
    (dataset.root / "index.sqlite").unlink()
    with pytest.raises(InputError, match="the index of dataset 'shapes' is damaged"):
        list(dataset.rows("train"))

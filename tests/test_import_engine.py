"""Imports by an engine: the dataset is the one that this machine's own way of importing makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.base.errors import InputError
from core.base.home import Home
from core.base.registry import Registration
from core.datasets.dataset import Dataset
from core.importing import workers
from core.importing.task import Import
from core.processes.engines import ENGINES, Done
from core.processes.engines.local_engine import LocalEngine
from tests.field_fixtures import ended
from tests.image_fixtures import put_classes


class LastFirst(LocalEngine):
    """Makes all calls here, and hands over the last of each run first."""

    runs: ClassVar[list[int]] = []

    def run(self, call: Callable[[Any], Any], given: Iterable[Any]) -> Iterator[Done[Any] | None]:
        done = [Done(number, call(item), 1, "here") for number, item in enumerate(given)]
        self.runs.append(len(done))
        yield from [None, *reversed(done)]


@pytest.fixture
def last_first(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The engine of this name; the numbers of chunks of its runs."""
    monkeypatch.setattr(LastFirst, "runs", [])
    ENGINES.register("last-first", Registration(f"{__name__}:LastFirst", "Last first"))
    yield LastFirst.runs
    ENGINES.unregister("last-first")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    put_classes(folder, {"cat": 40, "dog": 30})
    (folder / "cat" / "broken.png").write_bytes(b"no image")
    return folder


def test_the_dataset_is_the_same_in_whatever_order_calls_end(
    images: Path, home: Home, last_first: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "WINDOW_CHUNKS", 2)
    here = ended(Import(str(images), "here", home=str(home.root)))
    there = ended(Import(str(images), "there", home=str(home.root), engine="last-first"))
    assert there["skipped"] == here["skipped"] != []
    first, second = (Dataset.open(home, name) for name in ("here", "there"))
    for split in first.splits:
        assert list(first.rows(split)) == list(second.rows(split))
        assert [first.read(row) for row in first.rows(split)] == [second.read(row) for row in second.rows(split)]
    assert len(last_first) > 1
    assert max(last_first) == 2 * LastFirst().slots


def test_few_chunks_wait_where_their_bytes_come_with_them(
    home: Home, last_first: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "WINDOW_BYTES", 1000)
    ended(Import("shapes", "drawn", limit=60, home=str(home.root), engine="last-first"))
    assert max(last_first) == 1


def test_an_address_is_one_of_a_cluster(images: Path, home: Home) -> None:
    with pytest.raises(InputError, match="no address"):
        ended(Import(str(images), "here", home=str(home.root), address="10.0.0.1:6379"))

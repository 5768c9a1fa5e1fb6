"""Imports that are killed, and gone on with by the next one of the same name and source."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base import staging
from core.base.contracts import FieldValue
from core.base.events import Message, Result
from core.base.home import REPOSITORY, Home
from core.datasets.dataset import Dataset
from core.importing import resumable_index, resume
from core.importing.chunks import ChunkSize, ImportChunk
from core.importing.resumable_index import ResumableIndex
from core.importing.task import Import
from tests.image_fixtures import put, put_classes
from tests.test_import import leftovers

Kill = Callable[..., None]

SCRIPT = """
import os, signal, sys
from core.importing import resumable_index, resume
from core.importing.task import Import

resumable_index.COMMIT_SECONDS = -1
resume.touched = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
for event in Import(sys.argv[1], "animals", home=sys.argv[2]).run():
    pass
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put_classes(tmp_path / "animals", {"cat": 40, "dog": 40, "emu": 3})
    (tmp_path / "animals" / "cat" / "000.png").write_bytes(b"broken")
    return tmp_path / "animals"


class KilledError(BaseException):
    """Ends an import as a signal does: nothing is cleaned up, what was not committed is lost."""


@pytest.fixture
def killed(folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> Kill:
    """An import that is killed after so many commits, or (0) when all is read."""

    def run(commits: int, refer: bool = False) -> None:
        seen = []

        def stop(*_: Any, **__: Any) -> None:
            seen.append(1)
            if len(seen) >= commits:
                raise KilledError

        with monkeypatch.context() as patch:
            patch.setattr(resumable_index, "COMMIT_SECONDS", -1)
            patch.setattr(ChunkSize, "learn", lambda *_: None)
            patch.setattr(staging.shutil, "rmtree", lambda *_, **__: None)
            patch.setattr(*((resume, "touched") if commits else (ResumableIndex, "finish")), stop)
            with pytest.raises(KilledError):
                list(Import(str(folder), "animals", home=str(home.root), reference=refer).run())
        assert len(leftovers(home)) == 1

    return run


def imported(folder: Path, home: Home, name: str = "animals", **told: Any) -> tuple[Dataset, dict[str, Any]]:
    *_, last = Import(str(folder), name, home=str(home.root), **told).run()
    assert isinstance(last, Result)
    return Dataset.open(home, name), dict(last.data)


def everything(dataset: Dataset) -> list[Any]:
    return [dataset.fingerprint, dataset.skipped(), *(list(dataset.rows(split)) for split in dataset.splits)]


@pytest.mark.parametrize(("commits", "refer"), [(1, False), (3, True), (0, False), (0, True)])
def test_an_import_that_was_killed_is_gone_on_with(
    folder: Path, home: Home, killed: Kill, commits: int, refer: bool
) -> None:
    killed(commits, refer)

    dataset, told = imported(folder, home, reference=refer)

    assert 0 < told["resumed"] <= 83
    assert (told["resumed"] == 82) == (commits == 0)
    whole, again = imported(folder, home, "whole", reference=refer)
    assert again["resumed"] == 0
    assert everything(dataset) == everything(whole)
    assert leftovers(home) == []
    if not refer:
        files = list(dataset.root.rglob("*.png"))
        assert len(files) == sum(dataset.splits.values())
        assert all(dataset.read(row) for split in dataset.splits for row in dataset.rows(split))


def test_an_import_that_the_system_killed_is_gone_on_with(folder: Path, home: Home) -> None:
    program = [sys.executable, "-c", SCRIPT, str(folder), str(home.root)]
    ended = subprocess.run(program, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, check=False)
    assert ended.returncode == -signal.SIGKILL

    dataset, told = imported(folder, home)

    assert told["resumed"] > 0
    assert everything(dataset) == everything(imported(folder, home, "whole")[0])


def changed(folder: Path) -> None:
    put(folder / "dog" / "020.png", 99)


def added(folder: Path) -> None:
    put(folder / "dog" / "0200.png", 98)


def gone(folder: Path) -> None:
    (folder / "dog" / "020.png").unlink()


@pytest.mark.parametrize("change", [changed, added, gone])
def test_files_that_changed_meanwhile_are_imported_anew(
    folder: Path, home: Home, killed: Kill, change: Callable[[Path], None]
) -> None:
    killed(5)
    change(folder)

    dataset, told = imported(folder, home)

    assert 0 < told["resumed"] < 80
    assert everything(dataset) == everything(imported(folder, home, "whole")[0])


@pytest.mark.parametrize(
    "told", [{"limit": 50}, {"options": {"seed": 2}}, {"reference": True}], ids=["limit", "seed", "by reference"]
)
def test_another_import_of_the_name_begins_anew(folder: Path, home: Home, killed: Kill, told: dict[str, Any]) -> None:
    killed(2)

    dataset, result = imported(folder, home, **told)

    assert result["resumed"] == 0
    assert everything(dataset) == everything(imported(folder, home, "whole", **told)[0])


def test_what_another_name_left_is_kept_for_it_and_told(folder: Path, home: Home, killed: Kill) -> None:
    killed(2)

    events = list(Import("shapes", "other", limit=5, home=str(home.root)).run())

    said = [event.text for event in events if isinstance(event, Message)]
    assert any(text.startswith("the import of 'animals' was interrupted and left") for text in said)
    assert imported(folder, home)[1]["resumed"] > 0


def test_what_was_left_too_long_ago_is_removed(folder: Path, home: Home, killed: Kill) -> None:
    killed(2)
    (left,) = leftovers(home)
    os.utime(home.raw / ".importing" / left / "resume.json", (0, 0))

    imported(folder, home, "other")

    assert leftovers(home) == []


def test_a_damaged_index_is_not_gone_on_with(folder: Path, home: Home, killed: Kill) -> None:
    killed(3)
    (left,) = leftovers(home)
    (home.raw / ".importing" / left / "dataset" / "index.sqlite").write_bytes(b"rubbish" * 1000)

    assert imported(folder, home)[1]["resumed"] == 0


def test_after_a_restart_of_the_machine_copies_are_read_again(
    folder: Path, home: Home, killed: Kill, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(0)
    (left,) = leftovers(home)
    copies = sorted((home.raw / ".importing" / left / "dataset" / "train" / "dog").iterdir())
    copies[10].write_bytes(b"")
    monkeypatch.setattr(resume, "BOOT", home.root / "booted")
    resume.BOOT.write_text("another time")

    dataset, told = imported(folder, home)

    assert 0 < told["resumed"] < 82
    assert everything(dataset) == everything(imported(folder, home, "whole")[0])
    assert all(dataset.read(row) for split in dataset.splits for row in dataset.rows(split))


def test_a_chunk_means_another_as_soon_as_a_further_value_is_another() -> None:
    """Arrays and images by their bytes."""
    values: list[FieldValue] = [
        1, 1.0, True, "1", None, [1, 2], {"a": 1}, b"mask 1", b"mask 2",
        np.array([1, 2], np.int64), np.array([1, 3], np.int64), np.array([[1, 2]], np.int64), np.array([1.0, 2.0]),
    ]  # fmt: skip

    def meaning(name: str, value: FieldValue) -> int:
        return ImportChunk("train", [], ["a.png"], [0], [{name: value}], [None]).meaning()

    assert len({meaning("box", value) for value in values} | {meaning("age", 1)}) == len(values) + 1
    assert meaning("box", np.array([1, 2], np.int64)) == meaning("box", np.array([1, 2], np.int64))

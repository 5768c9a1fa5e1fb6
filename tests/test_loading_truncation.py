"""A container that is cut short while a loader reads it: one sentence, where the system would end the process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import WorkError
from core.base.events import finish
from core.building import Build
from core.importing.task import Import
from core.loading import bus_error
from core.loading.loader import make_loader
from core.loading.truncation import TruncationGuard
from core.stores.store import open_store
from tests.loading_fixtures import MemoryReader
from tests.test_loading_fused import MappedReader

ROOT = Path(__file__).parent.parent
needs_handler = pytest.mark.skipif(not bus_error.install(), reason="no handler of bus errors on this system")

CUTS_IN_MID_EPOCH = """
import os, sys
from pathlib import Path
from core import open_store
from core.base.errors import WorkError
for case in sys.argv[1:]:
    folder, file, kind, workers = case.split("|")
    loader = open_store(folder).loader(batch_size=16, loader=kind, workers=workers, output="uint8", verify="never")
    taken = 0
    try:
        for _ in range(200):
            for images, labels in loader:
                taken += 1
                if taken == 5:
                    os.truncate(Path(folder) / file, 5000)
        print("no error")
    except WorkError as error:
        print(error, flush=True)
    loader.close()
"""

READS_ELSEWHERE = """
import os, sys
import numpy as np
from core.loading import bus_error
watched, other = (np.memmap(path, np.uint8, "r") for path in sys.argv[1:])
assert bus_error.enter(watched.ctypes.data, watched.nbytes) is not None
os.truncate(sys.argv[1], 0)
print(int(watched.sum()), flush=True)
os.truncate(sys.argv[2], 0)
print(int(other.sum()))
"""


def child(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cut")
    finish(Import("shapes", "shapes", options={"size": 32, "train": 200, "val": 10}, home=str(root)).run())
    return root


def built(home: Path, format: str) -> Path:
    options = {"shards": 3} if format == "webdataset" else {}
    return Path(
        finish(Build("shapes", format, "raw", options=options, force=True, workers=1, home=str(home)).run())["store"]
    )


CASES = [
    ("lmdb", "fast", "threads:2"),
    ("hdf5", "fast", "0"),
    ("lmdb", "fast", "processes:1"),
    ("lmdb", "torch", "0"),
    ("hdf5", "torch", "1"),
    ("lmdb", "naive", "0"),
    ("webdataset", "fast", "threads:2"),
]
FILES = {"lmdb": "train.lmdb/data.mdb", "hdf5": "train.h5", "webdataset": "train/train-000001.tar"}


@needs_handler
def test_a_container_cut_in_mid_epoch_is_one_sentence(home: Path, tmp_path: Path) -> None:
    """With every kind of loader and worker, one after the other in the same process, which lives on."""
    stores, arguments, expected = {format: built(home, format) for format in FILES}, [], []
    for number, (format, kind, workers) in enumerate(CASES):
        folder = tmp_path / f"store{number}"
        shutil.copytree(stores[format], folder)
        size = (folder / FILES[format]).stat().st_size
        arguments.append(f"{folder}|{FILES[format]}|{kind}|{workers}")
        shard = "train-000001.tar " if format == "webdataset" else ""
        expected.append(
            f"{'/'.join(folder.parts[-3:])}/train was cut short while it was read, "
            f"{shard}from {size:,} bytes to 5,000: verify the store, and build it again"
        )
    ended = child(CUTS_IN_MID_EPOCH, *arguments)
    assert ended.stdout.splitlines() == expected, ended.stderr
    assert ended.returncode == 0


@needs_handler
def test_bus_errors_elsewhere_end_the_process_as_before(tmp_path: Path) -> None:
    for name in ("watched", "other"):
        (tmp_path / name).write_bytes(b"x" * 100_000)
    ended = child(READS_ELSEWHERE, tmp_path / "watched", tmp_path / "other")
    assert ended.returncode == -signal.SIGBUS
    assert ended.stdout == "0\n", "what was watched reads as zeros"


class Reader(MappedReader):
    """A map of a file as the only payload."""

    def __init__(self, path: Path) -> None:
        super().__init__([b""], np.zeros(1, np.int64))
        self.memory = np.memmap(path, np.uint8, "r")

    def extents(self) -> Any:
        made = super().extents()
        return made._replace(memory=self.memory)


@needs_handler
def test_pages_that_are_missing_are_counted_even_where_the_file_has_its_size_again(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)
    reader = Reader(file)
    watch = TruncationGuard(reader, "the store")
    with watch:
        assert int(reader.memory[0]) == ord("x")
    with (
        pytest.raises(WorkError, match=r"^the store could not be read in places: the disk fails, or the file was"),
        watch,
    ):
        _reads_what_is_gone(file, reader.memory)
    with pytest.raises(WorkError, match="could not be read in places"), watch:
        pass  # the page of zeros is still there


@needs_handler
def test_a_cut_between_the_two_looks_is_told_as_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread's fault may come at any moment: here, while this one looks at the count of faults."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)
    reader = Reader(file)
    look = bus_error.faults

    def cut_meanwhile(slot: int) -> int:
        found = look(slot)
        os.truncate(file, 0)
        assert int(reader.memory[50_000]) == 0
        return found if found else look(slot)

    watch = TruncationGuard(reader, "the store")
    with watch:
        pass
    monkeypatch.setattr(bus_error, "faults", cut_meanwhile)
    with pytest.raises(WorkError, match=r"^the store was cut short while it was read, from 100,000 bytes to 0"), watch:
        pass


def test_a_file_that_is_shorter_is_told_whatever_else_went_wrong(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)
    cut = r"^the store was cut short while it was read, from 100,000 bytes to 99,990: "
    with pytest.raises(WorkError, match=cut), TruncationGuard(Reader(file), "the store"):
        _cuts_and_fails(file)


def _reads_what_is_gone(file: Path, memory: np.ndarray) -> None:
    with file.open("r+b") as opened:
        opened.truncate(0)
        assert int(memory[50_000]) == 0
        opened.truncate(100_000)


def _cuts_and_fails(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(99_990)  # within the last page, whose rest reads as zeros without a signal
    raise ValueError("what came of it")


def test_readers_without_a_map_are_left_alone() -> None:
    for reader in (MemoryReader([b"abc"], np.zeros(1, np.int64)), MappedReader([b"abc"], np.zeros(1, np.int64))):
        with TruncationGuard(reader, "memory"):
            pass


@needs_handler
def test_the_table_is_left_with_the_loader(home: Path) -> None:
    """A stretch that is given back must not be watched: its addresses are soon another map's."""
    watched = np.count_nonzero(bus_error._table[:, bus_error.END])
    store = open_store(built(home, "hdf5"))
    for _ in range(3):
        loader = make_loader(store, batch_size=50, workers=0)
        assert len(list(loader)) == 4
        assert np.count_nonzero(bus_error._table[:, bus_error.END]) > watched
        del loader
    store.close()
    assert np.count_nonzero(bus_error._table[:, bus_error.END]) == watched

"""A limit of ours that ends a reading is told as that, not as damage: time, memory, the size of an answer."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5_fixtures import IMAGES

from core.base.errors import InputError
from core.inspect import limits, wire
from core.inspect import reader as served
from core.inspect.files import InspectedFile
from core.inspect.hdf5.file import Hdf5File
from core.inspect.process import OUR_LIMIT, ReaderDied, ReaderProcess
from core.inspect.reader_request import Answer
from core.inspect.requests import EntriesRequest


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[ReaderProcess]:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES
    with InspectedFile(tmp_path / "made.h5") as opened:
        yield opened._reader


def test_our_time_is_over(reader: ReaderProcess) -> None:
    os.kill(reader._process.pid, signal.SIGSTOP)
    with pytest.raises(ReaderDied, match=r"was given up: reading it took more than 0\.2 s") as told:
        reader.ask("SummaryRequest", timeout=0.2)
    assert str(told.value).endswith(OUR_LIMIT)
    assert "damaged" not in str(told.value)


def test_all_questions_together_have_a_limit(reader: ReaderProcess) -> None:
    reader._deadline = 0.0
    os.kill(reader._process.pid, signal.SIGSTOP)
    with pytest.raises(ReaderDied, match=r"took more than 0\.1 s"):
        reader.ask("SummaryRequest")


def test_a_reader_that_crashed(reader: ReaderProcess) -> None:
    os.kill(reader._process.pid, signal.SIGSEGV)
    with pytest.raises(ReaderDied, match=r"is damaged: the HDF5 library crashed reading it \(SIGSEGV\)"):
        reader.ask("SummaryRequest")


def test_a_reader_that_was_ended_from_outside(reader: ReaderProcess) -> None:
    os.kill(reader._process.pid, signal.SIGKILL)
    with pytest.raises(ReaderDied, match="was given up: its reader was ended from outside") as told:
        reader.ask("SummaryRequest")
    assert "damaged" not in str(told.value)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_a_reader_that_died_of_its_memory(reader: ReaderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.inspect.process.MEMORY", 1 << 20)  # any reader has had more than this
    monkeypatch.setattr(reader, "_inherited", 0)
    os.kill(reader._process.pid, signal.SIGSEGV)
    with pytest.raises(ReaderDied, match="was given up: it needs more memory than a reader may use") as told:
        reader.ask("SummaryRequest")
    assert "damaged" not in str(told.value)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_memory_of_the_process_that_started_it_is_not_held_against_a_reader(
    reader: ReaderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux counts the peak of the parent as the child's: an app of more than 1 GiB would blame every death on it."""
    monkeypatch.setattr("core.inspect.process.MEMORY", 1 << 20)
    monkeypatch.setattr(reader, "_inherited", 1 << 40)
    os.kill(reader._process.pid, signal.SIGSEGV)
    with pytest.raises(ReaderDied, match="the HDF5 library crashed reading it"):
        reader.ask("SummaryRequest")


def test_an_answer_that_is_too_large_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_JSON", 1000)
    with (tmp_path / "sent").open("w+b") as stream:
        with pytest.raises(wire.TooLarge):
            wire.send(stream, {"names": "n" * 2000})
        assert stream.tell() == 0


def test_an_answer_that_breaks_off(reader: ReaderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_JSON", 10)
    monkeypatch.setattr(wire, "send", _send_whatever)
    with pytest.raises(ReaderDied, match="could not be understood") as told:
        reader.ask("SummaryRequest")
    assert "damaged" not in str(told.value)


def _send_whatever(stream: object, fields: dict, blobs: object = ()) -> None:
    text = json.dumps({**fields, "blobs": []}).encode()
    stream.write(struct.pack(">I", len(text)) + text)
    stream.flush()


def test_the_readers_own_limits_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES
    requests, answers = io.BytesIO(), io.BytesIO()
    wire.send(requests, {"request": "open", "kind": "hdf5", "path": str(tmp_path / "made.h5"), "schema": None})
    wire.send(requests, {"request": "EntriesRequest"})
    requests.seek(0)

    def hungry(*_: object) -> Answer:
        raise MemoryError

    monkeypatch.setattr(EntriesRequest, "answer", hungry)
    served.serve(requests, answers)
    answers.seek(0)
    assert wire.receive(answers) == ({"walked": None}, [])
    assert wire.receive(answers) == ({"error": limits.TOO_MUCH_MEMORY, "limit": True}, [])


def test_very_long_names_are_told_shortened(tmp_path: Path) -> None:
    """Of 64 KiB each they made an answer of more than 64 MiB."""
    with h5py.File(tmp_path / "made.h5", "w", libver="latest") as file:
        for place in range(20):
            file[f"{place:04}" + "n" * 60_000] = np.int8(place)
        file["0000" + "n" * 60_000].attrs["unit"] = "mm"
    structure = Hdf5File(tmp_path / "made.h5").structure()
    assert [len(row["name"]) for row in structure["tree"]] == [501] * 20
    assert structure["tree"][0]["attribute_values"] == {"unit": "mm"}
    assert len(json.dumps(structure)) < 50_000


def test_a_limit_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES
    answer = ({"error": limits.TOO_MUCH_MEMORY, "limit": True}, [])
    with InspectedFile(tmp_path / "made.h5") as opened:
        monkeypatch.setattr(ReaderProcess, "_exchange", lambda *_: answer)
        with pytest.raises(InputError) as told:
            opened.entries()
    assert str(told.value).startswith(f"{tmp_path / 'made.h5'} was given up: it needs more memory")
    assert str(told.value).endswith(OUR_LIMIT)

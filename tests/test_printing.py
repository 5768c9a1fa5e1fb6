"""Anything a file contains can be printed: JSON as RFC 8259 has it, and nothing on a terminal but what is seen."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
import pytest
from lmdb_fixtures import write

from core.__main__ import main
from core.base.events import Result, Sample, from_line, to_line
from core.base.home import REPOSITORY, Home
from core.base.strict_json import dumps, plain
from core.cli.console import show_result
from core.cli.verb import Lines
from core.jobs.files import write_json
from core.measure.records import RunRecorder
from core.measure.tabular import json_text

INF, NAN = float("inf"), float("nan")
HOSTILE = "a\x1b[31mred\x00\r\n\u202egnp.exe \ud800 \udcff \x9b2J"


def strictly(text: str) -> Any:
    """`text` parsed; NaN and Infinity, which Python takes, are refused, and it must be encodable."""

    def refuse(name: str) -> NoReturn:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text.encode("utf-8"), parse_constant=refuse)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([NAN, INF, -INF, 1.5], [None, None, None, 1.5]),
        ({"deep": [{"er": (NAN, 2)}]}, {"deep": [{"er": [None, 2]}]}),
        ([np.float32(NAN), np.float64(INF), np.int64(3), np.bool_(True)], [None, None, 3, True]),
        (np.array([[1.0, NAN]]), [[1.0, None]]),
        ({7: "a", None: "b", True: "c", (1, 2): NAN}, {"7": "a", "true": "c", "null": "b", "(1, 2)": None}),
        (Path("/x"), "/x"),
        (b"\xff a", "\\xff a"),
        ({"set": {5}}, {"set": [5]}),
        (HOSTILE, HOSTILE),
        ({HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}),
        ("Grüße, 狗 👨‍👩‍👧", "Grüße, 狗 👨‍👩‍👧"),
    ],
)
def test_json_is_strict_and_reads_back(value: Any, expected: Any) -> None:
    for options in ({}, {"indent": 1}, {"ascii_only": True}):
        text = dumps(value, **options)  # type: ignore[arg-type]
        assert strictly(text) == plain(value) == expected
        assert not set(text) & set("\x1b\x00\r\u202e\x9b\ud800")


def test_plain_text_is_written_as_it_is() -> None:
    assert dumps({"name": "Grüße, 狗"}) == '{"name": "Grüße, 狗"}'


def test_what_contains_itself_is_refused() -> None:
    endless: list[Any] = [NAN]
    endless.append(endless)
    with pytest.raises(ValueError, match="contains itself"):
        dumps(endless)


def test_files_and_events_are_strict(tmp_path: Path) -> None:
    write_json(tmp_path / "job.json", {"error": HOSTILE, "speed": NAN})
    assert strictly((tmp_path / "job.json").read_text("utf-8")) == {"error": HOSTILE, "speed": None}
    line = to_line(Sample("loss", {"train": NAN}))
    assert strictly(line)["values"] == {"train": None}
    assert from_line(line) == Sample("loss", {"train": None})  # type: ignore[dict-item]
    recorder = RunRecorder.begin(Home(tmp_path), "train", ["x"], {"loss": INF})
    recorder.add("epoch", {"loss": NAN})
    setup, row = map(strictly, recorder.path.read_text("utf-8").splitlines())
    assert (setup["loss"], row["loss"]) == (None, None)
    assert strictly(json_text({"rows": [{"x": np.float32(NAN)}]})) == {"rows": [{"x": None}]}


def _answer(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_a_float_dataset_with_numbers_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).random((4, 16, 16)).astype(np.float32)
    images[0, :4], images[1, 0, 0], images[2, 0, 0] = NAN, INF, -INF
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["images"] = images
        file["images"].attrs["scale"] = [NAN, INF]
        file["vectors"] = np.full((4, 8), INF)
        file["labels"] = np.array([0.5, NAN, INF, 1.0])
    for arguments in (("inspect",), ("inspect", "--index", "2"), ("scan",), ("inspect", "--schema", "hdf5-vectors")):
        verb, *options = arguments
        assert main([verb, str(tmp_path / "x.h5"), *options, "--json"]) == 0
        assert isinstance(strictly(capsys.readouterr().out), dict)


def test_a_surrogate_in_a_pickle(tmp_path: Path) -> None:
    """Both as text and as JSON, also where the terminal knows ASCII alone."""
    values = {b"%d" % index: pickle.dumps([HOSTILE, index]) for index in range(3)}
    path = write(tmp_path / "db", values)
    for environment, options in (({}, ["--json"]), ({"PYTHONIOENCODING": "ascii"}, ["--json"]), ({}, [])):
        told = _answer("inspect", str(path), *options, **environment)
        assert (told.returncode, told.stderr) == (0, "")
        assert not set(told.stdout) & set("\x1b\x00\r\u202e\x9b")
        assert "gnp.exe" in (strictly(told.stdout)["sample"]["text"] if options else told.stdout)


def test_a_terminal_is_shown_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    data: Mapping[str, Any] = {
        "text": HOSTILE,
        "list": [HOSTILE],
        "map": {HOSTILE: 1},
        "rows": [{HOSTILE: HOSTILE}],
        "code": Lines("one\ntwo"),
    }
    show_result(data, False)
    shown = capsys.readouterr().out
    assert not set(shown) & set("\x1b\x00\r\u202e\ud800\udcff\x9b")
    assert "text: a\\x1b[31mred\\x00\\r\\n\\u202egnp.exe \\ud800 \\udcff \\x9b2J\n" in shown
    assert "code: one\ntwo\n" in shown
    show_result(Result(data).data, True)
    assert strictly(capsys.readouterr().out)["rows"] == [{HOSTILE: HOSTILE}]


def test_errors_are_shown_as_escapes(tmp_path: Path) -> None:
    told = _answer("inspect", str(tmp_path / "no\x1b[2Jthing\u202e"))
    assert told.returncode == 2
    assert told.stderr.endswith("\n")
    assert "no\\x1b[2Jthing\\u202e" in told.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there, names are text")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xffame"))
    folder.mkdir()
    path = write(tmp_path / "db", {b"a": b"some text", b"b": b"more text"}).rename(folder / "db")
    told = _answer("inspect", str(path), "--json", "--home", str(folder))
    assert (told.returncode, told.stderr) == (0, "")
    assert strictly(told.stdout)["entries"] == 2
    shown = _answer("inspect", str(path) + "x")
    assert (shown.returncode, "n\\udcffame" in shown.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="there, names are text")
def test_a_home_that_is_not_utf8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/h\xffome"))
    home.mkdir()
    commands = [["import", "shapes", "--name", "tiny", "--limit", "20"]]
    commands += [["build", "tiny", "--workers", "0", "--format", name] for name in ("lmdb", "hdf5", "disk")]
    commands += [["stores"], ["verify", str(home / "data/built/tiny/lmdb/original")]]
    for command in commands:
        assert main([*command, "--home", str(home), "--json"]) == 0
        told = strictly(capsys.readouterr().out)
    assert told["ok"] is True

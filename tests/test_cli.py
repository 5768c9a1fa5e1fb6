"""The headless contract: verbs, fields, exit statuses, one line on standard error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from core.__main__ import main
from core.base.home import REPOSITORY, Home


def run(*arguments: str, home: Home | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    if home is not None:
        variables["FORMAT_MATTERS_HOME"] = str(home.root)
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=REPOSITORY,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON object of a verb, answered in this process."""
    assert main([*arguments, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1], parse_constant=_not_json)
    return told


def _not_json(name: str) -> NoReturn:
    raise AssertionError(f"{name} is not JSON")


def test_from_import_to_verify_as_a_user_would(tmp_path: Path) -> None:
    home = Home(tmp_path)
    imported = run("import", "shapes", "--name", "tiny", "--limit", "30", "--json", "--home", str(tmp_path))
    told = json.loads(imported.stdout.splitlines()[-1])
    assert told["dataset"] == "tiny"
    assert sum(told["splits"].values()) == 30
    assert len(told["classes"]) == 10
    assert told["skipped"] == []
    built = run("--home", str(tmp_path), "build", "tiny", "--format", "hdf5", "--encoding", "raw", "--json")
    store = json.loads(built.stdout.splitlines()[-1])
    assert Path(store["store"]) == home.built / "tiny" / "hdf5" / "raw"
    assert store["verified"] is True
    assert {
        "samples", "payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes", "files", "seconds",
    } <= set(store["splits"]["train"])  # fmt: skip
    verified = run("verify", store["store"], "--json")
    assert json.loads(verified.stdout) == {**json.loads(verified.stdout), "ok": True, "samples": 30, "mismatches": []}
    assert imported.stderr == built.stderr == verified.stderr == ""


def test_datasets_and_formats_are_listed(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    [dataset] = answer(capsys, "datasets")["datasets"]
    assert dataset == {"name": "shapes", "splits": {"train": 50, "val": 10}, "classes": 10, "bytes": dataset["bytes"]}
    parts = answer(capsys, "formats")
    assert [part["name"] for part in parts["formats"]][:3] == ["disk", "lmdb", "hdf5"]
    assert {"name", "title", "options", "available", "install_hint"} <= set(parts["encodings"][0])
    assert set(parts["formats"][2]["options"]) == {"layout", "chunk", "filter", "shards", "shard_mb"}


def test_load_has_the_fields_of_the_contract(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    store = answer(capsys, "build", "shapes", "--format", "lmdb")["store"]
    told = answer(capsys, "load", store, "--batch-size", "16", "--seconds", "0.3", "--workers", "0")
    assert {
        "samples", "seconds", "samples_per_s", "first_batch_s", "epochs", "ceilings", "stages", "cache",
    } <= set(told)  # fmt: skip
    assert told["samples_per_s"] > 0
    assert told["cache"] == "warm"


def test_inspect_and_scan(home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = answer(capsys, "build", "shapes", "--format", "lmdb")["store"]
    image = tmp_path / "out.png"
    told = answer(capsys, "inspect", store, "--index", "3", "--image", str(image))
    assert {"kind", "schema", "why", "entries", "keys", "sample", "structure", "warnings"} <= set(told)
    assert {"key", "label", "shape", "dtype", "encoding", "payload_bytes"} <= set(told["sample"])
    assert image.read_bytes().startswith(b"\x89PNG")
    scanned = answer(capsys, "scan", store)
    assert scanned == {**scanned, "entries": 60, "decoded": 60, "bad": []}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("build", "shapes"),
        ("build", "nothing", "--format", "lmdb"),
        ("build", "shapes", "--format", "lmdb", "--option", "group"),
        ("build", "shapes", "--format", "lmdb", "--workers", "two"),
        ("import", "/no/such/folder", "--name", "x"),
        ("import", "shapes", "--name", "../x"),
        ("import", "shapes", "--name", "shapes"),
        ("verify", "/no/such/store"),
        ("load", "/no/such/store"),
        ("inspect", "/no/such/file"),
        ("inspect", str(REPOSITORY / "pyproject.toml")),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    home: Home, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert len(captured.err) > 20


def test_the_reader_may_leave(home: Home) -> None:
    command = f"{sys.executable} -m core formats | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_looking_things_up_imports_nothing_heavy(home: Home) -> None:
    code = (
        "import sys; from core.__main__ import main; main(['datasets', '--json']);"
        "print([name for name in ('torch', 'pandas', 'numba', 'h5py', 'lmdb', 'streamlit') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.splitlines()[-1] == "[]"

"""Stores that are damaged or forged: one error that names the store and the sample, and nothing outside is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.base.contracts import MAX_PAYLOAD
from core.base.errors import FormatMattersError, InputError, WorkError
from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.building import Build, Verify
from core.stores.manifest import Manifest
from core.stores.sample_checksums import payload_checksums
from core.stores.store import open_store


def built(home: Home, format: str, encoding: str, compression: str = "none", **options: Any) -> Path:
    return Path(finish(Build("shapes", format, encoding, compression, options, home=str(home.root)).run())["store"])


# ---------------------------------------------------------------- files on disk


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (lambda lines: lines[:-10], "40 samples, where the manifest says 50"),
        (lambda lines: [lines[0], lines[1].rpartition(",")[0], *lines[2:]], "manifest.csv is damaged"),
        (lambda lines: [lines[0], *(line.replace(",0,", f",{10**30},") for line in lines[1:])], "is damaged"),
        (lambda lines: [lines[0], *(line.replace(",0,", ",77,") for line in lines[1:])], "none of the 10 classes"),
        (lambda lines: [lines[0], "/etc/00000000,0,x", *lines[2:]], "leads outside"),
        (lambda lines: [lines[0], "../../etc/00000000,0,x", *lines[2:]], "leads outside"),
        (lambda lines: [lines[0], "x\0/00000000.png,0,x", *lines[2:]], "is damaged"),
        (lambda lines: ["x" * 1_000_000, *lines], "does not begin with"),
        (lambda lines: [], "does not begin with"),
    ],
)
def test_a_listing_that_is_none(home: Home, lines: Callable[[list[str]], list[str]], told: str) -> None:
    store = built(home, "disk", "png")
    listing = store / "train" / "manifest.csv"
    listing.write_text("\n".join(lines(listing.read_text().splitlines())))
    with pytest.raises(InputError, match=told):
        open_store(store)[39]


def test_bytes_that_are_no_text_in_a_listing(home: Home) -> None:
    store = built(home, "disk", "png")
    (store / "train" / "manifest.csv").write_bytes(b"path,label,class\n\xff\xfe")
    with pytest.raises(InputError, match=r"train is damaged: the labels cannot be read \('utf-8'"):
        open_store(store)[0]
    with pytest.raises(InputError, match=r"train is damaged: it cannot be opened \('utf-8'"):
        open_store(store).read([0])
    assert not finish(Verify(str(store)).run())["ok"]


def secret_of(tmp_path: Path) -> Path:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "00000000.png").write_bytes(b"not for you")
    return secret


def test_links_in_a_store_are_not_followed(home: Home, tmp_path: Path) -> None:
    secret = secret_of(tmp_path)
    store = built(home, "disk", "png")
    first = store / "train" / (store / "train" / "manifest.csv").read_text().splitlines()[1].partition(",")[0]

    first.unlink()
    first.symlink_to(secret / "00000000.png")
    with pytest.raises(InputError, match=r"sample 0 of .* is a link"):
        open_store(store).read([0])

    folder = first.parent.rename(tmp_path / "class")
    first.parent.symlink_to(folder)
    with pytest.raises(InputError, match="is a link"):
        open_store(store).read([1])

    split = (store / "train").rename(tmp_path / "split")
    (store / "train").symlink_to(split)
    with pytest.raises(InputError, match="is a link"):
        open_store(store).read([1])

    shown = subprocess.run(
        [sys.executable, "-m", "core", "inspect", str(store), "--index", "0", "--json"],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "not for you" not in shown.stdout
    assert shown.returncode == 2
    assert "is a link" in shown.stderr


@pytest.mark.parametrize("format", ["lmdb", "hdf5"])
def test_a_container_that_is_a_link_is_not_followed(home: Home, tmp_path: Path, format: str) -> None:
    store = built(home, format, "raw")
    container = next(store.glob("train.*[!s]"))
    elsewhere = container.rename(tmp_path / container.name)
    container.symlink_to(elsewhere)
    with pytest.raises(InputError, match="is a link"):
        len(open_store(store).labels)
    if format == "lmdb":
        container.unlink()
        container.mkdir()
        (container / "data.mdb").symlink_to(elsewhere / "data.mdb")
        with pytest.raises(InputError, match="is a link"):
            len(open_store(store).labels)


def test_what_is_no_file_is_not_waited_for(home: Home) -> None:
    """A pipe in a file's place: opening it would wait for whoever writes to it."""
    store = built(home, "disk", "png")
    paths = [line.partition(",")[0] for line in (store / "train" / "manifest.csv").read_text().splitlines()[1:4]]
    pipe, folder, huge = (store / "train" / path for path in paths)
    for path in (pipe, folder, huge):
        path.unlink()
    os.mkfifo(pipe)
    folder.mkdir()
    with huge.open("wb") as file:
        file.truncate(MAX_PAYLOAD + 1)
    for index, told in enumerate(["not a regular file", "not a regular file", "more than a payload"]):
        with pytest.raises(InputError, match=f"sample {index} of .*{told}"):
            open_store(store)[index]


# ---------------------------------------------------------------- manifests, checksums, payloads


def forged(store: Path, **fields: Any) -> None:
    """A manifest with other fields and the right checksum over itself."""
    told = json.loads((store / "manifest.json").read_text())
    told.pop("self")
    Manifest(**{**told, **fields}).save(store / "manifest.json")


@pytest.mark.parametrize(
    "fields",
    [
        {"splits": {"../../train": {}}},
        {"splits": {"train": {"samples": "x"}}},
        {"splits": {"train": {"samples": 50}}},
        {"splits": ["train"]},
        {"classes": "abc"},
        {"classes": [1, 2]},
        {"encoding": {"name": "raw"}},
        {"encoding": "raw"},
        {"compression": {"name": 3, "options": {}}},
        {"format_options": []},
        {"payload_shape": [32, 32]},
        {"payload_shape": [-1, 32, 3]},
        {"payload_shape": [1 << 20, 1 << 20, 3]},
        {"payload_shape": "abc"},
        {"files": {"/etc/passwd": "0"}},
        {"files": {"train/../../../etc/passwd": "0"}},
        {"dataset": None},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_a_manifest_is_checked_field_by_field(home: Home, fields: dict[str, Any]) -> None:
    store = built(home, "lmdb", "raw")
    forged(store, **fields)
    with pytest.raises(InputError, match=r"manifest\.json is damaged"):
        Manifest.load(store)


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "1", '"x"', "", "{}", "null"])
def test_a_manifest_that_is_something_else(home: Home, text: str) -> None:
    store = built(home, "lmdb", "raw")
    (store / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json"):
        Manifest.load(store)


@pytest.mark.parametrize("data", [None, b"12345"])
def test_checksums_that_are_missing_or_odd(home: Home, data: bytes | None) -> None:
    store = built(home, "lmdb", "raw")
    (store / "train.checksums").unlink()
    if data is not None:
        (store / "train.checksums").write_bytes(data)
    with pytest.raises(InputError, match=r"train\.checksums cannot be read"):
        payload_checksums(store, "train")
    assert any("train.checksums" in found["reason"] for found in finish(Verify(str(store)).run())["mismatches"])


@pytest.mark.parametrize(
    ("compression", "loader"),
    [("none", "fast"), ("zstd", "fast"), ("lz4", "torch"), ("zstd-dict", "naive")],
)
def test_a_sample_that_does_not_decode_is_named(home: Home, compression: str, loader: str) -> None:
    store = built(home, "disk", "png", compression)
    listing = (store / "train" / "manifest.csv").read_text().splitlines()
    (store / "train" / listing[8].partition(",")[0]).write_bytes(b"rubbish")
    opened = open_store(store)
    with pytest.raises(WorkError, match=r"sample 7 of .* cannot be decoded"):
        opened[7]
    with pytest.raises(FormatMattersError, match="sample 7 of"):
        for _ in opened.loader(batch_size=16, workers=0, shuffle=False, loader=loader):
            pass


def test_a_dictionary_that_is_gone_is_told(home: Home) -> None:
    store = built(home, "disk", "png", "zstd-dict")
    (store / "train" / "__dictionary__").unlink()
    with pytest.raises(WorkError, match=r"sample 3 of .*without its dictionary"):
        open_store(store)[3]

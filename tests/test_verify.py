"""`verify` finds whatever is not as it was built, down to a byte, and says which sample it is."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.base.errors import InputError
from core.base.events import Message, Progress, finish
from core.base.home import Home
from core.building import Build, Verify
from core.building import verify as task
from core.datasets.dataset import delete_dataset
from core.stores.store import Manifest

pytestmark = pytest.mark.usefixtures("forked_checks")

CASES = [
    ("disk", "original", "none", {}),
    ("lmdb", "original", "none", {}),
    ("lmdb", "raw", "zstd-dict", {"group": 4}),
    ("hdf5", "raw", "none", {}),
    ("hdf5", "raw", "none", {"filter": "gzip"}),
    ("hdf5", "png", "lz4", {"layout": "vlen"}),
]


def built(home: Home, format: str, encoding: str, compression: str, options: dict[str, Any]) -> Path:
    made = Build("shapes", format, encoding, compression, options, home=str(home.root))
    return Path(finish(made.run())["store"])


def verify(store: Path) -> dict[str, Any]:
    return finish(Verify(str(store)).run())


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


@pytest.mark.parametrize(("format", "encoding", "compression", "options"), CASES)
def test_a_sound_store_is_sound(
    home: Home, format: str, encoding: str, compression: str, options: dict[str, Any]
) -> None:
    result = verify(built(home, format, encoding, compression, options))
    assert result == {**result, "ok": True, "samples": 60, "mismatches": [], "against_source": True}


@pytest.mark.parametrize(("format", "encoding", "compression", "options"), CASES)
def test_any_flipped_byte_is_found(
    home: Home, format: str, encoding: str, compression: str, options: dict[str, Any]
) -> None:
    """Wherever it falls: in a payload, between two, in a header, in what lies beside the containers."""
    store = built(home, format, encoding, compression, options)
    files = sorted(path for path in store.rglob("*") if path.is_file() and path.name != "manifest.json")
    draw = random.Random(5)
    for _ in range(6):
        path = draw.choice(files) if format == "disk" else max(files, key=lambda one: one.stat().st_size)
        at = draw.randrange(path.stat().st_size)
        flip(path, at)
        result = verify(store)
        assert not result["ok"], f"{path.name} byte {at}"
        assert all(found["reason"] for found in result["mismatches"])
        flip(path, at)
    assert verify(store)["ok"]


def test_the_sample_that_differs_is_named(home: Home) -> None:
    store = built(home, "hdf5", "raw", "none", {})
    container = store / "val.h5"
    sample = container.read_bytes().find(_payload(store, "val", 6))
    flip(container, sample + 100)
    assert verify(store)["mismatches"] == [
        {"split": "val", "index": 6, "reason": "payload differs from the one that was built"}
    ]


def _payload(store: Path, split: str, index: int) -> bytes:
    from core.stores.store import open_store

    return bytes(open_store(store, split).read([index])[0])


def test_a_missing_file_is_named(home: Home) -> None:
    store = built(home, "disk", "original", "none", {})
    victim = next((store / "train").glob("*/00000003.*"))
    victim.unlink()
    [found] = verify(store)["mismatches"]
    assert (found["split"], found["index"]) == ("train", 3)
    assert "cannot be read" in found["reason"]


def test_the_time_left_is_that_of_all_splits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "Pace", lambda: SimpleNamespace(due=lambda: True))
    store = built(home, "npy", "raw", "none", {})
    told = [event for event in Verify(str(store)).run() if isinstance(event, Progress)]
    assert list(dict.fromkeys(event.stage for event in told)) == [
        "verifying train",
        "verifying val",
        "comparing the files",
    ]
    train = [event.left_s for event in told if event.stage.endswith("train")]
    assert all(left > 0.4 * task.START_SECONDS for left in train), "another one is to come"
    assert told[-1].left_s < 0.1, "and then there is next to nothing"


def test_a_container_that_kills_its_reader_costs_a_sentence(home: Home) -> None:
    store = built(home, "lmdb", "raw", "none", {})
    container = store / "train.lmdb" / "data.mdb"
    container.write_bytes(container.read_bytes()[: 3 * 4096])  # LMDB reads beyond the end of its map: SIGBUS
    result = verify(store)
    assert not result["ok"]
    assert any(found["split"] == "train" for found in result["mismatches"])


def test_a_label_that_differs_from_the_source_is_found(home: Home) -> None:
    store = built(home, "disk", "original", "none", {})
    manifest = store / "train" / "manifest.csv"
    lines = manifest.read_text().splitlines()
    swapped = [line.replace(",0,", ",9,") if number == 1 else line for number, line in enumerate(lines)]
    manifest.write_text("\n".join(swapped) + "\n")
    assert not verify(store)["ok"]


def test_without_its_source_a_store_is_held_to_its_own_checksums(home: Home) -> None:
    store = built(home, "lmdb", "png", "none", {})
    delete_dataset(home, "shapes")
    events = list(Verify(str(store)).run())
    assert any(isinstance(event, Message) and event.level == "warning" for event in events)
    assert finish(iter(events))["ok"]
    assert finish(iter(events))["against_source"] is False


def test_a_changed_manifest_is_refused(home: Home) -> None:
    store = built(home, "lmdb", "png", "none", {})
    flip(store / "manifest.json", 200)
    with pytest.raises(InputError):
        verify(store)
    with pytest.raises(InputError, match="not a built store"):
        Manifest.load(store.parent)

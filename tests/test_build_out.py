"""Builds to an address: the same store as on this machine, its manifest last, nothing left of what it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="moto (requirements-dev.txt) stands in for the storage")
pytest.importorskip("s3fs", reason="the extra `scale` is missing")

from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify
from core.building.part import PartBuilder
from core.building.plan import PlannedPart
from core.remote.files import RemoteFiles
from core.stores.manifest import Manifest
from tests.object_server import ObjectServer, object_server


@pytest.fixture(scope="module")
def storage() -> Iterator[ObjectServer]:
    with object_server() as server:
        yield server


def build(home: Home, format: str, out: str | None, **further: Any) -> dict[str, Any]:
    options = {"shards": 2}
    return finish(
        Build("shapes", format, "png", options=options, workers=0, home=str(home.root), out=out, **further).run()
    )


def there(address: str) -> dict[str, int]:
    return {entry.path: entry.size for entry in RemoteFiles(address).listing()}


def manifest(address: str, folder: Path) -> Manifest:
    RemoteFiles(address).fetch("manifest.json", folder / "manifest.json")
    return Manifest.load(folder)


@pytest.mark.parametrize("format", ["lmdb", "webdataset"])
def test_a_store_at_an_address_is_the_one_that_is_made_here(
    home: Home, storage: ObjectServer, tmp_path: Path, format: str
) -> None:
    address = storage.address(f"same/{format}")
    here, told = build(home, format, None), build(home, format, address)
    assert told["store"] == address
    own, other = Manifest.load(Path(here["store"])), manifest(address, tmp_path)
    assert (other.checksum, other.files, other.shards) == (own.checksum, own.files, own.shards)
    sizes = {path.relative_to(here["store"]).as_posix(): path.stat().st_size
             for path in Path(here["store"]).rglob("*") if path.is_file()}  # fmt: skip
    found = there(address)
    assert {**found, "manifest.json": 0} == {**sizes, "manifest.json": 0}
    for name in own.files:
        assert storage.get(f"same/{format}/{name}") == (Path(here["store"]) / name).read_bytes()
    with pytest.raises(InputError, match=f"{address} is built already; --force"):
        build(home, format, address)


def test_forced_it_takes_the_place_of_the_old_one_and_touches_nothing_else(home: Home, storage: ObjectServer) -> None:
    address = storage.address("forced")
    storage.put("forced/notes.txt", b"mine")
    build(home, "lmdb", address)
    options = {"shards": 3}
    finish(
        Build("shapes", "lmdb", "png", options=options, home=str(home.root), out=address, force=True, workers=0).run()
    )
    names = set(there(address))
    assert "notes.txt" in names
    assert not any("-of-00002" in name for name in names)
    assert sum("-of-00003" in name for name in names) == 6


def test_a_killed_build_is_no_store_and_goes_on(
    home: Home, storage: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, called = storage.address("killed"), []
    real = PartBuilder.__call__

    def halting(self: PartBuilder, planned: PlannedPart) -> Any:
        called.append(planned.name)
        if len(called) == 2:
            raise KeyboardInterrupt
        return real(self, planned)

    monkeypatch.setattr(PartBuilder, "__call__", halting)
    with pytest.raises(KeyboardInterrupt):
        build(home, "lmdb", address)
    left = there(address)
    assert "manifest.json" not in left
    assert ".parts/train.00000/part.json" in left
    told = build(home, "lmdb", address, resume=True)
    assert called[2:] == ["train.00001", "val.00000", "val.00001"]
    assert told["resumed"] == told["shards"][0]["samples"]
    assert not any(name.startswith(".parts/") for name in there(address))
    assert manifest(address, tmp_path).checksum == told["checksum"]


def test_what_a_killed_build_of_another_plan_left_is_cleared_away(home: Home, storage: ObjectServer) -> None:
    address = storage.address("other")
    storage.put("other/.parts/plan", b"another")
    storage.put("other/.parts/train.00000/part.json", b"{}")
    told = build(home, "lmdb", address, resume=True)
    assert told["resumed"] == 0
    assert not any(name.startswith(".parts/") for name in there(address))


def test_a_storage_that_refuses_is_one_sentence_and_no_store(home: Home, storage: ObjectServer) -> None:
    address = storage.address("refused")
    storage.fault("403", "*/refused/train-00001*")
    try:
        with pytest.raises(WorkError, match=r"refused/train-00001-of-00002\.lmdb"):
            build(home, "lmdb", address)
    finally:
        storage.clear()
    assert "manifest.json" not in there(address)


def test_a_list_of_files_of_this_machine_makes_no_sense_there(home: Home, storage: ObjectServer) -> None:
    with pytest.raises(InputError, match="copy=true"):
        finish(Build("shapes", "csv", home=str(home.root), out=storage.address("csv")).run())


def test_a_folder_takes_a_store_as_well(home: Home, tmp_path: Path) -> None:
    told = build(home, "lmdb", str(tmp_path / "mine"))
    assert Manifest.load(tmp_path / "mine").checksum == told["checksum"]
    with pytest.raises(InputError, match="is built already"):
        build(home, "lmdb", str(tmp_path / "mine"))


def test_a_store_at_an_address_is_verified_there(home: Home, storage: ObjectServer) -> None:
    """A shard with a flipped byte and one that is gone are told once each; a cache does not hide them."""
    address = storage.address("verified")
    told = build(home, "webdataset", address)
    assert finish(Verify(address, home=str(home.root)).run())["ok"]
    flipped, gone = (f"verified/{told['shards'][number]['path']}" for number in (1, 2))
    data = bytearray(storage.get(flipped) or b"")
    data[len(data) // 2] ^= 1
    storage.put(flipped, bytes(data))
    storage.fault("missing", f"*/{gone}")
    try:
        found = finish(Verify(address, home=str(home.root)).run())
    finally:
        storage.clear()
    assert not found["ok"]
    assert [(one["split"], one["index"]) for one in found["mismatches"]] == [
        ("train", told["shards"][0]["samples"]),
        ("val", 0),
    ]
    assert "train-000001.tar" in found["mismatches"][0]["reason"]
    assert "val-000000.tar" in found["mismatches"][1]["reason"]

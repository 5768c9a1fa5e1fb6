"""Stores at addresses: what they hold is what was built, a shard is fetched once and only when it is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import open_store
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.formats import FORMATS
from core.formats.reserved_map import ReservedMap
from core.remote.files import RemoteFiles
from core.stores.manifest import MANIFEST, Manifest
from core.stores.remote.store import RemoteStore
from core.stores.remote.workplace import Workplace
from core.stores.store import Store

SHARDS = 4

EVERY = [
    *((name, "original", {"copy": True} if FORMATS[name].refers else {}) for name in FORMATS),
    ("hdf5", "raw", {"layout": "chunked"}),
    ("webdataset", "original", {"compress": "zst"}),
    ("tfrecord", "original", {"compress": "gzip"}),
    ("parquet", "raw", {"parquet_compression": "zstd-pages"}),
]


def build(home: Home, format: str, encoding: str = "original", compression: str = "none", **options: Any) -> Path:
    made = finish(
        Build("shapes", format, encoding, compression, {"shards": SHARDS, **options}, home=str(home.root)).run()
    )
    return Path(made["store"])


def upload(store: Path, address: str) -> str:
    files = RemoteFiles(address)
    for path in store.rglob("*"):
        if path.is_file():
            files.put(path, path.relative_to(store).as_posix())
    return address


@pytest.mark.parametrize(("format", "encoding", "options"), EVERY, ids=[f"{f}-{e}-{len(o)}" for f, e, o in EVERY])
def test_every_format_is_read_from_an_address(
    home: Home, tmp_path: Path, format: str, encoding: str, options: dict[str, Any]
) -> None:
    folder = build(home, format, encoding, **options)
    address = upload(folder, f"memory://{tmp_path.name}")
    here, there = open_store(folder), open_store(address, cache=tmp_path / "cache")
    assert isinstance(here, Store)
    assert isinstance(there, RemoteStore)
    assert (len(there), there.classes, len(there.shards)) == (len(here), here.classes, SHARDS)
    np.testing.assert_array_equal(there.labels, here.labels)
    for index in (0, len(here) - 1, 17):
        np.testing.assert_array_equal(there[index][0], here[index][0])
    given = {"batch_size": 16, "workers": 0, "output": "uint8", "verify": "always", "seed": 3}
    with here.loader(**given) as local, there.loader(**given) as remote:
        for (mine, labels), (its, others) in zip(local, remote, strict=True):
            np.testing.assert_array_equal(mine, its)
            np.testing.assert_array_equal(labels, others)


def test_a_store_that_names_images_elsewhere_is_refused(home: Home, tmp_path: Path) -> None:
    address = upload(build(home, "csv"), f"memory://{tmp_path.name}")
    with pytest.raises(InputError, match="names images that lie elsewhere"):
        open_store(address, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shards": {"train": [{"path": "../../x", "samples": 50, "bytes": 1, "checksum": ""}]}}, "is damaged"),
        ({"shards": {"train": [{"path": "x", "samples": 49, "bytes": 1, "checksum": ""}]}}, "are not the samples"),
        ({"files": {"train/../../../x": "0"}}, "is damaged"),
    ],
)
def test_a_manifest_of_somebody_else_is_refused(home: Home, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    folder = build(home, "lmdb", "raw")
    replace(Manifest.load(folder), **change).save(folder / MANIFEST)
    address = upload(folder, f"memory://{tmp_path.name}")
    with pytest.raises(InputError, match=said):
        open_store(address, cache=tmp_path / "cache")


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"memory://nothing-.* is not a built store"):
        open_store(f"memory://nothing-{tmp_path.name}/here", cache=tmp_path)


def test_the_folder_of_a_killed_process_goes(tmp_path: Path) -> None:
    left, held = tmp_path / "open" / "1-abc", Workplace(tmp_path)
    left.mkdir()
    (left / "train.tar").write_bytes(b"left")
    another = Workplace(tmp_path)
    assert held.path.is_dir()
    assert another.path.is_dir()
    assert not left.exists()
    held.close()
    assert not held.path.exists()


def test_a_reserved_map_shows_what_is_put_there_and_zeros_elsewhere(tmp_path: Path) -> None:
    for name, size in (("a", 5000), ("b", 3), ("c", 0)):
        (tmp_path / name).write_bytes(name.encode() * size)
    room = ReservedMap([20_000, 1 << 40, 100])
    joined = room.put(1, [tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    (a, b, _), sizes = joined.starts.tolist(), joined.sizes.tolist()
    assert sizes == [5000, 3, 0]
    assert room.memory[a : a + 5000].tobytes() == b"a" * 5000
    assert room.memory[b : b + 3].tobytes() == b"bbb"
    assert not room.memory[:20_000].any()
    room.take_out(1)
    assert not room.memory[a : a + 5000].any()
    with pytest.raises(ValueError, match="more than there is room for"):
        room.put(2, [tmp_path / "a", tmp_path / "b"])

"""The cache on disk: whole files, fetched once, never more than the limit, whoever is killed."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from object_server import ObjectServer, object_server

from core.base.checksums import of_file
from core.base.errors import WorkError
from core.remote.cache import DiskCache
from core.remote.errors import RemoteError, RemoteMissing
from core.remote.files import RemoteFiles
from core.remote.settings import RemoteSettings

KB = 1000


@pytest.fixture(scope="module")
def served() -> Iterator[ObjectServer]:
    with object_server() as server:
        for name in "abcd":
            server.put(f"shards/{name}.tar", name.encode() * 40 * KB)
        yield server


@pytest.fixture
def storage(served: ObjectServer) -> Iterator[ObjectServer]:
    served.clear()
    yield served
    served.clear()


@pytest.fixture
def remote(storage: ObjectServer) -> RemoteFiles:
    return RemoteFiles(storage.address("shards"), RemoteSettings(retries=1, timeout_s=20))


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "cache", 100 * KB)


def kept(cache: DiskCache) -> list[str]:
    return sorted(path.name.partition("-")[2] for path in (cache.folder / "files").iterdir())


def test_a_file_is_fetched_once(cache: DiskCache, remote: RemoteFiles, storage: ObjectServer) -> None:
    first = cache.get(remote, "a.tar")
    assert first.read_bytes() == b"a" * 40 * KB
    assert first.name.endswith("-a.tar")
    before = storage.counts.requests
    assert cache.get(remote, "a.tar", remote.stat("a.tar")) == first
    assert storage.counts.requests == before + 1
    assert cache.used_bytes == 40 * KB


def test_what_was_used_longest_ago_goes_and_what_is_held_stays(cache: DiskCache, remote: RemoteFiles) -> None:
    held = cache.get(remote, "a.tar", hold=True)
    cache.get(remote, "b.tar")
    cache.get(remote, "c.tar")
    assert kept(cache) == ["a.tar", "c.tar"]
    again = pickle.loads(pickle.dumps(cache))
    held_too = again.get(remote, "c.tar", hold=True)
    with pytest.raises(WorkError, match=r"b\.tar .* does not fit .*cache_mb"):
        cache.get(remote, "b.tar")
    again.let_go(held_too)
    cache.let_go(held)
    cache.get(remote, "a.tar")
    cache.get(remote, "b.tar")
    assert kept(cache) == ["a.tar", "b.tar"]
    assert list((cache.folder / "parts").iterdir()) == []


def test_larger_than_the_limit(tmp_path: Path, remote: RemoteFiles) -> None:
    with pytest.raises(WorkError, match="does not fit"):
        DiskCache(tmp_path, 30 * KB).get(remote, "a.tar")


def test_another_version_is_another_file(cache: DiskCache, remote: RemoteFiles, storage: ObjectServer) -> None:
    storage.put("shards/new.tar", b"old")
    assert cache.get(remote, "new.tar").read_bytes() == b"old"
    storage.put("shards/new.tar", b"new")
    assert cache.get(remote, "new.tar").read_bytes() == b"new"
    storage.remove("shards/new.tar")
    with pytest.raises(RemoteMissing):
        cache.get(remote, "new.tar")


def test_what_is_handed_out_is_checked(cache: DiskCache, remote: RemoteFiles) -> None:
    stat = remote.stat("a.tar")
    path = cache.get(remote, "a.tar", stat)
    checksum = of_file(path)
    path.write_bytes(b"b" * 40 * KB)
    assert cache.get(remote, "a.tar", stat, checksum).read_bytes() == b"a" * 40 * KB
    path.write_bytes(b"short")
    assert cache.get(remote, "a.tar", stat).stat().st_size == 40 * KB
    with pytest.raises(RemoteError, match=r"shards/b\.tar is damaged"):
        cache.get(remote, "b.tar", checksum=checksum)
    assert kept(cache) == ["a.tar"]
    assert cache.used_bytes == 40 * KB


def test_several_processes_fetch_it_once(cache: DiskCache, remote: RemoteFiles, storage: ObjectServer) -> None:
    stat = remote.stat("a.tar")
    storage.clear()
    storage.latency_ms = 100
    children = []
    for _ in range(3):
        if not (child := os.fork()):
            os._exit(0 if cache.get(remote, "a.tar", stat).stat().st_size == 40 * KB else 1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert storage.counts.requests == 1


def test_what_a_killed_process_leaves_is_cleaned(cache: DiskCache, remote: RemoteFiles, storage: ObjectServer) -> None:
    stat = remote.stat("a.tar")
    storage.fault("slow", times=1)
    if not (child := os.fork()):
        cache.get(remote, "a.tar", stat, hold=True)
        os._exit(0)
    ends = time.monotonic() + 10
    while cache.used_bytes < 40 * KB and time.monotonic() < ends:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert cache.used_bytes == 40 * KB
    cache.get(remote, "b.tar")
    assert cache.used_bytes == 40 * KB
    assert list((cache.folder / "parts").iterdir()) == []
    assert cache.get(remote, "a.tar", stat).read_bytes() == b"a" * 40 * KB


def test_what_is_being_fetched_counts(cache: DiskCache, remote: RemoteFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DiskCache, "_slot", lambda self, key: self.folder / "locks" / f"{key[:8]}.lock")
    cache.get(remote, "a.tar")
    seen = []
    fetch = RemoteFiles.fetch

    def watched(self: RemoteFiles, *given: object) -> object:
        seen.append(cache.used_bytes)
        if len(seen) == 1:
            with pytest.raises(WorkError, match="does not fit"):  # a, b and c are more than the limit, b is under way
                DiskCache(cache.folder, 70 * KB).get(remote, "c.tar")
        return fetch(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(RemoteFiles, "fetch", watched)
    cache.get(remote, "b.tar")
    assert seen[0] == 80 * KB
    assert kept(cache) == ["b.tar"]


def test_a_full_disk(cache: DiskCache, remote: RemoteFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(WorkError, match="the disk is full"):
        cache.get(remote, "a.tar")
    assert cache.used_bytes == 0

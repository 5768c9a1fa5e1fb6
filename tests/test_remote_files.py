"""Files at addresses: right bytes or an error that names them, whatever the server does."""

from __future__ import annotations

import io
import os
import pickle
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from object_server import ObjectServer, object_server

from core.base.errors import InputError
from core.inspect.files import InspectedFile
from core.inspect.remote.memory import available
from core.remote.address import check_address, is_address, refuse_address, shown
from core.remote.errors import RemoteChanged, RemoteError, RemoteMissing
from core.remote.files import ObjectRange, RemoteFiles
from core.remote.ranges import coalesced, cut
from core.remote.settings import RemoteSettings

QUICK = RemoteSettings(retries=3, timeout_s=20.0)
BIG = os.urandom(300_000)


@pytest.fixture(scope="module")
def served() -> Iterator[ObjectServer]:
    with object_server() as server:
        yield server


@pytest.fixture
def storage(served: ObjectServer) -> Iterator[ObjectServer]:
    served.clear()
    served.put("data/big.bin", BIG)
    yield served
    served.clear()


def files(storage: ObjectServer, settings: RemoteSettings = QUICK) -> RemoteFiles:
    return RemoteFiles(storage.address("data"), settings)


@pytest.mark.parametrize(
    "text", ["s3://b/k", "gs://b", "https://host/a.tar", "memory://x", "S3://b", "hf://datasets/a"]
)
def test_addresses(text: str) -> None:
    with pytest.raises(InputError, match=f"{re.escape(text)} lies at an address; training takes"):
        refuse_address(text, "training")
    assert is_address(text)
    assert check_address(f"{text}/") == text


@pytest.mark.parametrize("text", ["/a/b", "a/b", "C://x", "C:\\x", "file:///a", "local://a", "s3:/b", "", "://x"])
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:hidden@bucket/a",
        "https://host/a?X-Amz-Credential=a&X-Amz-Signature=hidden",
        "https://host/a?sv=1&sig=hidden",
        "https://host/a?access_token=hidden",
        "s3://",
        "zip://a::s3://b/c",
        "s3://a\nb",
    ],
)
def test_an_address_with_a_secret_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(InputError) as caught:
        check_address(text)
    assert "hidden" not in str(caught.value)
    assert "hidden" not in shown(text)


def test_ranges_are_joined_and_cut() -> None:
    ranges = [(50, 60), (0, 10), (12, 20), (5, 15), (1000, 1300), (7, 7)]
    parts = coalesced(ranges, gap=10, most=100)
    assert parts == [(0, 20), (50, 60), (1000, 1100), (1100, 1200), (1200, 1300)]
    data = [BIG[start:stop] for start, stop in parts]
    assert [cut(parts, data, one) for one in ranges] == [BIG[start:stop] for start, stop in ranges]
    overlapping = [(0, 90), (50, 180), (60, 70), (170, 400)]
    parts = coalesced(overlapping, gap=0, most=100)
    data = [BIG[start:stop] for start, stop in parts]
    assert [cut(parts, data, one) for one in overlapping] == [BIG[start:stop] for start, stop in overlapping]


def test_reading(storage: ObjectServer, tmp_path: Path) -> None:
    remote = files(storage, RemoteSettings(part=100_000))
    stat = remote.stat("big.bin")
    assert stat.size == len(BIG)
    assert stat.version
    assert remote.read("big.bin", 10, 20) == BIG[10:20]
    before = remote.traffic
    ranges = [(0, 10), (200_000, 200_100), (20, 40), (299_999, 300_000)]
    assert remote.read_ranges("big.bin", ranges) == [BIG[start:stop] for start, stop in ranges]
    assert (remote.traffic - before).requests == 3
    assert remote.fetch("big.bin", tmp_path / "got") == stat
    assert (tmp_path / "got").read_bytes() == BIG
    assert [path.name for path in tmp_path.iterdir()] == ["got"]
    assert remote.traffic.requests == storage.counts.requests
    assert remote.traffic.bytes == storage.counts.bytes
    assert RemoteFiles(storage.address("data/big.bin")).read("", 0, 4) == BIG[:4]


def test_writing_listing_and_removing(storage: ObjectServer, tmp_path: Path) -> None:
    remote = RemoteFiles(storage.address("written"), QUICK)
    names = ["b/2", "a", "b/10", "b ä+%?.txt"]
    for name in names:
        remote.put_bytes(name.encode(), name)
    (tmp_path / "local").write_bytes(b"12345")
    remote.put(tmp_path / "local", "c")
    found = list(remote.listing())
    assert [entry.path for entry in found] == sorted([*names, "c"], key=str.encode)
    assert [entry.path for entry in remote.listing("b")] == ["b/10", "b/2"]
    assert found[-1].size == 5
    assert found[-1].version == remote.stat("c").version
    assert remote.read("b ä+%?.txt", 0, 2) == b"b "
    remote.remove("c")
    remote.remove("c")
    with pytest.raises(RemoteMissing, match="there is nothing at s3://bucket/written/c"):
        remote.stat("c")


def test_an_upload_in_parts(storage: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.remote.s3.PUT_PART", 5 << 20)
    data = os.urandom(11 << 20)
    (tmp_path / "local").write_bytes(data)
    storage.fault("503", "*/large", times=2)
    remote = files(storage)
    remote.put(tmp_path / "local", "large")
    assert storage.get("data/large") == data
    assert remote.traffic.retries == 2


@pytest.mark.parametrize("kind", ["503", "cut", "short"])
def test_what_fails_is_tried_again(storage: ObjectServer, kind: str) -> None:
    storage.fault(kind, times=2)
    remote = files(storage)
    assert remote.read("big.bin", 0, 1000) == BIG[:1000]
    assert (remote.traffic.requests, remote.traffic.retries, remote.traffic.failures) == (3, 2, 0)


def test_what_fails_always_is_told_with_the_count(storage: ObjectServer) -> None:
    storage.fault("503")
    remote = files(storage, RemoteSettings(retries=2))
    with pytest.raises(RemoteError, match=r"s3://bucket/data/big.bin \(bytes 0 to 9\) failed: tried 3 times.*503"):
        remote.read("big.bin", 0, 10)
    assert (remote.traffic.retries, remote.traffic.failures) == (2, 1)


@pytest.mark.parametrize(("kind", "error"), [("403", RemoteError), ("missing", RemoteMissing)])
def test_what_is_refused_is_asked_for_once(storage: ObjectServer, kind: str, error: type[Exception]) -> None:
    storage.fault(kind)
    with pytest.raises(error, match=r"big\.bin"):
        files(storage).read("big.bin", 0, 10)
    assert storage.counts.requests == 1


def test_parts_of_two_versions_are_never_mixed(storage: ObjectServer, tmp_path: Path) -> None:
    remote = files(storage)
    stat = remote.stat("big.bin")
    remote.read("big.bin", 0, 10)
    storage.put("data/big.bin", BIG[::-1])
    with pytest.raises(RemoteChanged, match="has changed"):
        remote.read("big.bin", 10, 20)
    with pytest.raises(RemoteChanged):
        files(storage).fetch("big.bin", tmp_path / "got", stat)
    assert list(tmp_path.iterdir()) == []
    storage.fault("other", times=1)
    with pytest.raises(RemoteChanged):
        files(storage).read("big.bin", 0, 10, files(storage).stat("big.bin").version)


def test_more_than_there_is(storage: ObjectServer) -> None:
    with pytest.raises(RemoteError, match="300,000 bytes only"):
        files(storage).read("big.bin", 299_990, 300_010)
    with pytest.raises(InputError):
        files(storage).read("../other", 0, 1)
    with pytest.raises(InputError):
        files(storage).read("big.bin", 5, 3)


def test_a_straggler_is_asked_for_twice(storage: ObjectServer) -> None:
    remote = files(storage, RemoteSettings(timeout_s=9))
    for at in range(10):
        remote.read("big.bin", at, at + 10)
    storage.fault("stuck", times=1)
    assert remote.read("big.bin", 50, 60) == BIG[50:60]
    assert remote.traffic.hedged >= 1
    assert remote.traffic.retries == 0


def test_one_in_twenty_requests_fails(storage: ObjectServer) -> None:
    storage.fault("503", rate=0.03)
    storage.fault("cut", rate=0.03)
    remote = files(storage, replace(QUICK, hedge=False))  # of two that are under way one may fail unseen
    wanted = [ObjectRange("big.bin", at * 1000, at * 1000 + 500) for at in range(200)]
    assert remote.read_many(wanted) == [BIG[one.start : one.stop] for one in wanted]
    assert remote.traffic.retries == sum(storage.counts.faults.values()) > 0


def test_in_threads_in_another_process_and_after_a_fork(storage: ObjectServer) -> None:
    remote = files(storage)
    remote.read("big.bin", 0, 10)
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda at=at: found.append(remote.read("big.bin", at, at + 10))) for at in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(BIG[at : at + 10] for at in range(4))
    assert pickle.loads(pickle.dumps(remote)).read("big.bin", 0, 4) == BIG[:4]
    before = remote.traffic.requests
    child = os.fork()
    if not child:
        good = remote.read("big.bin", 5, 9) == BIG[5:9] and 1 <= remote.traffic.requests < before
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_web_server(storage: ObjectServer) -> None:
    remote = RemoteFiles(f"{storage.url}/bucket/data", QUICK)
    storage.fault("cut", times=1)
    assert remote.stat("big.bin").size == len(BIG)
    assert remote.read("big.bin", 100, 200) == BIG[100:200]
    with pytest.raises(RemoteError, match="cannot be listed"):
        list(remote.listing())
    with pytest.raises(RemoteMissing):
        remote.stat("nothing")


def test_another_protocol(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    remote = RemoteFiles("memory://here/folder")
    remote.put_bytes(b"12345", "b")
    remote.put_bytes(b"123", "a/c")
    assert [(entry.path, entry.size) for entry in remote.listing()] == [("a/c", 3), ("b", 5)]
    assert remote.read("b", 1, 3) == b"23"
    with pytest.raises(RemoteMissing):
        remote.stat("nothing")
    with pytest.raises(InputError, match="nosuch"):
        RemoteFiles("nosuch://x/y").stat("a")


# ---------------------------------------------------------------- the Inspector on them


@pytest.mark.skipif(not available(), reason="maps that are filled as they are touched need Linux")
def test_the_inspector_reads_a_npz_on_a_server_that_fails_now_and_then(storage: ObjectServer) -> None:
    images = np.random.default_rng(0).integers(0, 256, (200, 64, 64, 3), np.uint8)
    made = io.BytesIO()
    np.savez(made, images=images, labels=np.arange(200))
    storage.put("data/a.npz", made.getvalue())
    for kind in ("503", "cut", "short"):
        storage.fault(kind, "*/a.npz", times=1)
    with InspectedFile(storage.address("data/a.npz")) as file:
        sample = file.sample(150)
        assert np.array_equal(np.asarray(sample.pixels), images[150])
        assert (sample.about["label"], file.entries()) == (150, 200)
        assert file.remote is not None
        assert file.remote["bytes_read"] < file.remote["size"] // 2
        assert storage.counts.faults.total() == 3
        storage.remove("data/a.npz")
        with pytest.raises(RemoteError, match=r"a\.npz"):
            file.sample(60)
    for secret in ("Signature", "Credential"):
        assert secret not in str(file.remote)

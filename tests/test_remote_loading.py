"""Loading from stores at addresses: each shard once an epoch, little room, faults, going on in mid-epoch."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core import open_store
from core.__main__ import main
from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.loading.loader import Loader
from core.remote import attempts
from core.remote.files import RemoteFiles
from core.stores.remote.store import RemoteStore
from core.stores.store import Store
from tests.field_fixtures import labelled
from tests.object_server import ObjectServer, object_server

SHARDS = 10
GIVEN: dict[str, Any] = {"batch_size": 4, "workers": 0, "output": "uint8", "seed": 3}


@pytest.fixture(scope="module")
def built(_imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that lies at "store", of 50 samples in shards of 5."""
    home = tmp_path_factory.mktemp("remote")
    shutil.copytree(_imported / "data", home / "data")
    task = Build("shapes", "webdataset", "raw", "none", {"shards": SHARDS}, home=str(home))
    return Path(finish(task.run())["store"])


@pytest.fixture(scope="module")
def server(built: Path) -> Iterator[ObjectServer]:
    with object_server() as running:
        files = RemoteFiles(running.address("store"))
        for path in built.rglob("*"):
            if path.is_file():
                files.put(path, path.relative_to(built).as_posix())
        yield running


@pytest.fixture
def storage(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    """No request is sent a second time for being slow, as on a busy machine: what is asked for is counted."""
    monkeypatch.setattr(attempts, "LEAST", 3600.0)
    server.clear()
    yield server
    server.clear()


@pytest.fixture
def here(built: Path) -> Store:
    return Store(built, "train", open_store(built).manifest)  # type: ignore[union-attr]


def opened(storage: ObjectServer, cache: Path, cache_mb: int | None = None) -> RemoteStore:
    store = open_store(storage.address("store"), cache=cache, cache_mb=cache_mb)
    assert isinstance(store, RemoteStore)
    return store


def fetched(storage: ObjectServer) -> list[str]:
    """The shards that were asked for, in order."""
    return [path for method, path, _ in storage.counts.log if method == "GET" and path.endswith(".tar")]


def cached_bytes(cache: Path) -> int:
    """The sizes of the shards in the cache, which others may be removing."""
    total = 0
    for path in (cache / "files").glob("*.tar"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def same_epoch(loader: Loader, local: Loader) -> int:
    samples = 0
    for (mine, labels), (its, others) in zip(loader, local, strict=True):
        assert torch.equal(mine, its)
        assert torch.equal(labels, others)
        samples += len(labels)
    return samples


def test_each_shard_is_fetched_once_and_is_there_for_the_next_epoch_and_process(
    storage: ObjectServer, here: Store, tmp_path: Path
) -> None:
    store = opened(storage, tmp_path)
    size = sum(shard.bytes for shard in store.shards)
    with store.loader(**GIVEN) as loader, here.loader(**GIVEN) as local:
        assert same_epoch(loader, local) == 50
        assert sorted(fetched(storage)) == [f"bucket/store/train/train-{number:06d}.tar" for number in range(SHARDS)]
        assert loader.traffic == {"requests": SHARDS, "bytes": size, "cached": 0, "retries": 0}
        same_epoch(loader, local)
        assert loader.traffic == {"requests": 0, "bytes": 0, "cached": 0, "retries": 0}
        assert loader.skipped == 0
    again = opened(storage, tmp_path)
    with again.loader(**GIVEN) as loader, here.loader(**GIVEN) as local:
        same_epoch(loader, local)
        assert loader.traffic == {"requests": 0, "bytes": 0, "cached": size, "retries": 0}


def test_one_sample_is_read_by_a_request_for_its_bytes(storage: ObjectServer, here: Store, tmp_path: Path) -> None:
    store = opened(storage, tmp_path)
    before = store.traffic
    np.testing.assert_array_equal(store[33][0], here[33][0])
    asked = store.traffic - before
    assert (asked.requests, asked.bytes) == (1, 32 * 32 * 3)


def test_a_store_larger_than_the_cache(storage: ObjectServer, here: Store, tmp_path: Path) -> None:
    store = opened(storage, tmp_path)
    size = store.shards[0].bytes
    store._of.cache.limit_bytes = 6 * size
    given = {**GIVEN, "workers": "threads:2", "batch_size": 2}
    with pytest.raises(InputError, match=r'needs shards of .* at a time.*choose shuffle="shards" .*cache_mb=1 or'):
        next(iter(store.loader(shuffle=True, **given)))
    storage.clear()
    assert not store.fits_cache
    with store.loader(window=20, **given) as loader, here.loader(shuffle="shards", window=20, **given) as local:
        for least in (SHARDS, SHARDS - 6):  # of the next epoch some are there still
            storage.clear()
            for (mine, _), (its, _) in zip(loader, local, strict=True):
                assert torch.equal(mine, its)
                assert cached_bytes(tmp_path) <= 6 * size
            assert least <= len(fetched(storage)) == len(set(fetched(storage)))


def test_going_on_fetches_what_the_rest_of_the_epoch_needs(storage: ObjectServer, tmp_path: Path) -> None:
    given = {**GIVEN, "shuffle": "shards", "window": 20}
    with opened(storage, tmp_path / "a").loader(**given) as loader:
        batches = iter(loader)
        for _ in range(9):
            next(batches)
        state = loader.state_dict()
        rest = [labels for _, labels in batches]
    storage.clear()
    store = opened(storage, tmp_path / "b")
    with store.loader(**given) as loader:
        loader.load_state_dict(state)
        assert [labels.tolist() for _, labels in loader] == [labels.tolist() for labels in rest]
        left = loader.sampler.order(0, 36)
    assert {int(path[-10:-4]) for path in fetched(storage)} == {int(index) // 5 for index in left}
    assert len(fetched(storage)) == len(set(fetched(storage))) < SHARDS


def test_requests_that_fail_are_made_again(storage: ObjectServer, here: Store, tmp_path: Path) -> None:
    storage.fault("503", "*.tar", times=2)
    storage.fault("cut", "*.tar", times=2)
    with opened(storage, tmp_path).loader(**GIVEN) as loader, here.loader(**GIVEN) as local:
        assert same_epoch(loader, local) == 50
        assert loader.traffic["retries"] == 4


@pytest.mark.parametrize("fault", ["missing", "403"])
def test_a_shard_that_cannot_be_had_is_one_error(storage: ObjectServer, tmp_path: Path, fault: str) -> None:
    storage.fault(fault, "*train-000007.tar")
    store = opened(storage, tmp_path)
    with store.loader(**GIVEN) as loader:
        first = next(int(index) for index in loader.sampler.order(0) if 35 <= index < 40)
        with pytest.raises(WorkError, match=f"shard train/train-000007.tar of s3://bucket/store .* sample {first} "):
            list(loader)


def test_a_shard_that_is_damaged_or_cut_is_one_error(storage: ObjectServer, built: Path, tmp_path: Path) -> None:
    data = (built / "train/train-000003.tar").read_bytes()
    for bad in (data[:-512], data[:700] + bytes([data[700] ^ 1]) + data[701:]):
        try:
            storage.put("store/train/train-000003.tar", bad)
            with opened(storage, tmp_path).loader(**GIVEN) as loader, pytest.raises(WorkError, match="train-000003"):
                list(loader)
        finally:
            storage.put("store/train/train-000003.tar", data)


def test_skipped_samples_are_counted_and_told(storage: ObjectServer, here: Store, tmp_path: Path) -> None:
    storage.fault("missing", "*train-000007.tar")
    with opened(storage, tmp_path).loader(missing="skip", **GIVEN) as loader:
        with pytest.warns(RuntimeWarning, match=r"train-000007.*\(5 samples left out, others of their batches handed"):
            batches = [(images.clone(), labels.clone()) for images, labels in loader]
        specs = list(loader.sampler.specs(0))
        assert loader.skipped == 5
    assert [len(labels) for _, labels in batches] == [len(spec.indices) for spec in specs]
    for (images, labels), spec in zip(batches, specs, strict=True):
        lost = (spec.indices >= 35) & (spec.indices < 40)
        wanted = torch.from_numpy(np.stack([here[int(index)][0] for index in spec.indices])).permute(0, 3, 1, 2)
        assert torch.equal(images[~lost], wanted[~lost])
        assert np.array_equal(labels.numpy()[~lost], here.labels[spec.indices[~lost]])
        for image in images[lost]:
            assert any(torch.equal(image, other) for other in wanted[~lost])
    with pytest.raises(InputError, match=r"skip.*is for stores at addresses"):
        here.loader(missing="skip")


def test_it_travels_to_other_processes(storage: ObjectServer, here: Store, tmp_path: Path) -> None:
    copy = pickle.loads(pickle.dumps(opened(storage, tmp_path)))
    np.testing.assert_array_equal(copy[7][0], here[7][0])
    given = {**GIVEN, "workers": 2, "loader": "torch"}
    with copy.loader(**given) as loader, here.loader(**given) as local:
        assert same_epoch(loader, local) == 50


@pytest.mark.parametrize("cache", ["warm", "cold"])
def test_the_measurement_of_a_load_tells_the_traffic(
    storage: ObjectServer, capsys: pytest.CaptureFixture[str], tmp_path: Path, cache: str
) -> None:
    seconds = "30" if cache == "cold" else "0.05"  # of a cold load one epoch is measured, however long that takes
    wanted = ["--batch-size", "8", "--workers", "0", "--seconds", seconds, "--cache", cache, "--cache-mb", "9"]
    assert main(["load", storage.address("store"), *wanted, "--cache-folder", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    size = sum(shard.bytes for shard in opened(storage, tmp_path).shards)
    assert told["cache"] == cache
    assert told["traffic"]["requests"] >= (SHARDS if cache == "cold" else 2)  # the manifest at least
    assert told["traffic"]["bytes" if cache == "cold" else "cached"] >= size
    assert list(told["traffic"]) == ["requests", "bytes", "cached", "retries"]


@pytest.mark.parametrize("format", ["webdataset", "lmdb"])
def test_samples_are_skipped_from_the_first_shard_on(home: Home, tmp_path: Path, format: str) -> None:
    """Also those that tell what all are."""
    task = Build("shapes", format, "original", "none", {"shards": 3}, home=str(home.root))
    folder = Path(finish(task.run())["store"])
    files = RemoteFiles(f"memory://{tmp_path.name}")
    first = next(iter(open_store(folder).loader(**GIVEN).sampler.specs(0))).indices[0]
    lost = open_store(folder).shards[int(first) * 3 // 50].path
    for path in folder.rglob("*"):
        if path.is_file() and lost not in path.as_posix():
            files.put(path, path.relative_to(folder).as_posix())
    store = open_store(files.address, cache=tmp_path / "cache")
    with store.loader(missing="skip", **GIVEN) as loader:
        with pytest.warns(RuntimeWarning, match="left out"):
            batches = list(loader)
        assert loader.skipped in (16, 17)
    assert sum(len(labels) for _, labels in batches) == 50


def test_fields_come_with_their_samples(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    labelled(home, monkeypatch, [{"caption": f"picture {index}"} for index in range(8)])
    task = Build("labelled", "parquet", "original", "none", {"shards": 3}, home=str(home.root))
    folder = Path(finish(task.run())["store"])
    files = RemoteFiles(f"memory://{tmp_path.name}")
    for path in folder.rglob("*"):
        if path.is_file():
            files.put(path, path.relative_to(folder).as_posix())
    here, there = open_store(folder), open_store(files.address, cache=tmp_path / "cache")
    given = {**GIVEN, "batch_size": 2, "transform": "eval224", "fields": ["caption"]}
    with here.loader(**given) as local, there.loader(**given) as remote:
        for mine, its in zip(remote, local, strict=True):
            assert mine["caption"] == its["caption"]
            assert torch.equal(mine["image"], its["image"])

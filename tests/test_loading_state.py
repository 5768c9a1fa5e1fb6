"""A loader's state: after the batch that was handed out last, for any worker, on other ranks, refused elsewhere."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import InputError
from core.loading.loader import Loader, make_loader
from core.loading.normalise import Normalise
from core.loading.transfer import Batch, Stay
from tests.loading_fixtures import MemoryStore, memory_store

KINDS = [("fast", "inline"), ("fast", "threads:2"), ("fast", "processes:1"), ("torch", 1)]
SAMPLES = 41


class Shard:
    bytes = 500


@dataclasses.dataclass
class ShardedStore(MemoryStore):
    """Eleven shards, and the name of a dataset."""

    shard_starts: Any = dataclasses.field(default_factory=lambda: np.append(np.arange(0, SAMPLES, 4), SAMPLES))
    shards: Any = (Shard(),) * 11
    fingerprint: str = "f1"


@pytest.fixture(scope="module")
def store() -> ShardedStore:
    """Each sample has a label of its own."""
    made = memory_store([(4, 4)] * SAMPLES)
    made.reader.labels = np.arange(SAMPLES)
    return ShardedStore(made.reader, made.encoding, made.compression)


def labels_of(batch: Any) -> list[int]:
    labels: list[int] = (batch["label"] if isinstance(batch, dict) else batch.labels).tolist()
    return labels


def all_labels(batches: Any) -> list[int]:
    return [label for batch in batches for label in labels_of(batch)]


@pytest.mark.parametrize(("kind", "workers"), KINDS)
def test_a_loader_goes_on_after_the_batch_that_was_handed_out_last(store: MemoryStore, kind: str, workers: Any) -> None:
    settings: dict[str, Any] = {"batch_size": 6, "loader": kind, "workers": workers, "prefetch": 3, "seed": 5}
    if kind == "fast":
        settings["fields"] = []
    with make_loader(store, **settings) as loader:
        loader.set_epoch(1)
        batches = iter(loader)
        taken = all_labels(next(batches) for _ in range(3))
        state = json.loads(json.dumps(loader.state_dict()))
        assert (state["epoch"], state["position"]) == (1, 18)
        order = loader.sampler.order(1).tolist()
        batches.close()
        assert loader.state_dict() == state
    with make_loader(store, **settings) as again:
        again.load_state_dict(state)
        again.set_epoch(1)
        assert again.state_dict() == state
        assert taken + all_labels(again) == order
        assert again.state_dict() == {**state, "epoch": 2, "position": 0}
        assert all_labels(again) == again.sampler.order(2).tolist() != order


def pictures(batches: Any) -> Iterator[tuple[int, bytes]]:
    for images, labels in batches:
        yield from zip(labels.tolist(), (image.numpy().tobytes() for image in images), strict=True)


@pytest.mark.parametrize(("later", "batch_size"), [(2, 6), (3, 4), (1, 7)])
def test_four_ranks_stop_and_others_go_on_with_the_same_order_and_the_same_crops(
    store: MemoryStore, later: int, batch_size: int
) -> None:
    shared: dict[str, Any] = {"seed": 3, "shuffle": "shards", "window": 1, "transform": "train224", "output": "uint8"}
    (alone,) = [make_loader(store, batch_size=12, workers=0, **shared)]
    order, whole = alone.sampler.order(0).tolist(), dict(pictures(alone))
    ranks = [make_loader(store, batch_size=3, rank=rank, world_size=4, workers=1, **shared) for rank in range(4)]
    begun = [iter(loader) for loader in ranks]
    before = [next(batches) for batches in begun]
    states = [loader.state_dict() for loader in ranks]
    for loader in ranks:
        loader.close()
    assert states == states[:1] * 4
    loaders = [
        make_loader(store, batch_size=batch_size, rank=rank, world_size=later, workers=0, **shared)
        for rank in range(later)
    ]
    for loader in loaders:
        loader.load_state_dict(states[3])
    after = [list(loader) for loader in loaders]
    assert len({len(batches) for batches in after}) == 1
    handed = [*pictures(before), *(one for batches in after for one in pictures(batches))]
    assert sorted(label for label, _ in handed[:12]) == sorted(order[:12])
    padded = -(SAMPLES - 12) % later
    assert sorted(label for label, _ in handed) == sorted([*order, *order[:padded]])
    assert all(whole[label] == picture for label, picture in handed)


class OneAhead(Stay):
    """A device that is sent a batch before the one before it is asked for, as CUDA is."""

    def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        ahead = next(batches, None)
        while ahead is not None:
            behind, ahead = ahead, next(batches, None)
            yield behind


def test_what_is_on_its_way_to_a_device_was_not_handed_out(store: MemoryStore) -> None:
    plain = make_loader(store, batch_size=10, workers=0)
    loader = Loader(plain.sampler, plain._engine, OneAhead(Normalise()))
    assert [loader.state_dict()["position"] for _ in loader] == [10, 20, 30, 40, SAMPLES]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_a_loader_of_cuda_goes_on_after_the_batch_that_was_handed_out_last(store: MemoryStore) -> None:
    settings: dict[str, Any] = {"batch_size": 6, "workers": "threads:2", "device": "cuda", "fields": []}
    with make_loader(store, **settings) as loader:
        batches = iter(loader)
        taken = all_labels(next(batches) for _ in range(3))
        state = loader.state_dict()
        batches.close()
        assert state["position"] == 18
        loader.load_state_dict(state)
        assert taken + all_labels(loader) == loader.sampler.order(0).tolist()


def test_three_shards_on_four_ranks_of_two_workers(store: ShardedStore) -> None:
    three = dataclasses.replace(store, shard_starts=np.array([0, 20, 22, SAMPLES]), shards=(Shard(),) * 3)
    settings: dict[str, Any] = {"batch_size": 4, "shuffle": "shards", "world_size": 4, "workers": "threads:2"}
    handed = []
    for rank in range(4):
        with make_loader(three, rank=rank, **settings) as loader:
            handed += [labels_of(batch) for batch in loader]
            assert (len(loader), loader.padded) == (3, 3)
    assert sorted(map(len, handed)) == [3] * 4 + [4] * 8
    assert sorted(label for labels in handed for label in labels) == sorted(
        [*range(SAMPLES), *loader.sampler.global_order(0)[:3]]
    )


def loader_after(store: MemoryStore, batches: int, **settings: Any) -> Loader:
    loader = make_loader(store, batch_size=10, workers=0, **settings)
    begun = iter(loader)
    for _ in range(batches):
        next(begun)
    return loader


@pytest.mark.parametrize(("last", "position"), [("pad", SAMPLES), ("drop", 40)])
def test_an_epoch_that_was_handed_out_wholly_has_no_rest(store: MemoryStore, last: str, position: int) -> None:
    loader = make_loader(store, batch_size=10, workers=0, last=last)
    saved = [loader.state_dict() for _ in loader][-1]
    assert (saved["epoch"], saved["position"]) == (0, position)
    loader.load_state_dict(saved)
    assert all_labels(loader) == loader.sampler.order(1).tolist()
    loader.load_state_dict(saved)
    loader.set_epoch(0)
    assert list(loader) == []
    assert loader.state_dict() == {**saved, "epoch": 1, "position": 0}


def test_set_epoch_of_another_epoch_begins_it(store: MemoryStore) -> None:
    state = loader_after(store, 2).state_dict()
    loader = make_loader(store, batch_size=10, workers=0)
    loader.load_state_dict(state)
    loader.set_epoch(3)
    assert (loader.state_dict()["epoch"], loader.state_dict()["position"]) == (3, 0)
    assert all_labels(loader) == loader.sampler.order(3).tolist()
    loader.load_state_dict(state)
    assert (len(loader), len(list(loader))) == (5, 3)
    assert loader.state_dict()["epoch"] == 1


def test_a_state_travels_in_a_checkpoint_that_holds_plain_values_alone(store: MemoryStore) -> None:
    state, file = loader_after(store, 1, shuffle="shards", window=5).state_dict(), io.BytesIO()
    torch.save({"loader": state}, file)
    assert torch.load(io.BytesIO(file.getvalue()), weights_only=True) == {"loader": state}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "of another seed"),
        ({"shuffle": "blocks"}, "of another order"),
        ({"window": 30}, "of another window"),
        ({"groups": 2}, "of another number of groups"),
        ({"store": {"shard_starts": np.array([0, 4, 8, SAMPLES])}}, "of a store with other shards"),
        ({"store": {"fingerprint": "f2"}}, "of another dataset"),
        ({"store": {"split": "val"}}, "of another split"),
        ({"version": 2}, "made by another version"),
        ({"samples": 40}, "of another number of samples"),
        ({"position": SAMPLES + 1}, "damaged: position 42 of epoch 0"),
        ({"position": -1}, "damaged"),
        ({"position": 1.0}, "damaged"),
        ({"epoch": None}, "damaged"),
    ],
)
def test_a_state_of_something_else_is_refused(store: ShardedStore, change: dict[str, Any], words: str) -> None:
    settings = {"shuffle": "shards", "window": 1, "seed": 0, "groups": 1}
    state = loader_after(store, 1, **settings).state_dict()
    state |= {name: value for name, value in change.items() if name in state and name not in settings}
    here = dataclasses.replace(store, **change.get("store", {}))
    there = {name: change.get(name, value) for name, value in settings.items()}
    loader = make_loader(here, batch_size=10, workers=0, **there)
    with pytest.raises(InputError, match=words):
        loader.load_state_dict(state)
    with pytest.raises(InputError, match="not list"):
        loader.load_state_dict([])  # type: ignore[arg-type]

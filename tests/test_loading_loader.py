"""The loader as its users see it: contents, order, lifetime of batches, every kind of worker and loader."""

from __future__ import annotations

import gc
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import InputError, WorkError
from core.loading.loader import Loader, make_loader
from core.loading.normalise import IMAGENET_MEAN, IMAGENET_STD
from tests.loading_fixtures import MemoryStore, memory_store

SIZE = (8, 10)
WORKERS = ["inline", "threads:2", "processes:2"]
KINDS = [("fast", worker) for worker in WORKERS] + [("torch", 0), ("torch", 2), ("naive", 0), ("naive", 2)]


@pytest.fixture(scope="module")
def raw() -> MemoryStore:
    return memory_store([SIZE] * 50)


def expected(store: MemoryStore, index: int) -> np.ndarray:
    pixels = store.pixels(index).astype(np.float64) / 255
    return ((pixels - IMAGENET_MEAN) / IMAGENET_STD).transpose(2, 0, 1)


def one_epoch(loader: Loader) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(images, labels) for images, labels in loader]


@pytest.mark.parametrize(("kind", "workers"), KINDS)
def test_batches_hold_what_the_store_holds(raw: MemoryStore, kind: str, workers: Any) -> None:
    with make_loader(raw, batch_size=16, loader=kind, workers=workers, seed=3) as loader:
        batches = one_epoch(loader)
        specs = list(loader.sampler.specs(0))
    assert len(batches) == len(loader) == 4
    for (images, labels), spec in zip(batches, specs, strict=True):
        assert images.dtype == torch.float32
        assert labels.dtype == torch.int64
        assert images.shape == (len(spec.indices), 3, *SIZE)
        assert np.array_equal(labels.numpy(), raw.labels[spec.indices])
        wanted = np.stack([expected(raw, index) for index in spec.indices])
        np.testing.assert_allclose(images.numpy(), wanted, atol=2e-6)


@pytest.mark.parametrize(("kind", "workers"), KINDS)
@pytest.mark.parametrize("transform", ["train224", "eval224"])
def test_transforms_agree_between_the_loaders(kind: str, workers: Any, transform: str) -> None:
    store = memory_store([(90, 120), (300, 200), (224, 224), (40, 400)], "png")
    reference = _first(store, "naive", 0, transform)
    given = _first(store, kind, workers, transform)
    assert given.shape == (4, 3, 224, 224)
    assert _psnr(given, reference) > 40


def _first(store: MemoryStore, kind: str, workers: Any, transform: str) -> np.ndarray:
    with make_loader(store, batch_size=4, transform=transform, output="uint8", loader=kind, workers=workers) as loader:
        return next(iter(loader))[0].numpy()


def _psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


@pytest.mark.parametrize("compression", ["zstd", "lz4", "zstd-dict"])
@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
def test_every_encoding_and_compression(encoding: str, compression: str) -> None:
    store = memory_store([SIZE] * 40, encoding, compression)
    loader = make_loader(store, batch_size=40, shuffle=False, output="uint8", workers=0)
    images, _ = next(iter(loader))
    wanted = np.stack([store.pixels(index) for index in range(40)]).transpose(0, 3, 1, 2)
    assert np.array_equal(images.numpy(), wanted)


def test_uint8_and_channels_last(raw: MemoryStore) -> None:
    loader = make_loader(raw, batch_size=8, output="uint8", channels_last=True, shuffle=False)
    images, _ = next(iter(loader))
    assert images.dtype == torch.uint8
    assert images.shape == (8, 3, *SIZE)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(images[3].permute(1, 2, 0).numpy(), raw.pixels(3))


def test_own_mean_and_std(raw: MemoryStore) -> None:
    loader = make_loader(raw, batch_size=8, mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0), shuffle=False)
    images, _ = next(iter(loader))
    wanted = (raw.pixels(0) / 255 - 0.5) / (0.25, 0.5, 1.0)
    np.testing.assert_allclose(images[0].permute(1, 2, 0).numpy(), wanted, atol=2e-6)


@pytest.mark.parametrize("kind", ["fast", "torch", "naive"])
def test_two_epochs_differ_and_a_second_loader_repeats_them(raw: MemoryStore, kind: str) -> None:
    def labels() -> list[list[int]]:
        loader = make_loader(raw, batch_size=7, seed=11, loader=kind, workers=0)
        return [[int(label) for _, batch in loader for label in batch] for _ in range(2)]

    first, second = labels()
    assert first != second
    assert sorted(first) == sorted(second) == sorted(raw.labels.tolist())
    assert labels() == [first, second]


def test_set_epoch_repeats_an_epoch(raw: MemoryStore) -> None:
    loader = make_loader(raw, batch_size=50, workers=0)
    (first,), (second,) = one_epoch(loader), one_epoch(loader)
    loader.set_epoch(0)
    (again,) = one_epoch(loader)
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], second[0])


def test_random_transforms_change_with_the_epoch_and_only_with_it() -> None:
    store = memory_store([(60, 60)] * 4)
    options = {"transform": "train224", "shuffle": False, "workers": 0}
    large, small = make_loader(store, batch_size=4, **options), make_loader(store, batch_size=1, **options)
    together, apart = [torch.cat([images for images, _ in loader]) for loader in (large, small)]
    assert torch.equal(together, apart)
    assert not torch.equal(together, one_epoch(large)[0][0])


def test_ranks_share_the_samples(raw: MemoryStore) -> None:
    seen = [
        label
        for rank in range(3)
        for _, labels in make_loader(raw, batch_size=4, rank=rank, world_size=3, workers=0, last="uneven")
        for label in labels.tolist()
    ]
    assert sorted(seen) == sorted(raw.labels.tolist())


@pytest.mark.parametrize("workers", WORKERS)
def test_held_batches_keep_their_contents(raw: MemoryStore, workers: str) -> None:
    with make_loader(raw, batch_size=5, workers=workers) as loader:
        held = [(images[2:, :, 1:].flip(0), images[2:, :, 1:], labels) for images, labels in loader]
        for _ in range(3):
            one_epoch(loader)
    for flipped, view, _ in held:
        assert torch.equal(flipped, view.flip(0))


def test_memory_is_used_again_when_nobody_holds_it(raw: MemoryStore) -> None:
    loader = make_loader(raw, batch_size=10, workers="threads:1", prefetch=1)
    places = set()
    for _ in range(4):
        for images, _ in loader:
            places.add(images.data_ptr())
            del images
    assert len(places) <= 3


@pytest.mark.parametrize("workers", WORKERS)
def test_leaving_an_epoch_half_way_ends_its_work(raw: MemoryStore, workers: str) -> None:
    with make_loader(raw, batch_size=2, workers=workers) as loader:
        for _ in range(3):
            next(iter(loader))
        with pytest.raises(ZeroDivisionError):
            _fail_at_the_first_batch(loader)
        gc.collect()
        assert len(one_epoch(loader)) == 25


def _fail_at_the_first_batch(loader: Loader) -> None:
    for _ in loader:
        raise ZeroDivisionError


@pytest.mark.parametrize(("kind", "workers"), KINDS)
def test_differing_shapes_need_a_transform(kind: str, workers: Any) -> None:
    sizes = [(8, 8)] * 40
    sizes[1] = (8, 9)  # where no probe looks
    with (
        pytest.raises(InputError, match=r"^images of differing shapes \(8x8 and 8x9\).*train224.*size=224\)$"),
        make_loader(memory_store(sizes, "png"), batch_size=8, loader=kind, workers=workers) as loader,
    ):
        one_epoch(loader)


@pytest.mark.parametrize(("kind", "workers"), KINDS)
def test_a_broken_sample_is_named(kind: str, workers: Any) -> None:
    store = memory_store([SIZE] * 12, "png")
    store.reader.payloads[7] = store.reader.payloads[7][:60]
    with (
        pytest.raises(WorkError, match=r"^sample 7 of memory/train cannot be decoded: broken image"),
        make_loader(store, batch_size=4, loader=kind, workers=workers) as loader,
    ):
        one_epoch(loader)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loader": "slow"}, "unknown loader 'slow'"),
        ({"output": "float64"}, "unknown output 'float64'"),
        ({"transform": "flip"}, "unknown transform 'flip'"),
        ({"workers": "many"}, "workers='many': choose"),
        ({"workers": -1}, "workers=-1: choose"),
        ({"device": "abacus"}, "unknown device 'abacus'"),
        ({"device": "meta"}, "'meta' is none that"),
        ({"std": (0.0, 1.0, 1.0)}, "no std may be 0"),
        ({"prefetch": 0}, "prefetch=0"),
        ({"rank": 1}, "go together"),
        ({"window": 0, "shuffle": "shards"}, "a window holds at least one sample"),
        ({"loader": "torch", "workers": "threads:2"}, "has no threads"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(raw: MemoryStore, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_loader(raw, **options)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_missing_device_is_a_sentence(raw: MemoryStore, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=f"device '{device}' is not there.*choose cpu"):
        make_loader(raw, device=device)


def test_an_empty_store_is_refused() -> None:
    empty = memory_store([SIZE])
    empty.reader.payloads.clear()
    with pytest.raises(InputError, match="holds no samples"):
        make_loader(empty)


def test_auto_says_why(raw: MemoryStore) -> None:
    loader = make_loader(raw, batch_size=8)
    assert loader.workers.kind in ("inline", "threads", "processes")
    assert loader.workers.reason


def test_stages_are_told_apart(raw: MemoryStore) -> None:
    loader = make_loader(raw, batch_size=8, workers=0)
    one_epoch(loader)
    assert sum(loader.stages.values()) > 0
    assert "fetch" in loader.stages


def test_the_pipeline_survives_pickling(raw: MemoryStore) -> None:
    from core.loading.batch_sampler import BatchSpec
    from core.loading.normalise import Normalise
    from core.loading.pipeline import staged

    pipeline = pickle.loads(pickle.dumps(staged(raw, "none", 0, Normalise("uint8"))))
    out = np.empty((2, 3, *SIZE), np.uint8)
    pipeline.fill(BatchSpec(0, 0, np.array([4, 9])), out)
    assert np.array_equal(out[1].transpose(1, 2, 0), raw.pixels(9))

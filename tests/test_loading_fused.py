"""Which pipeline a store gets, and that the fused ones read mapped and compressed payloads as the stages do."""

from __future__ import annotations

import importlib.util
import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from core.base.contracts import Extents
from core.base.errors import WorkError
from core.loading.batch_sampler import BatchSpec
from core.loading.fused import fuse
from core.loading.fused.jpeg import JpegPipeline
from core.loading.fused.png import PngPipeline
from core.loading.fused.raw import RawPipeline
from core.loading.loader import make_loader
from core.loading.loaders.fast.engine import fastest
from core.loading.normalise import Normalise
from core.loading.pipeline import StagedPipeline, staged
from tests.loading_fixtures import MemoryReader, MemoryStore, memory_store

SIZE = (20, 24)


@dataclass
class MappedReader(MemoryReader):
    """The same payloads in one piece of memory, with something else before and between them."""

    @cached_property
    def _mapped(self) -> Extents:
        lengths = np.array([len(payload) for payload in self.payloads])
        offsets = np.cumsum(lengths + 3) - lengths
        memory = np.frombuffer(b"".join(b"abc" + payload for payload in self.payloads), np.uint8)
        return Extents(memory, offsets, lengths)

    def extents(self) -> Extents:
        return self._mapped

    def mapped_files(self) -> list[Path]:
        return []

    def read(self, indices: Any) -> Any:
        assert len(indices) == 1, "a batch was read payload by payload"
        return super().read(indices)


def mapped(store: MemoryStore) -> MemoryStore:
    store.reader = MappedReader(store.reader.payloads, store.reader.labels)
    return store


def filled(store: MemoryStore, indices: np.ndarray, pipeline: Any = None) -> np.ndarray:
    chosen = pipeline or fuse(store, staged(store, "none", 0, Normalise("uint8")))
    out = np.zeros((len(indices), 3, *SIZE), np.uint8)
    chosen.fill(BatchSpec(0, 0, indices), out)
    return out.transpose(0, 2, 3, 1)


@pytest.mark.parametrize("compression", ["none", "zstd", "zstd-dict"])
@pytest.mark.parametrize("encoding", ["raw", "jpeg", "png"])
def test_mapped_payloads_are_read_without_a_call_a_sample(encoding: str, compression: str) -> None:
    plain = memory_store([SIZE] * 40, encoding, compression)
    indices = np.array([3, 39, 0, 3, 17])
    wanted = np.stack([plain.pixels(index) for index in indices])
    assert np.array_equal(filled(plain, indices), wanted)
    assert np.array_equal(filled(mapped(plain), indices), wanted)


@pytest.mark.parametrize("compression", ["zstd", "zstd-dict", "lz4"])
def test_a_payload_that_does_not_decompress_is_named(compression: str) -> None:
    store = memory_store([SIZE] * 40, "jpeg", compression)
    store.reader.payloads[4] = b"\0" * 30
    mapping = MappedReader(store.reader.payloads, store.reader.labels)
    mapping.read = store.reader.read  # type: ignore[method-assign]  # to find out which it is
    store.reader = mapping
    with pytest.raises(WorkError, match=r"^sample 4 of memory/train cannot be decoded: "):
        filled(store, np.arange(8))


@pytest.mark.parametrize(
    ("encoding", "size", "kind"),
    [
        ("raw", SIZE, RawPipeline),
        ("jpeg", SIZE, JpegPipeline),
        ("png", SIZE, PngPipeline),
        ("raw", (3, 5), StagedPipeline),
    ],
)
def test_each_encoding_gets_its_pipeline(encoding: str, size: tuple[int, int], kind: type) -> None:
    store = memory_store([size] * 3, encoding)
    assert type(fastest(store, staged(store, "none", 0, Normalise()))) is kind


def test_without_numba_the_stages_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numba" else there(name))
    store = memory_store([SIZE] * 6, "jpeg")
    assert type(fastest(store, staged(store, "none", 0, Normalise()))) is StagedPipeline
    images, _ = next(iter(make_loader(store, batch_size=6, shuffle=False, output="uint8", workers=0)))
    assert np.array_equal(images[5].permute(1, 2, 0).numpy(), store.pixels(5))


@pytest.mark.parametrize("encoding", ["raw", "jpeg", "png"])
def test_pipelines_survive_pickling(encoding: str) -> None:
    store = memory_store([SIZE] * 4, encoding)
    pipeline = pickle.loads(pickle.dumps(fuse(store, staged(store, "none", 0, Normalise("uint8")))))
    assert np.array_equal(filled(store, np.array([2]), pipeline)[0], store.pixels(2))


@pytest.mark.parametrize("size", [(4, 4), (9, 15), (15, 17), (16, 16), (16, 17), (40, 41)])
def test_raw_pixels_of_any_number_are_all_written(size: tuple[int, int]) -> None:
    store = mapped(memory_store([size] * 5))
    pipeline = fuse(store, staged(store, "none", 0, Normalise("uint8")))
    assert isinstance(pipeline, RawPipeline)
    out = np.zeros((6, 3, *size), np.uint8)
    pipeline.fill(BatchSpec(0, 0, np.array([4, 0, 2, 2, 1])), out[:5])
    wanted = np.stack([store.pixels(index) for index in (4, 0, 2, 2, 1)]).transpose(0, 3, 1, 2)
    assert np.array_equal(out[:5], wanted)
    assert not out[5].any()


def test_raw_payloads_of_another_length_are_an_error() -> None:
    store = memory_store([SIZE] * 4)
    store.reader.payloads[1] += b"x"
    with pytest.raises(WorkError, match=r"^sample 1 .* raw pixel bytes belong"):
        filled(store, np.arange(4))

"""Stage throughput limits, the training step and what the trainer waits, and where steady state begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import InputError
from core.loading import stage_limits
from core.loading.consumer import Consumer
from core.loading.loader import make_loader
from core.loading.normalise import Normalise
from core.loading.stage_limits import STAGES, measure_cold_read, measure_stage_limits
from core.loading.steps import STEPS, Busy, SmallModel, make_step
from core.loading.transfer import Batch
from tests.loading_fixtures import memory_store


@pytest.mark.parametrize(
    ("store", "transform", "stages"),
    [
        ({}, "none", ["read", "collate"]),
        ({"compression": "zstd"}, "none", ["read", "decompress", "collate"]),
        ({"encoding": "png"}, "none", ["read", "decode", "collate"]),
        ({"encoding": "jpeg"}, "eval224", ["read", "decode", "transform", "collate"]),
    ],
)
def test_a_limit_for_every_stage_that_there_is(store: dict[str, str], transform: str, stages: list[str]) -> None:
    stored = memory_store([(24, 24)] * 12, **store)
    with make_loader(stored, batch_size=8, workers=0, transform=transform) as loader:
        told = measure_stage_limits(stored, loader, Normalise(), transform=transform)
    assert list(told) == [*stages, "memory", *(["from raw"] if "decode" in stages else [])]
    assert [name for name in STAGES if name in told] == stages
    rates = [told[name] for name in stages]
    assert rates == sorted(rates, reverse=True), "no limit below the next"
    assert min(rates) > 0


def test_a_device_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    class Sends:
        host_output = "uint8"

        def allocate(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
            return np.empty(shape, dtype)

        def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]:
            for batch in batches:
                sent.append(batch.images.shape)
                yield batch

    monkeypatch.setattr(stage_limits, "transfer_to", lambda name, normalise: Sends())
    stored = memory_store([(24, 24)] * 12)
    with make_loader(stored, batch_size=8, workers=0) as loader:
        told = measure_stage_limits(stored, loader, Normalise(), device="somewhere")
    assert told["copy"] > 0
    assert set(sent) == {(8, 3, 24, 24)}


def test_a_cold_container_is_read_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = memory_store([(8, 8)] * 300)
    asked: list[int] = []
    read = stored.reader.read
    monkeypatch.setattr(stored.reader, "read", lambda indices: asked.extend(indices) or read(indices))
    assert measure_cold_read(stored) > 0
    assert len(asked) == len(set(asked)) == 300


# ---------------------------------------------------------------- steps and waiting


@pytest.mark.parametrize(("name", "milliseconds"), [("nap", 1), ("sleep", -1), ("busy", 1e9)])
def test_a_step_that_there_is_not_is_refused(name: str, milliseconds: float) -> None:
    with pytest.raises(InputError, match=r"unknown step|milliseconds"):
        make_step(name, milliseconds, "cpu")


def test_no_time_is_no_step_except_for_a_model() -> None:
    assert [type(make_step(name, 0, "cpu")).__name__ for name in STEPS] == ["NoneType", "NoneType", "SmallModel"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_the_small_model_learns_from_either_output(dtype: torch.dtype) -> None:
    step = SmallModel("cpu")
    before = [weight.detach().clone() for weight in step._network.parameters()]
    step(Batch(torch.ones(4, 3, 16, 16).to(dtype), torch.tensor([0, 1, 2, 5000])))
    assert any(not torch.equal(one, other) for one, other in zip(before, step._network.parameters(), strict=True))


class Clockwork:
    """A loader whose batches take a known time by a clock that the test turns."""

    def __init__(self, waits: list[float], clock: Clock, workers: int = 0) -> None:
        self.workers = SimpleNamespace(count=workers)
        self.stages: dict[str, float] = {}
        self.sampler = SimpleNamespace(share=10 * len(waits))
        self._waits, self._clock = waits, clock

    def __iter__(self) -> Iterator[Batch]:
        for wait in self._waits:
            self._clock.now += wait
            yield Batch(torch.zeros(10, 3, 1, 1), torch.zeros(10, dtype=torch.int64))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def consumed(loader: Clockwork, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Consumer:
    monkeypatch.setattr("core.loading.consumer.perf_counter", loader._clock)

    @contextmanager
    def opened() -> Iterator[Any]:
        yield loader

    consumer = Consumer(opened, 1e9, most_epochs=1, **given)
    consumer.start()
    consumer.finish()
    return consumer


def test_the_trainer_waits_for_what_the_step_does_not_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()

    def step(_: Batch) -> None:
        clock.now += 3.0

    told = consumed(Clockwork([9.0, 1.0, 1.0, 1.0], clock), monkeypatch, step=step)
    assert told.first_batch_s == 9.0
    assert told.steady == (30, 12.0)
    assert told.wait_share == pytest.approx(0.25)


def test_without_a_step_there_is_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    assert consumed(Clockwork([1.0, 1.0], Clock()), monkeypatch).wait_share is None


def test_steady_state_begins_when_every_worker_has_given_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers side by side give two batches every two seconds: ten samples a second, not fifteen."""
    loader = Clockwork([2.0, 0.0, 2.0, 0.0, 2.0, 0.0], Clock(), workers=2)
    samples, seconds = consumed(loader, monkeypatch).steady
    assert (samples, seconds) == (40, 4.0)


def test_with_fewer_batches_than_workers_it_begins_after_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert consumed(Clockwork([2.0, 1.0], Clock(), workers=8), monkeypatch).steady == (10, 1.0)


def test_a_busy_step_works_until_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(np.arange(0, 1, 0.001))
    pieces = []
    monkeypatch.setattr("core.loading.steps.time.perf_counter", lambda: next(moments))
    monkeypatch.setattr("core.loading.steps.zlib.crc32", pieces.append)
    Busy(5)(Batch(torch.zeros(1), torch.zeros(1)))
    assert len(pieces) == pytest.approx(5, abs=1)


def test_payloads_are_gathered_one_behind_the_other() -> None:
    pytest.importorskip("numba")
    from core.loading.gathering import gather

    memory, out = np.arange(100, dtype=np.uint8), np.zeros(7, np.uint8)
    offsets, lengths = np.array([90, 10, 50]), np.array([2, 4, 1])
    assert gather(memory, offsets, lengths, out) == 7
    assert out.tolist() == [90, 91, 10, 11, 12, 13, 50]

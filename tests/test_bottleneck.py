"""What binds a configuration and what would help most, on repeats made up so that the answer is known."""

from __future__ import annotations

from typing import Any

import pytest

from core.measure.bottleneck import BOUND_BY, bottlenecks
from core.measure.configuration_summary import summarise_configurations

FAST = {"read": 4e6, "decode": 1e5, "collate": 9e4, "memory": 5e6, "from raw": 8e5}
RAW = {"read": 1e6, "collate": 6e5, "memory": 2e6}


def repeat(rate: float, ceilings: dict[str, float], **told: Any) -> dict[str, Any]:
    """A repeat of the fast loader on two CPUs, with these things different."""
    row: dict[str, Any] = {
        "store": "lmdb/original", "path": "/s", "format": "lmdb", "variant": "original", "loader": "fast",
        "batch_size": 256, "workers": "2 threads", "workers_asked": "auto", "transform": "none", "device": "cpu",
        "output": "float32", "wait_share": None, "cpus": 2, "cache": "warm",
        "samples_per_s": rate, "ceilings": ceilings, **told,
    }  # fmt: skip
    row["configuration"] = ", ".join(
        str(row[name]) for name in ("path", "loader", "batch_size", "workers_asked", "output")
    )
    return row


@pytest.mark.parametrize(
    ("bound", "rate", "ceilings", "told"),
    [
        ("decoding", 8e4, FAST, {}),
        ("storage", 9e5, {"read": 1e6, "collate": 9.5e5}, {"format": "disk"}),
        ("decompression", 9e4, {"read": 1e6, "decompress": 1.1e5, "collate": 1e5}, {}),
        ("transform", 900, {"read": 1e6, "decode": 9e3, "transform": 1100, "collate": 1000}, {}),
        ("memory", 5e5, {"read": 4e6, "collate": 6e5, "memory": 8e5}, {}),
        ("python", 4e3, FAST, {"loader": "naive", "workers": "2 processes"}),
        ("workers", 4e4, FAST, {"workers": "inline", "workers_asked": "0"}),
        ("copy", 8e4, {**RAW, "copy": 1e5}, {"device": "cuda"}),
        ("storage", 4e4, {**RAW, "cold read": 5e4}, {"cache": "cold"}),
        ("model", 5e3, FAST, {"wait_share": 0.03}),
    ],
)
def test_what_binds_is_found(bound: str, rate: float, ceilings: dict[str, float], told: dict[str, Any]) -> None:
    [found] = bottlenecks([repeat(rate, ceilings, **told)])
    assert found.bound == bound
    assert found.sentence.startswith(f"Bound by {BOUND_BY[bound]}: ")
    assert "%" in found.evidence


def test_the_evidence_has_the_figures() -> None:
    [found] = bottlenecks([repeat(8e4, FAST)])
    assert "89% of the 90,000 images/s" in found.evidence
    assert "decoding takes 88% of that time" in found.evidence
    assert found.of_ceiling == pytest.approx(8 / 9)
    assert sum(found.costs.values()) == pytest.approx(1 / 9e4)


def test_a_median_is_judged_and_the_best_ceiling_counts() -> None:
    repeats = [repeat(rate, {**FAST, "collate": top}) for rate, top in ((1e3, 9e4), (8e4, 5e4), (8.2e4, 8e4))]
    [case] = summarise_configurations(repeats)
    assert (case.rate, case.ceilings["collate"]) == (8e4, 9e4)


def test_who_was_faster_than_a_ceiling_has_shown_that_more_is_possible() -> None:
    [case] = summarise_configurations([repeat(1.2e5, FAST)])
    assert case.stage_limits == {"read": 4e6, "decode": 1.2e5, "collate": 1.2e5}
    assert bottlenecks([repeat(1.2e5, FAST)])[0].of_ceiling == 1.0


def test_raw_pixels_are_predicted_from_what_was_measured_of_them() -> None:
    [found] = bottlenecks([repeat(9e4, FAST)])
    assert "Storing raw pixels" in found.advice
    assert found.gain == pytest.approx(8e5 / 9e4)
    assert not found.measured
    assert "8.9 times as fast is predicted" in found.advice


def test_a_prediction_ends_at_the_next_wall() -> None:
    [found] = bottlenecks([repeat(9e4, {**FAST, "copy": 1.8e5}, device="cuda")])
    assert found.gain == pytest.approx(2.0)


def test_what_was_measured_outweighs_what_is_predicted() -> None:
    as_raw = {"store": "lmdb/raw", "path": "/raw", "variant": "raw"}
    raw = [repeat(rate, RAW, **as_raw) for rate in (5e5, 5.01e5, 4.99e5)]
    slow = next(one for one in bottlenecks([*[repeat(9e4, FAST)] * 3, *raw]) if one.rate == 9e4)
    assert slow.measured
    assert "The store lmdb/raw (encoding differs) helps most: measured here, 5.6 times as fast" in slow.advice


def test_a_store_that_differs_in_several_things_is_said_to() -> None:
    as_raw = {"store": "hdf5/raw", "path": "/raw", "format": "hdf5", "variant": "raw"}
    raw = [repeat(rate, RAW, **as_raw) for rate in (5e5, 5.01e5, 4.99e5)]
    slow = next(one for one in bottlenecks([*[repeat(9e4, FAST)] * 3, *raw]) if one.rate == 9e4)
    assert "The store hdf5/raw (format and encoding differ) helps most" in slow.advice


@pytest.mark.parametrize("rates", [(5e5,), (5e5, 4e4, 9e5)])
def test_what_is_not_significantly_faster_is_no_measured_gain(rates: tuple[float, ...]) -> None:
    raw = [repeat(rate, RAW, store="lmdb/raw", path="/raw") for rate in rates]
    slow = next(one for one in bottlenecks([*[repeat(9e4, FAST)] * 3, *raw]) if one.rate == 9e4)
    assert not slow.measured


def test_a_change_of_two_things_is_no_single_change() -> None:
    other = repeat(5e5, RAW, store="lmdb/raw", path="/raw", batch_size=64)
    slow = next(one for one in bottlenecks([*[repeat(9e4, FAST)] * 3, *[other] * 3]) if one.rate == 9e4)
    assert not slow.measured


def test_another_work_is_no_advice() -> None:
    """Images of other values or in another place are another task, however fast."""
    other = repeat(9e5, {**RAW, "collate": 1e6}, output="uint8")
    slow = next(one for one in bottlenecks([*[repeat(5e5, RAW)] * 3, *[other] * 3]) if one.rate == 5e5)
    assert not slow.measured


@pytest.mark.parametrize(("output", "part"), [("float32", "a quarter"), ("bfloat16", "half"), ("float16", "half")])
def test_fewer_bytes_help_where_memory_is_the_limit(output: str, part: str) -> None:
    [found] = bottlenecks([repeat(5e5, {"read": 4e6, "collate": 6e5, "memory": 8e5}, output=output)])
    assert found.bound == "memory"
    assert f"Output as uint8, {part} of the bytes, would help most" in found.advice


def test_one_worker_of_two_is_told_to_be_two() -> None:
    [found] = bottlenecks([repeat(4e4, FAST, workers="1 threads", workers_asked="1")])
    assert found.bound == "workers"
    assert "2 workers would help most" in found.advice
    assert found.gain == pytest.approx(2.0)


def test_the_fast_loader_is_advised_to_the_tutorials() -> None:
    [found] = bottlenecks([repeat(4e3, FAST, loader="naive", workers="2 processes")])
    assert "The fast loader would help most" in found.advice


def test_small_batches_are_told_to_grow() -> None:
    [found] = bottlenecks([repeat(2e5, RAW, batch_size=16)])
    assert found.bound == "python"
    assert "Batches of 64" in found.advice
    assert 1 < (found.gain or 0) < 4


def test_an_epoch_of_fewer_batches_than_workers_is_named() -> None:
    [found] = bottlenecks([repeat(1100, {**FAST, "collate": 2300}, batch_size=256, split_samples=200)])
    assert found.bound == "batches"
    assert "an epoch has 1 batch and each of 2 workers makes whole batches" in found.evidence
    assert "Batches of 25 would help most: about 2.0 times" in found.advice
    [other] = bottlenecks([repeat(200, {**FAST, "collate": 2300}, batch_size=256, split_samples=200)])
    assert other.bound == "python", "so slow is not for want of batches"


def test_batches_are_not_told_to_grow_until_an_epoch_has_too_few() -> None:
    [found] = bottlenecks([repeat(2e5, RAW, batch_size=16, split_samples=400)])
    assert found.bound == "python"
    assert "Batches" not in found.advice
    [found] = bottlenecks([repeat(2e5, RAW, batch_size=16, split_samples=50_000)])
    assert "Batches of 64" in found.advice


def test_a_trainer_that_never_waits_is_not_told_to_load_faster() -> None:
    [found] = bottlenecks([repeat(5e3, FAST, wait_share=0.01)])
    assert found.gain is None
    assert "No change" in found.advice


def test_faster_loading_cannot_save_more_than_the_waiting() -> None:
    """The trainer waits for half of its time: twice as fast at most, however much faster the loading."""
    [found] = bottlenecks([repeat(9e4, FAST, wait_share=0.5)])
    assert found.gain == pytest.approx(2.0)


def test_a_trainer_that_loads_itself_is_told_to_let_workers_load() -> None:
    [found] = bottlenecks([repeat(2e4, FAST, wait_share=0.5, workers="inline", workers_asked="0")])
    assert found.bound == "workers"
    assert found.of_ceiling == pytest.approx(4e4 / 9e4)
    assert found.gain == pytest.approx(2.0)


def test_repeats_without_stage_limits_have_no_verdict() -> None:
    assert bottlenecks([]) == []
    old = {"store": "lmdb/raw", "format": "lmdb", "samples_per_s": 10, "ceilings": {"read": 5, "memory": 3}}
    assert bottlenecks([old]) == []


def test_the_fastest_comes_first() -> None:
    repeats = [repeat(4e3, FAST, loader="naive"), repeat(9e4, FAST), repeat(2e4, FAST, loader="torch")]
    assert [found.rate for found in bottlenecks(repeats)] == [9e4, 2e4, 4e3]

"""The model behind `plan`: its formulas by hand, what binds, and what cannot be."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import pytest

from core.base.errors import InputError
from core.scale.answer import ScaleQuestion, parts_of
from core.scale.assumptions import HERE, STORAGES, SourcedValue, Surroundings, surroundings
from core.scale.bounds import binding
from core.scale.build_time import build_time
from core.scale.build_trial import TimeCost, build_rates, line
from core.scale.cost import costs
from core.scale.epoch_time import epoch_time
from core.scale.rates import BuildRates, ImageFacts, LoadRates, ScaleRequest

IMAGE = ImageFacts(source=1000.0, payload=800.0, stored=1000.0, read=1000.0)
BUILD = BuildRates(
    {"read": 1e-4, "encode": 8e-4, "write": 1e-4}, start_s=2.0, alone_start_s=0.5, part_s=0.1, alone=1.25
)
LOAD = LoadRates(near_s=1e-4, far_s=2e-4, first_s=5e-5, start_s=3.0, cache_bytes=32e6, epoch_s=0.2)
REQUEST = ScaleRequest(images=1_000_000, parts=100, nodes=2, cpus=5)


def around(storage: str = HERE, **given: Any) -> Surroundings:
    return surroundings(storage, given, {})


def test_parts_are_built_in_rounds_of_as_many_as_there_are_cpus() -> None:
    told = build_time(REQUEST, IMAGE, BUILD, around())
    assert told["slots"] == 10
    assert told["resources"]["CPU"] == pytest.approx(10 * (10_000 * 1e-3 + 0.1))
    assert told["resources"]["disk"] == pytest.approx(1e9 / 500e6 / 2), "sources that fit the memory are not read"
    assert told["seconds"] == pytest.approx(101 + 2 + 8), "the processes' start, and the engine's over several nodes"
    assert told["node_hours"] == pytest.approx(111 * 2 / 3600)
    assert told["stages"]["encode"] == pytest.approx(1_000_000 * 8e-4 / 10)
    assert told["binds"]["text"] == "bound by CPU (1 min 41 s); next is disk (1.0 s, 1% of it)"


def test_a_last_round_that_is_not_full_takes_as_long() -> None:
    full = build_time(dataclasses.replace(REQUEST, parts=10), IMAGE, BUILD, around())
    more = build_time(dataclasses.replace(REQUEST, parts=11), IMAGE, BUILD, around())
    assert more["resources"]["CPU"] == pytest.approx(2 * (90_910 * 1e-3 + 0.1))
    assert more["seconds"] > 1.7 * full["seconds"]


def test_one_process_is_as_fast_as_it_was_measured_alone() -> None:
    told = build_time(dataclasses.replace(REQUEST, build_workers=1), IMAGE, BUILD, around())
    assert told["seconds"] == pytest.approx(0.5 + 100 * (10_000 * 1e-3 / 1.25 + 0.1))


def test_the_driver_is_not_shared_out() -> None:
    slow = dataclasses.replace(BUILD, commit_s=4e-4, cut_s=6e-4)
    told = build_time(REQUEST, IMAGE, slow, around())
    assert told["seconds"] == pytest.approx(111 + 1000)
    assert told["binds"]["first"] == "driver"


def test_what_binds_a_build_follows_from_the_storage() -> None:
    assert build_time(REQUEST, IMAGE, BUILD, around("nvme"))["binds"]["first"] == "CPU"
    far = build_time(REQUEST, IMAGE, BUILD, around("s3"))
    assert far["binds"]["first"] == "requests"
    assert far["resources"]["requests"] == pytest.approx(1_000_125 * 0.03 / (8 * 10)), "125 uploads of 8 MB"
    assert far["requests"] == {"get": 1_000_000, "put": 125}
    large = dataclasses.replace(IMAGE, source=1e6, stored=1e6)
    assert build_time(REQUEST, large, BUILD, around("s3"))["binds"]["first"] == "disk"
    thin = around("s3", network_gbit_s=0.1)
    assert build_time(REQUEST, large, BUILD, thin)["binds"]["first"] == "network"


def test_a_file_an_image_is_a_request_an_image() -> None:
    files = dataclasses.replace(IMAGE, file_per_sample=True)
    assert build_time(REQUEST, files, BUILD, around("s3"))["requests"]["put"] == 1_000_000
    assert epoch_time(REQUEST, files, LOAD, around("s3"))["first"]["requests"] == 1_000_000
    there = dataclasses.replace(files, refers=True, stored=100.0)
    assert build_time(REQUEST, there, BUILD, around("s3"))["requests"]["put"] == 100, "nothing but the parts is written"
    assert epoch_time(REQUEST, there, LOAD, around("s3"))["first"]["requests"] == 1_000_000


def test_an_epoch_from_memory_is_the_processors() -> None:
    told = epoch_time(REQUEST, IMAGE, LOAD, around())
    each = 1e-4 + 1e-4 * (1 - 32e6 / 1e9)
    assert told["cached_share"] == 1.0
    assert (told["bytes"], told["requests"]) == (0, 0)
    assert told["seconds"] == pytest.approx(1e6 * each / 10 + 0.2)
    ordered = epoch_time(REQUEST, IMAGE, dataclasses.replace(LOAD, order_s=1e-6), around())
    assert ordered["seconds"] == pytest.approx(told["seconds"] + 1.0), "each node draws the order of all images"
    assert told["images_per_s"] == pytest.approx(1e6 / told["seconds"])
    assert told["first"]["seconds"] == pytest.approx(1e6 * (each + 5e-5) / 10 + 3.0)
    assert (told["first"]["bytes"], told["first"]["requests"]) == (1_000_000_000, 1_000_000)


def test_a_store_that_a_cache_holds_loads_faster() -> None:
    assert LOAD.image_s(1e6) == LOAD.near_s
    assert LOAD.image_s(64e6) == pytest.approx(1.5e-4)
    assert LOAD.image_s(1e15) == pytest.approx(LOAD.far_s)


def test_what_no_cache_holds_is_fetched_each_epoch() -> None:
    many = dataclasses.replace(REQUEST, images=10**9, epochs=3)
    told = epoch_time(many, IMAGE, LOAD, around("s3", memory_gb=100))
    assert told["cached_share"] == pytest.approx(0.1)
    assert told["bytes"] == pytest.approx(0.9e12)
    assert told["requests"] == pytest.approx(0.9e12 / 8e6 + 2 * 90, abs=2), "ranges, and two to open a shard"
    assert told["training_bytes"] == pytest.approx(1e12 + 2 * 0.9e12)
    assert told["training_seconds"] == pytest.approx(told["first"]["seconds"] + 2 * told["seconds"])


def test_gpus_that_take_less_bind() -> None:
    told = epoch_time(dataclasses.replace(REQUEST, gpu_images_s=1000.0), IMAGE, LOAD, around())
    assert told["binds"]["first"] == "GPU"
    assert told["seconds"] == pytest.approx(1000.2)


@pytest.mark.parametrize("storage", STORAGES)
def test_more_images_take_longer_and_more_nodes_do_not(storage: str) -> None:
    def seconds(images: int, nodes: int) -> tuple[float, float]:
        request = ScaleRequest(images, max(1, images // 10_000), nodes, 4)
        build = build_time(request, IMAGE, BUILD, around(storage))
        epoch = epoch_time(request, IMAGE, LOAD, around(storage))
        return build["seconds"], epoch["seconds"]

    sizes = [seconds(10**power, 4) for power in range(4, 10)]
    assert all(one[0] <= two[0] and one[1] < two[1] for one, two in pairwise(sizes))
    nodes = [seconds(10**9, count) for count in (2, 4, 8, 16)]
    assert all(one[0] >= two[0] and one[1] >= two[1] for one, two in pairwise(nodes))


def test_costs_say_how_they_were_computed() -> None:
    priced = around("s3", node_hour=2.0, egress_gb=0.1)
    build = build_time(REQUEST, IMAGE, BUILD, priced)
    told = costs(build, epoch_time(REQUEST, IMAGE, LOAD, priced), 1e9, 2, priced)
    expected = build["node_hours"] * 2 + 1000 * 0.0004 + 0.125 * 0.005 + 1.0 * 0.1
    assert told["build"]["amount"] == pytest.approx(expected)
    assert "1,000 thousand reads at 0.0004" in told["build"]["how"]
    assert told["storage_month"]["amount"] == pytest.approx(0.023)
    assert told["training"]["amount"] == pytest.approx(
        epoch_time(REQUEST, IMAGE, LOAD, priced)["first"]["seconds"] * 2 / 3600 * 2 + 0.4 * (325 / 1e6) + 0.1
    )


def test_a_value_comes_from_the_user_then_the_storage_then_this_machine() -> None:
    here = {"read_mb_s": SourcedValue(123.0, "measured here"), "memory_gb": SourcedValue(7.0, "this machine's")}
    rows = {row["name"]: row for row in surroundings(HERE, {"latency_ms": "5"}, here).rows()}
    assert (rows["read_mb_s"]["value"], rows["read_mb_s"]["from"]) == (123.0, "measured here")
    assert (rows["latency_ms"]["value"], rows["latency_ms"]["from"]) == (5.0, "given")
    assert rows["node_hour"]["from"] == "assumed"
    far = {row["name"]: row for row in surroundings("s3", {}, here).rows()}
    assert (far["read_mb_s"]["value"], far["read_mb_s"]["from"]) == (1000.0, "assumed")
    assert (far["memory_gb"]["value"], far["memory_gb"]["from"]) == (7.0, "this machine's")
    assert all(row["unit"] and row["about"] for row in far.values())


@pytest.mark.parametrize(
    ("storage", "given", "said"),
    [
        ("tape", {}, "unknown storage 'tape'"),
        ("s3", {"read_mb": 1}, "unknown option 'read_mb'"),
        ("s3", {"read_mb_s": "fast"}, "read_mb_s=fast is not a number"),
        ("s3", {"read_mb_s": 0}, "at least"),
        ("s3", {"latency_ms": "nan"}, "latency_ms=nan"),
        ("s3", {"latency_ms": "inf"}, "latency_ms=inf"),
    ],
)
def test_what_cannot_be_assumed_is_said(storage: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        surroundings(storage, given, {})


def test_a_store_is_cut_so_that_names_have_digits_enough() -> None:
    assert parts_of(1_000_000, 1000.0, ScaleQuestion([1])) == 4
    assert parts_of(1_000_000, 1000.0, ScaleQuestion([1], shard_mb=10)) == 100
    assert parts_of(5, 1000.0, ScaleQuestion([1], shards=8)) == 5
    assert parts_of(10**12, 1e5, ScaleQuestion([1])) <= 50_000
    with pytest.raises(InputError, match="give 1,001 or more"):
        parts_of(10**9, 1e5, ScaleQuestion([1], shard_mb=1000))


def test_what_is_paid_once_is_told_from_what_images_take() -> None:
    assert line(1000, 1.5, 5000, 3.5) == pytest.approx((1.0, 5e-4))
    assert line(1000, 2.0, 5000, 1.0) == (0.0, 2e-4), "noise: nothing is below 0"
    rates = build_rates(TimeCost(1.2, 4.1e-4), TimeCost(2.4, 3.1e-4), 0.1, 1e-5, 2, 2, {"read": 1e-4, "encode": 2e-4})
    assert rates.commit_s == 1e-5
    assert rates.image_s == pytest.approx(6e-4)
    assert rates.stages["other"] == pytest.approx(3e-4)
    assert (rates.start_s, rates.alone_start_s) == pytest.approx((2.3, 1.0))
    assert rates.alone == pytest.approx(1.5)
    disturbed = build_rates(TimeCost(1.2, 4e-4), TimeCost(2.4, 1e-4), 0.1, 0.0, 2, 2, {"read": 1e-4})
    assert (disturbed.image_s, disturbed.alone) == pytest.approx((4e-4, 1.0)), "no faster for the others being busy"
    less = build_rates(TimeCost(0.0, 1e-4), TimeCost(0.0, 1e-4), 0.0, 0.0, 2, 1, {"read": 1e-4, "encode": 1e-4})
    assert less.stages == pytest.approx({"read": 5e-5, "encode": 5e-5, "other": 0.0})


def test_one_resource_has_none_after_it() -> None:
    assert binding({"CPU": 2.0}) == {"first": "CPU", "second": "", "share": 0.0, "text": "bound by CPU (2.0 s)"}
    assert binding({"CPU": 0.0, "disk": 0.0})["share"] == 0.0

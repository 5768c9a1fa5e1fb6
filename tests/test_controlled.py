"""Comparisons in which one factor differs: what is proposed, what headlines say, and what they call the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.base.units import speed_text
from core.measure.controlled import (
    differing,
    differing_note,
    groups,
    proposed,
    rank,
    row_factors,
    selection_text,
    store_factors,
)
from core.measure.headlines import group_title, headlines
from core.measure.loader_runs import rank_configurations
from ui.shared.loader_labels import outcome_text


def factors(store: str) -> Mapping[str, str]:
    return store_factors(*store.split("/"))


@pytest.mark.parametrize(
    ("store", "encoding", "compression", "layout"),
    [
        ("lmdb/raw", "raw", "none", ""),
        ("lmdb/raw-zstd", "raw", "zstd", ""),
        ("disk/original-zstd-dict", "original", "zstd-dict", ""),
        ("lmdb/raw-size224-zstd-level9-group4", "raw-size224", "zstd-level9", "group4"),
        ("hdf5/raw-gzip", "raw", "none", "gzip"),
        ("disk/jpeg-quality90", "jpeg-quality90", "none", ""),
        ("lmdb/tutorial", "raw", "none", ""),
        ("future/webp-fast", "webp-fast", "none", ""),
    ],
)
def test_a_stores_name_tells_what_it_may_differ_in(store: str, encoding: str, compression: str, layout: str) -> None:
    told = factors(store)
    assert (told["encoding"], told["compression"], told["layout"]) == (encoding, compression, layout)


@pytest.mark.parametrize(
    ("stores", "chosen"),
    [
        (
            ["disk/original", "disk/raw", "lmdb/jpeg", "lmdb/original", "lmdb/raw", "hdf5/jpeg", "hdf5/original"],
            ["disk/original", "lmdb/original", "hdf5/original"],
        ),
        (["disk/original", "lmdb/raw", "hdf5/raw", "hdf5/jpeg"], ["lmdb/raw", "hdf5/raw"]),
        (["lmdb/jpeg", "lmdb/original", "lmdb/raw-zstd"], ["lmdb/jpeg", "lmdb/original"]),
        (["lmdb/raw", "lmdb/raw-zstd", "lmdb/raw-lz4"], ["lmdb/raw", "lmdb/raw-zstd", "lmdb/raw-lz4"]),
        (["disk/original", "lmdb/raw"], ["disk/original"]),
        ([], []),
    ],
)
def test_a_proposal_differs_in_one_factor(stores: list[str], chosen: list[str]) -> None:
    assert proposed(stores, factors) == chosen
    assert len({differing(factors(chosen[0]), factors(one)) for one in chosen[1:]}) <= 1


def test_a_selection_says_what_differs() -> None:
    assert selection_text(["lmdb/raw", "hdf5/raw"], factors) == "One factor differs: the format."
    both = selection_text(["disk/original", "lmdb/raw"], factors)
    assert both.startswith("2 factors differ: format and encoding. No two of these")
    assert selection_text(["disk/original", "lmdb/raw", "lmdb/original"], factors).endswith("that differ in one.")
    assert selection_text(["lmdb/raw"], factors) == ""


def told(rates: Mapping[str, list[float]]) -> list[str]:
    return headlines(list(rates), factors, rates.__getitem__, speed_text, bold="")


def test_headlines_compare_formats_first_then_encodings() -> None:
    rates = {
        "disk/original": [1000.0, 1010, 1005],
        "lmdb/original": [4000.0, 4010, 4005],
        "hdf5/original": [2000.0, 2010, 2005],
        "lmdb/raw": [80_000.0, 80_100, 80_050],
    }
    assert told(rates) == [
        "Formats at original: LMDB gives 4,000 images/s, 2.00 times as many as HDF5 and 3.99 times as many as Files on "
        "disk.",
        "Encodings in LMDB: raw gives 80,000 images/s, 20.0 times as many as original.",
    ], "80 times, raw pixels in LMDB against PNG files, would be two factors at once"


def test_a_headline_claims_no_difference_that_is_not_significant() -> None:
    rates = {"disk/raw": [90.0, 110, 100], "lmdb/raw": [95.0, 108, 101], "hdf5/raw": [10.0, 10.1, 10.2]}
    [sentence] = told(rates)
    assert "lead with no significant difference" in sentence
    assert "9.90 times as many as HDF5" in sentence or "10.0 times as many as HDF5" in sentence
    assert told({"disk/raw": [90.0, 110, 100], "lmdb/raw": [95.0, 108, 101]}) == [
        "Formats at raw: no significant difference between LMDB (101 images/s) and Files on disk (100 images/s)."
    ]
    assert told({"disk/original": [1.0, 1, 1], "lmdb/raw": [9.0, 9, 9]}) == []


def test_less_is_better_of_times() -> None:
    seconds = {"lmdb/raw": [1.0, 1.01, 1.0], "hdf5/raw": [2.0, 2.02, 2.0]}
    [sentence] = headlines(list(seconds), factors, seconds.__getitem__, lambda took: f"{took:.1f} s", more=False)
    assert sentence == "**Formats at raw:** **LMDB** takes **1.0 s**, HDF5 2.00 times as long."


def repeat(store: str, rate: float, workers: str = "inline", **more: Any) -> dict[str, Any]:
    format, variant = store.split("/")
    return {
        "store": store, "format": format, "variant": variant, "samples_per_s": rate, "workers": workers,
        "workers_asked": "auto", "loader": "fast", "batch_size": 256, "configuration": f"{store} {more}", **more,
    }  # fmt: skip


def verdict(repeats: list[dict[str, Any]]) -> str:
    rows = rank_configurations(repeats)
    return outcome_text(rows, {row.configuration: row.configuration for row in rows})


def test_different_workers_are_named_beside_a_comparison() -> None:
    repeats = [repeat("disk/raw", 10 + step) for step in (0, 0.01, 0.02)]
    repeats += [repeat("lmdb/raw", 90 + step, "2 threads") for step in (0, 0.01, 0.02)]
    assert "Workers differ as well" in verdict(repeats)
    assert "2 threads for lmdb/raw" in verdict(repeats)
    assert "Workers differ" not in verdict([repeat("disk/raw", 1), repeat("lmdb/raw", 9)])


def test_where_no_two_differ_in_one_factor_it_is_said() -> None:
    said = verdict([repeat("disk/original", 10), repeat("lmdb/raw", 90)])
    assert "differ in format and encoding" in said
    assert "times" not in said


def test_a_comparison_is_titled_with_what_varies_elsewhere() -> None:
    rows = [row_factors(repeat(store, 1, batch_size=size)) for store in ("disk/raw", "lmdb/raw") for size in (64, 256)]
    titles = [group_title(group, rows) for group in groups(rows, dict)]
    assert titles == [
        "Formats at raw, batch 64",
        "Formats at raw, batch 256",
        "Batch sizes, disk/raw",
        "Batch sizes, lmdb/raw",
    ]


def test_what_was_measured_once_is_no_lead_however_far_off() -> None:
    rates = {"lmdb/raw": [3000.0], "hdf5/raw": [10.0]}
    [group] = groups(["lmdb/raw", "hdf5/raw"], factors)
    found = rank(group, rates.__getitem__, more=True)
    assert (found.runner_up, found.tied, [place.member for place in found.once]) == (None, [], ["hdf5/raw"])
    assert told(rates) == [
        "Formats at raw: measured only once, so no difference is significant: LMDB (3,000 images/s) and HDF5 "
        "(10 images/s)."
    ]


def test_what_was_measured_once_stands_apart_from_what_is_ranked() -> None:
    rates = {"lmdb/raw": [90.0, 90.1, 90.2], "hdf5/raw": [10.0, 10.1, 10.2], "disk/raw": [1.0]}
    [sentence] = told(rates)
    assert sentence.endswith(
        "8.92 times as many as HDF5. Measured only once, so not ranked: Files on disk (1 images/s)."
    )


def test_a_rival_is_compared_as_a_whole_with_ours_in_any_format() -> None:
    tars = {"loader": "tars", "rival": True}
    rows = [
        repeat("lmdb/original", 90), repeat("disk/original", 40), repeat("lmdb/raw", 200),
        repeat("tar/original", 30, **tars), repeat("lmdb/original", 20, loader="pages", rival=True),
    ]  # fmt: skip
    told = [row_factors(row) for row in rows]
    found = {group_title(group): [one["loader"] for one in group.members] for group in groups(told, dict)}
    whole = "each rival as a whole, container and loader together"
    assert {title: loaders for title, loaders in found.items() if title.startswith("Loaders")} == {
        f"Loaders at original, ours from LMDB, {whole}": ["fast", "tars", "pages"],
        f"Loaders at original, ours from Files on disk, {whole}": ["fast", "tars", "pages"],
    }
    assert all("pages" not in loaders for title, loaders in found.items() if title.startswith("Formats"))
    assert differing(told[0], told[3]) == ("loader",)
    assert differing(told[2], told[3]) == ("encoding", "loader")
    assert differing_note(told[0], told[3]) == " (container and loader differ together)"
    assert selection_text(told[:1] + told[3:], dict) == "One factor differs: the loader."
    [alone] = groups(told[3:], dict)
    assert group_title(alone) == f"Loaders at original, {whole}"

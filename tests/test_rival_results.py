"""Loader runs with rivals: what is said and drawn of them, and that they are taken for none of our stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.base.home import Home
from core.measure.bottleneck import bottlenecks
from core.measure.loader_lines import COLUMNS, loader_lines, micro_text, winners
from core.measure.loader_runs import LoaderRun, as_loader_run, rank_configurations
from core.report.loader_charts import speed_against_cpu
from core.report.loader_table import loader_table, refused_table
from core.report.rival_headlines import rival_headlines
from tests.app_under_test import TIMEOUT, texts
from tests.rival_records import registered, rival_record, rival_rows
from ui.shared.loader_labels import labels_of, rivals_outcome_text
from ui.shared.ranking_chart import ranking_chart


@pytest.fixture(autouse=True)
def _rivals() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def run(empty: Home) -> LoaderRun:
    found = as_loader_run(rival_record(empty))
    assert found is not None
    return found


def best(rows: list[dict[str, Any]], field: str) -> set[str]:
    lines = loader_lines(rows)
    [column] = [column for column in COLUMNS if column.field == field]
    names = {line.configuration: str(line.about["loader"]) for line in lines}
    return {names[name] for name in winners(lines, column)}


def repeats() -> list[dict[str, Any]]:
    return [row for row in rival_rows() if row["kind"] == "repeat"]


# ---------------------------------------------------------------- columns


def test_the_best_of_each_column_is_marked() -> None:
    rows = repeats()
    expected = {"samples_per_s": "fast", "peak_memory_bytes": "tars", "bytes_on_disk": "pages", "prepare_s": "fast"}
    for field, loader in expected.items():
        assert best(rows, field) == {loader}, field
    assert best(rows, "shuffle_quality") == set(), "a shuffle is enough or not"


def test_what_is_not_significantly_behind_is_best_as_well() -> None:
    rows = repeats()
    near = [{**row, "configuration": "near", "loader": "torch", "samples_per_s": row["samples_per_s"] * 1.001}
            for row in rows if row["loader"] == "fast"]  # fmt: skip
    assert best([*rows, *near], "samples_per_s") == {"fast", "torch"}
    apart = [{**row, "configuration": "apart", "loader": "torch", "transform": "train224"} for row in near]
    assert best([*rows, *apart], "samples_per_s") == {"fast"}, "other work is not compared"


def test_the_table_has_marks_notes_and_reasons(run: LoaderRun) -> None:
    table = loader_table(loader_lines(run.repeats), labels_of(run), "Medians")
    rows = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert rows["lmdb/original, fast"]["Images/s"] == "200 ★"
    assert rows["Tar Shards (tar/original)"]["CPU per image"] == "80 µs"
    assert rows["Tar Shards (tar/original)"]["Peak memory"] == "200 MB ★"
    notes = rows["Page Loader (lmdb/original)"]["Notes"]
    assert notes == "re-encoded; 1 of 3 disturbed"
    assert refused_table(run.refused).rows == [("odd (odd/original)", "it handed image 3 out twice in an epoch")]


@pytest.mark.parametrize(("seconds", "text"), [(6.4e-6, "6.40 µs"), (1.58e-6, "1.58 µs"), (1.85e-3, "1.85 ms")])
def test_processor_time_has_its_unit(seconds: float, text: str) -> None:
    assert micro_text(seconds) == text


# ---------------------------------------------------------------- sentences and charts


def test_each_rival_is_told_against_the_best_of_ours(run: LoaderRun) -> None:
    told = rival_headlines(loader_lines(run.repeats), bold="")
    [tars] = [text for text in told if text.startswith("Tar Shards (tar/original) gives 50 images/s")]
    assert "; lmdb/original, fast 200 images/s, 4.00 times as many (95%: " in tars
    assert "It takes 80 µs of processor time per image, ours 10 µs." in tars
    said = rivals_outcome_text(run, labels_of(run))
    assert "Fastest: **lmdb/original, fast** with **200 images/s**" in said
    assert "tars loader" not in said


def test_of_many_rivals_the_fastest_is_told(run: LoaderRun) -> None:
    tars = [row for row in run.repeats if row["loader"] == "tars"]
    more = [{**row, "configuration": f"{row['configuration']} {n}", "store": f"tar{n}/original"}
            for n in range(3) for row in tars]  # fmt: skip
    [told] = rival_headlines(loader_lines([*run.repeats, *more]), bold="")
    assert told.startswith("Page Loader (lmdb/original), the fastest of 5 rivals, gives 100 images/s")


def test_a_rival_whose_container_is_called_as_our_format_has_not_its_colour(run: LoaderRun) -> None:
    chart = ranking_chart(rank_configurations(run.repeats), labels_of(run)).to_dict()
    [data] = chart["datasets"].values()
    assert {row["configuration"]: row["format"] for row in data} == {
        "lmdb/original, fast": "LMDB",
        "Tar Shards (tar/original)": "Rival",
        "Page Loader (lmdb/original)": "Rival",
    }
    scale = chart["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"][-1] == "Rival"


def test_speed_against_processor_time_has_a_named_point_each(run: LoaderRun) -> None:
    lines = loader_lines(run.repeats)
    spec = speed_against_cpu(lines).to_dict()
    points = {row["name"]: (row["micros"], row["rate"]) for row in spec["data"]["values"]}
    assert points["Tar Shards"] == (pytest.approx(80), pytest.approx(50))
    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["LMDB", "Rival"]


def test_of_a_rival_it_is_told_what_its_processes_take_and_who_is_faster(run: LoaderRun) -> None:
    limits = {"read": 900.0, "decode": 400.0, "collate": 300.0}
    rows = [{**row, "ceilings": limits, "cpus": 2, "cpu_s_per_sample": 0.039} for row in run.repeats]
    loaders = {str(row["configuration"]): row["loader"] for row in rows}
    told = {loaders[one.configuration]: one for one in bottlenecks(rows)}
    assert told["fast"].bound == "decoding"
    assert told["tars"].bound == "processors"
    assert told["tars"].sentence == (
        "Bound by its own processor time: it reaches 17% of the 300 images/s that loading the same images allows on 2 "
        "CPUs; an image takes 39,000 µs of its processor time, which is all there is. The fast loader with "
        "lmdb/original helps most: measured here, 4.0 times as fast."
    )
    idle = [{**row, "cpu_s_per_sample": 0.01} for row in rows]
    waiting = next(one for one in bottlenecks(idle) if loaders[one.configuration] == "tars")
    assert (waiting.bound, round(waiting.of_ceiling, 2)) == ("waiting", 0.17)
    assert "keeps 25% of the processors busy" in waiting.sentence


# ---------------------------------------------------------------- on the page


def shown(home: Home, view: str) -> AppTest:
    def page(root: str, view: str) -> None:
        import streamlit as st

        from core.base.home import Home
        from core.measure.loader_runs import list_loader_runs
        from ui.benchmark.loaders.view import draw_result

        st.session_state.setdefault("benchmark.result.view", view)
        draw_result(list_loader_runs(Home.find(root))[0])

    app = AppTest.from_function(page, args=(str(home.root), view), default_timeout=TIMEOUT).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("view", ["Ranking", "All columns", "Bottlenecks", "Machine", "Repeats"])
def test_every_view_of_a_run_with_rivals_draws(empty: Home, view: str) -> None:
    rival_record(empty)
    app = shown(empty, view)
    said = texts(app)
    assert r"**odd \(odd/original\)** was refused" in said
    assert "compared as a whole" in said
    if view == "Repeats":
        assert list(app.dataframe[0].value["Disturbed"]).count("disturbed") == 1
    if view == "All columns":
        assert len(app.get("vega_lite_chart")) == 1
    if view == "Bottlenecks":
        assert "the stages below are ours" in said


def test_rivals_at_two_kinds_of_work_say_which() -> None:
    rows = [
        {"configuration": f"{encoding}{number}", "store": f"tar/{encoding}", "loader": "webdataset", "rival": True,
         "dataset": "d", "batch_size": 8, "transform": "none", "device": "cpu", "output": "float32",
         "samples_per_s": 100.0 + number}
        for encoding, number in (("jpeg", 1), ("raw", 2))
    ]  # fmt: skip
    raw, jpeg = rival_headlines(loader_lines(rows), bold="")
    assert raw.startswith("WebDataset (tar/raw) (raw, batches of 8, cpu, float32) gives 102 images/s")
    assert jpeg.startswith("WebDataset (tar/jpeg) (jpeg, batches of 8, cpu, float32) gives 101 images/s")

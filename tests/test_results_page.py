"""The Results view of the Benchmark page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.base.home import Home
from core.measure.compare import compare
from core.measure.exchange import bundle
from core.measure.records import RunRecord
from core.measure.series import FIRST_BATCH, SPEED
from core.measure.statistics import Ratio
from tests.app_under_test import TIMEOUT, open_page, texts
from tests.results_fixtures import ME, loader_record, repeats, times, write_record
from ui.benchmark.results.charts import comparison_chart
from ui.benchmark.results.labels import (
    interval_text,
    machine_line,
    one_run_sentence,
    run_title,
    side_by_side_sentences,
    spread_text,
    value_text,
)


def results() -> AppTest:
    """The Results view."""
    app = open_page("benchmark")
    app.session_state["benchmark.view"] = "Results"
    return app.run()


def side_by_side(*names: str) -> AppTest:
    """The runs of these sessions, as when they are ticked."""

    def page(names: tuple[str, ...]) -> None:
        from core.base.home import Home
        from core.measure.runs import find_run
        from ui.benchmark.results.compare import draw_runs

        draw_runs([find_run(Home.find(), name) for name in names])

    return AppTest.from_function(page, args=(names,), default_timeout=TIMEOUT).run()


# ---------------------------------------------------------------- the page


def test_without_runs_it_says_what_to_do(home: Home) -> None:
    app = results()
    assert not app.exception
    assert "No runs yet." in texts(app)


def test_the_newest_run_is_shown_with_all_that_can_be_taken_away(home: Home) -> None:
    loader_record(home, 1)
    loader_record(home, 2)
    app = results()
    assert not app.exception
    assert len(app.dataframe[0].value) == 2
    assert r"Loaders · shapes · 2026-01-01 02:00" in texts(app)
    assert "**lmdb/raw** is ahead with **202 images/s**, 2.00 times" in texts(app)
    labels = [button.label for button in app.get("download_button")]
    assert labels == ["CSV", "JSON", "PNG", "SVG", "Run as one file", "All rows as CSV", "Record as JSON"]


@pytest.mark.parametrize("view", ["Chart", "Figures", "Machine and options", "Monitor"])
def test_every_view_draws(home: Home, view: str) -> None:
    loader_record(home, 1)
    app = results()
    app.session_state["results.view"] = view
    app.run()
    assert not app.exception


def test_kinds_and_datasets_are_filtered(home: Home) -> None:
    loader_record(home, 1)
    write_record(home, "storage", [times("lmdb/raw", "read-many", 10, [1.0, 1.1])], 2)
    loader_record(home, 3, datasets=["photos"])
    app = results()
    assert len(app.dataframe[0].value) == 2
    app.session_state["results.kind"] = "Storage"
    assert list(app.run().dataframe[0].value["Kind"]) == ["Storage"]
    app.session_state["results.kind"] = "All"
    app.session_state["results.all_datasets"] = True
    assert len(app.run().dataframe[0].value) == 3
    app.session_state["results.kind"] = "Training"
    assert "No such run" in texts(app.run())


def test_a_run_is_deleted_after_it_was_asked(home: Home) -> None:
    record = loader_record(home, 1)
    app = results()
    next(button for button in app.button if button.label == "Delete").click().run()
    assert record.path.exists()
    app.button(key="results.delete_confirmed").click().run()
    assert not record.path.exists()
    assert "No runs yet." in texts(app)


def test_a_run_from_elsewhere_is_opened(home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    there = Home(tmp_path_factory.mktemp("there"))
    data = bundle(loader_record(there, 4, machine={**ME, "processor": "Chip B"}, datasets=["photos"]))
    loader_record(home, 9)
    app = results()
    app.file_uploader(key="results.upload").set_value([("friend.run.zip", data, "application/zip")]).run()
    assert not app.exception
    assert "was added to the list" in texts(app)
    assert "Imported from friend.run.zip, measured elsewhere" in texts(app)
    assert list(app.dataframe[0].value["Machine"]) == ["Chip A, 8 CPUs, 16.0 GB", "Chip B, 8 CPUs, 16.0 GB"]


def test_what_is_no_run_is_refused_in_a_sentence(home: Home) -> None:
    app = results()
    app.file_uploader(key="results.upload").set_value([("x.zip", b"PK no", "application/zip")]).run()
    assert not app.exception
    assert "x.zip is not an exported run" in texts(app).replace("\\", "")


def test_damage_is_said_and_the_rest_is_shown(home: Home) -> None:
    record = loader_record(home, 1)
    record.path.write_text("\n".join(record.path.read_text().splitlines()[1:]) + '\n{"kind": "tu')
    app = results()
    assert not app.exception
    assert "1 line of this run could not be read" in texts(app)
    assert "is ahead" in texts(app)


def test_text_of_a_stranger_is_shown_letter_by_letter(home: Home) -> None:
    loader_record(home, 1, datasets=["![x](http://evil.example/p.png)", "shapes"])
    app = results()
    assert "\\!\\[x\\]\\(http:\u2060//evil.example/p.png\\)" in texts(app)


# ---------------------------------------------------------------- side by side


def test_two_runs_of_a_kind_stand_side_by_side(empty: Home) -> None:
    loader_record(empty, 1)
    loader_record(empty, 2, factor=1.5, rounds=4)
    app = side_by_side("session-1", "session-2")
    assert not app.exception
    assert "lmdb/raw: **B is 1.50 times" in texts(app)
    assert "no significant difference between A and B" in texts(app)
    assert "Note: rounds" in texts(app).replace("\\", "")


def test_machines_are_mixed_only_when_asked(empty: Home) -> None:
    loader_record(empty, 1)
    loader_record(empty, 2, factor=1.5, machine={**ME, "processor": "Chip B"})
    app = side_by_side("session-1", "session-2")
    assert "These runs should not be compared" in texts(app)
    assert "1.50 times" not in texts(app)
    assert app.dataframe[0].value.to_dict("records") == [{"": "Processor", "A": "Chip A", "B": "Chip B"}]
    app.toggle[0].set_value(True).run()
    assert "1.50 times" in texts(app)


def test_kinds_are_never_mixed(empty: Home) -> None:
    loader_record(empty, 1)
    write_record(empty, "storage", [times("lmdb/raw", "read-many", 10, [1.0, 1.1])], 2)
    app = side_by_side("session-1", "session-2")
    assert "have no figure in common" in texts(app)
    assert not app.toggle


def test_a_notebooks_sizes_are_doubted(empty: Home) -> None:
    from core.measure.legacy_summary import open_summary
    from tests.test_results_exchange import SUMMARY

    open_summary(empty, SUMMARY.encode(), "summary.csv")
    app = side_by_side("notebook")
    assert not app.exception
    assert "LMDB reserves its map in advance" in texts(app)
    assert "61.8 times" in texts(app)


# ---------------------------------------------------------------- words and chart


@pytest.fixture
def sentence(empty: Home) -> Callable[[list[dict[str, Any]]], str]:
    return lambda rows: one_run_sentence(compare([write_record(empty, "loader", rows)], SPEED))


def test_a_leader_is_named_only_where_the_spread_allows_it(sentence: Callable[[list[dict[str, Any]]], str]) -> None:
    clear = repeats("lmdb/raw", [200, 202, 205]) + repeats("hdf5/raw", [100, 101, 102])
    assert sentence(clear).startswith("**lmdb/raw** is ahead with **202 images/s**, 2.00 times (1.95 to 2.06) as fast")
    unclear = repeats("lmdb/raw", [200, 202, 205]) + repeats("hdf5/raw", [100, 198, 300])
    assert "is not significant." in sentence(unclear)
    once = repeats("lmdb/raw", [200]) + repeats("hdf5/raw", [100])
    assert "is not significant: measured only once" in sentence(once)
    assert sentence(repeats("lmdb/raw", [200])) == "**lmdb/raw**: **200 images/s**."


def test_the_slower_run_is_told_from_the_faster_ones_side(empty: Home) -> None:
    runs = [loader_record(empty, 1), loader_record(empty, 2, factor=0.5)]
    sentences = side_by_side_sentences(compare(runs, SPEED))
    assert any("lmdb/raw: **A is 2.00 times" in sentence and sentence.endswith("as B.") for sentence in sentences)
    [alike] = side_by_side_sentences(compare(runs, FIRST_BATCH))
    assert alike.endswith("A and B are alike to within 3%.")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(12_345, "images/s", "12,300 images/s"), (2.5, "s", "2.50 s"), (0.00125, "s", "1.25 ms"),
     (2e-6, "s", "2 µs"), (0.125, "s", "125 ms"), (9.5e9, "bytes", "9.50 GB")],
)  # fmt: skip
def test_figures_have_their_units(value: float, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


def test_spreads_and_intervals() -> None:
    assert spread_text(133_000, 243_000, "images/s") == "133,000 to 243,000 images/s"
    assert spread_text(0.5, 2.0, "s") == "500 ms to 2 s"
    assert interval_text(Ratio(1.5, 1.4, 1.6)) == "1.40 to 1.60"
    assert interval_text(Ratio(1.5, None, None)) == ""


def test_machines_of_any_shape_have_words(empty: Home) -> None:
    assert machine_line({}) == "unknown"
    odd = {"processor": ["x"], "cpus_usable": "many", "memory_bytes": "big", "gpus": {"a": 1}, "cpu_quota": []}
    assert "x" in machine_line(odd)


def test_the_chart_has_every_raw_value(empty: Home) -> None:
    runs: list[RunRecord] = [loader_record(empty, 1), loader_record(empty, 2, factor=1.5)]
    spec = comparison_chart(compare(runs, SPEED)).to_dict()
    values = [row["value"] for rows in spec["datasets"].values() for row in rows if "value" in row]
    assert sorted(values)[:3] == [40.0, 40.0, 45.0]
    assert len(values) == 24
    assert run_title(runs[0]) == "Loaders · shapes · 2026-01-01 01:00"

"""Loaders of others on the Benchmark page: which are listed, installing them, and how many clicks a question takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from app_under_test import open_page, texts

from core.base.home import Home
from tests.rival_records import registered, rival_record
from ui.benchmark.loaders import rivals
from ui.shared import state

Rows = list[dict[str, Any]]


def row(name: str, title: str, **more: Any) -> dict[str, Any]:
    """What is told of a rival; one that can be installed unless more is said."""
    return {
        "name": name, "title": title, "version": "", "installed": False, "available": True, "reason": "",
        "bytes": 1_100_000_000, "licence": "BSD-3-Clause", "environment": name, "container": "tar", **more,
    }  # fmt: skip


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rows]:
    """What this machine has, to be changed: one rival that is installed, one that is not."""
    told = [row("pages", "Page Loader"), row("tars", "Tar Shards", installed=True, version="1.0.2")]
    monkeypatch.setattr(rivals, "rival_rows", lambda home: told)
    with registered():
        yield told
    rivals._rows.clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, object]]]:
    """The jobs that a page would have started."""
    found: list[tuple[str, Mapping[str, object]]] = []

    def start(task: str, fields: Mapping[str, object], **told: str) -> SimpleNamespace:
        found.append((task, fields))
        return SimpleNamespace(id="1")

    monkeypatch.setattr(state, "start_job", start)
    return found


def test_what_is_installed_can_be_chosen_and_the_rest_is_listed(furnished: Home, rows: Rows) -> None:
    rows[0]["reason"] = "no such version of pages"
    app = open_page("benchmark")
    assert not app.exception
    loaders = app.button_group(key="benchmark.loaders")
    assert list(loaders.options) == [r"Fast \(ours\)", "Plain PyTorch", "As in tutorials", "Tar Shards"]
    assert loaders.value == ["fast"]
    said = texts(app)
    assert "**Page Loader** :gray[· about 1.10 GB · BSD-3-Clause]" in said
    assert "The last installation failed: no such version of pages" in said
    assert "**Tar Shards** :gray[· version 1.0.2 · 1.10 GB · BSD-3-Clause]" in said
    assert "Loaders of others: 1 installed and 1 to install" in [expander.label for expander in app.expander]
    rows[0] |= {"available": False, "reason": "needs g++ (Debian and Ubuntu: apt install g++)"}
    rivals._rows.clear()
    assert r"- **Page Loader**: it needs g\+\+ \(Debian and Ubuntu: apt install g\+\+\)" in texts(app.run())
    assert not [button for button in app.button if button.key == "benchmark.rivals.install.pages"]


def test_one_that_is_installed_is_chosen_then(
    furnished: Home, rows: Rows, asked: list[tuple[str, Mapping[str, object]]]
) -> None:
    app = open_page("benchmark")
    app.button(key="benchmark.rivals.install.pages").click().run()
    assert asked == [("rival-install", {"names": ["pages"]})]
    rows[0] |= {"installed": True}
    rivals._rows.clear()
    app.run()
    assert not app.exception
    assert app.button_group(key="benchmark.loaders").value == ["fast", "pages"]
    rows[0] |= {"installed": False}
    rivals._rows.clear()
    assert app.run().button_group(key="benchmark.loaders").value == ["fast"]


def test_with_a_rival_the_run_is_a_fair_one_at_first(furnished: Home, rows: Rows) -> None:
    app = open_page("benchmark")
    assert app.number_input(key="benchmark.rounds").value == 3
    app.button_group(key="benchmark.loaders").set_value(["fast", "tars"]).run()
    assert app.number_input(key="benchmark.rounds.rivals").value == 5
    assert app.multiselect(key="benchmark.workers.rivals").value == ["auto"]
    app.button_group(key="benchmark.loaders").set_value(["fast"]).run()
    assert app.number_input(key="benchmark.rounds").value == 3


def test_the_suite_says_what_it_takes_and_gives_its_files(
    furnished: Home, rows: Rows, asked: list[tuple[str, Mapping[str, object]]]
) -> None:
    done = furnished.runs / "suites"
    done.mkdir()
    for name in ("suite-1.html", "suite-1.json", "half.html"):
        (done / name).write_text("told")
    rows[1]["installed"] = False
    app = open_page("benchmark")
    app.session_state["benchmark.view"] = "Suite"
    app.run()
    assert not app.exception
    assert "loaders: about " in texts(app)
    assert "small-jpeg" in texts(app)
    assert [button.label for button in app.get("download_button")] == ["Page", "File (JSON)"]
    app.button(key="benchmark.suite.start").click().run()
    [(task, fields)] = asked
    assert (task, fields["rivals"], fields["images"], fields["minutes"]) == ("suite", ["fast"], "", 60.0)
    assert "small-jpeg" in fields["workloads"]


def test_what_a_rival_would_give_here_takes_three_clicks_at_most(
    furnished: Home, rows: Rows, asked: list[tuple[str, Mapping[str, object]]]
) -> None:
    rows[0]["installed"] = True
    app = open_page("benchmark")
    clicks = [
        lambda: app.button_group(key="benchmark.loaders").set_value(["fast", "pages"]).run(),
        lambda: app.button(key="benchmark.start").click().run(),
    ]
    for click in clicks:
        click()
    assert not app.exception
    assert len(clicks) <= 3
    [(task, fields)] = asked
    assert (task, fields["loaders"], fields["rounds"], fields["workers"]) == ("loader", ["fast", "pages"], 5, ["auto"])
    rival_record(furnished, started="2999-01-01T00:00:00+00:00")
    assert r"**Page Loader \(lmdb/original\)** gives **100 images/s**" in texts(app.run())


def test_what_a_rival_cannot_load_is_said_before_it_runs(furnished: Home, rows: Rows) -> None:
    rows[0]["installed"] = True
    app = open_page("benchmark")
    app.button_group(key="benchmark.loaders").set_value(["fast", "tars"]).run()
    assert "tars does not load raw pixels, so it was left out with raw" in texts(app)
    assert app.button(key="benchmark.start").label == "Benchmark 2 configurations"
    app.button_group(key="benchmark.loaders").set_value(["tars"]).run()
    assert app.button(key="benchmark.start").disabled
    app.button_group(key="benchmark.loaders").set_value(["fast", "pages"]).run()
    assert app.button(key="benchmark.start").label == "Benchmark 3 configurations"
    app.selectbox(key="benchmark.order").set_value("shards").run()
    assert app.button(key="benchmark.start").label == "Loaders of others take shuffled order and no training step"

"""Suites: their file, their page, several machines in one table, and among the runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from suite_fixtures import SPEEDS, suite, workload

from core.base.errors import InputError
from core.base.home import Home
from core.base.strict_json import dumps
from core.measure.compare import compare
from core.measure.runs import all_runs, find_run, take_in
from core.measure.series import SPEED
from core.measure.suite_file import LARGEST_SUITE, checked_suite, parse_suite
from core.measure.suite_runs import keep_suite, suite_of
from core.suite.merge import merge_files, merged_data, merged_page, merged_suites
from core.suite.page import shown_workloads, suite_page
from core.suite.placing import Box, place_names
from core.suite.plot import plots
from core.suite.tables import table_of, titles_of

HOSTILE = '<img src=x onerror="alert(1)"></title><script>alert(2)</script>'


def home_of(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def packed(told: dict[str, Any]) -> bytes:
    return dumps(told).encode()


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# ---------------------------------------------------------------- the file


def test_a_suite_is_read_as_it_was_written() -> None:
    assert parse_suite(packed(suite()), "a.json") == json.loads(packed(suite()))


def test_what_a_file_has_beside_known_fields_is_left_out() -> None:
    told = suite(more={"a": 1})
    told["workloads"][0]["repeats"][0]["secret"] = "x" * 100
    assert "secret" not in dumps(parse_suite(packed(told), "a.json"))


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "no mark": lambda told: told.pop("format_matters_suite"),
    "another version": lambda told: told.update(format_matters_suite=2),
    "a name that climbs": lambda told: told.update(name="../../evil"),
    "a name of another shape": lambda told: told.update(name="suite-1"),
    "no workloads": lambda told: told.update(workloads=[]),
    "a workload twice": lambda told: told.update(workloads=[told["workloads"][0]] * 2),
    "too many workloads": lambda told: told.update(workloads=told["workloads"] * 50),
    "too many rows": lambda told: told["workloads"][0].update(repeats=told["workloads"][0]["repeats"] * 1100),
    "a loader's name with markup": lambda told: told["workloads"][0]["repeats"][0].update(loader="<b>x</b>"),
    "a speed that is none": lambda told: told["workloads"][0]["repeats"][0].update(samples_per_s=0),
    "a speed as text": lambda told: told["workloads"][0]["repeats"][0].update(samples_per_s="1e9"),
    "a huge number": lambda told: told["workloads"][0]["repeats"][0].update(peak_memory_bytes=10**30),
    "a row that is a list": lambda told: told["workloads"][0]["repeats"].append([]),
    "a text of a megabyte": lambda told: told["workloads"][0].update(title="x" * 1_000_000),
    "a rule of a megabyte": lambda told: told.update(rules=["x" * 1_000_000]),
    "images that are a text": lambda told: told.update(images={"small": "x"}),
    "no measurements": lambda told: [one.update(repeats=[]) for one in told["workloads"]],
    "a cache of another kind": lambda told: told["workloads"][0].update(cache="hot"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_suite_is_refused_in_a_sentence(wrong: str, tmp_path: Path) -> None:
    told = suite()
    WRONG[wrong](told)
    with pytest.raises(InputError, match=r"evil\.json|a suite has at most"):
        take_in(home_of(tmp_path), packed(told), "evil.json")
    assert not home_of(tmp_path).runs.exists()


def test_nesting_and_size_are_refused_before_they_are_read() -> None:
    for data in (b'{"a":' * 100_000, b'{"a":' + b" " * (LARGEST_SUITE + 1), b"{", b'{"format_matters_suite": NaN}'):
        with pytest.raises(InputError):
            parse_suite(data, "evil.json")


# ---------------------------------------------------------------- among the runs


def test_a_suite_is_listed_compared_and_kept_once(tmp_path: Path) -> None:
    home = home_of(tmp_path)
    run = take_in(home, packed(suite()), "theirs.json")
    assert take_in(home, packed(suite()), "again.json").path == run.path
    (listed,) = all_runs(home)
    assert (listed.experiment, listed.foreign["from"], listed.machine["processor"]) == (
        "suite",
        "theirs.json",
        "Chip A",
    )
    assert suite_of(find_run(home, "suite-2026")) == suite()
    other = take_in(home, packed(suite(number=2)), "b.json")
    lines = {line.parts: line.values for line in compare([run, other], SPEED).lines}
    assert len(lines) == 6  # four loaders warm, two of them cold
    assert all(len(mine) == len(theirs) > 0 for mine, theirs in lines.values())


def test_a_suite_that_was_measured_here_is_not_doubled(tmp_path: Path) -> None:
    home = home_of(tmp_path)
    kept = keep_suite(home, suite())
    assert not kept.lost
    assert take_in(home, packed(suite()), "mine.json").path == kept.path


# ---------------------------------------------------------------- the table and the page


def test_the_best_of_each_column_is_marked_and_ties_are_ties() -> None:
    figures = {"fast": (300_000.0, 6.5), "ffcv": (299_500.0, 13.0), "torch": (26_000.0, 75.0)}
    table = table_of(workload("small-jpeg", figures), {})
    assert table.marks["samples_per_s"] == {"fast": "tie", "ffcv": "tie"}
    assert table.marks["cpu_s_per_sample"] == {"fast": "best"}
    assert table.marks["bytes_on_disk"] == {}  # all alike: no winner
    assert [one.loader for one in table.figures] == ["fast", "ffcv", "torch"]


def test_a_loader_that_was_refused_has_no_figures_but_a_reason() -> None:
    told = workload("small-jpeg", SPEEDS, refused=[{"loader": "ffcv", "reason": "it hands out images twice"}])
    table = table_of(told, {"ffcv": "FFCV"})
    assert "ffcv" not in [one.loader for one in table.figures]
    assert [(one.title, one.reason) for one in table.refused] == [("FFCV", "it hands out images twice")]


def test_warm_and_cold_stand_beside_each_other() -> None:
    (shown,) = shown_workloads(suite())
    assert [(row.title, row.share) for row in shown.cold] == [("Fast", "30%"), ("Ffcv", "40%")]
    assert "Fast is the fastest: 304,000 images/s, 2.03 times as many as Ffcv." in shown.answer


def test_the_page_needs_nothing_and_shows_text_as_text() -> None:
    told = suite(command=HOSTILE, notes=[HOSTILE], rules=[HOSTILE])
    told["machine"] = {"processor": HOSTILE}
    told["images"]["small"]["from"] = HOSTILE
    told["workloads"][0] |= {"title": HOSTILE[:100], "reason": HOSTILE, "complete": False}
    told["workloads"][0]["refused"][0]["reason"] = HOSTILE
    for one in told["rivals"]:
        one |= {"title": HOSTILE[:100], "reason": HOSTILE, "description": HOSTILE, "home_page": "javascript:alert(3)"}
    checked = checked_suite(told, "evil.json")
    other = checked_suite({**copy.deepcopy(told), "name": "suite-20260102-000000-000000"}, "evil.json")
    for page in (suite_page(checked), merged_page(merged_of(checked, other))):
        tags = Elements(page).found
        assert not {tag for tag, _ in tags} & {"script", "img", "link", "iframe", "object", "form"}
        assert not [name for _, given in tags for name in given if name.startswith("on")]
        links = [str(given["href"]) for tag, given in tags if tag == "a"]
        assert links
        assert all(link.startswith(("#", "data:application/json")) for link in links)
        assert "&lt;script&gt;" in page
        policy = next(str(given["content"]) for _, given in tags if given.get("http-equiv"))
        assert "default-src 'none'" in policy


def merged_of(*suites: dict[str, Any]) -> Any:
    from core.suite.merge import MergedSuites

    return MergedSuites(dict(zip("ABC", suites, strict=False)), "")


def test_names_in_the_plot_meet_neither_each_other_nor_a_point() -> None:
    close = {f"loader-{number:02d}": (20_000.0 * 1.03**number, 90 / 1.03**number) for number in range(20)}
    table = table_of(workload("small-jpeg", {**close, "fast": (300_000.0, 6.5)}), {})
    for layout in plots(table.figures):
        assert len(layout.points) == 21
        points = [(point.x, point.y) for point in layout.points]
        placed = place_names(points, [point.name for point in layout.points], layout.frame, layout.font, 4.5)
        boxes = [one.box for one in placed if one.box is not None]
        assert len(boxes) == 21
        assert not [1 for at, box in enumerate(boxes) for other in boxes[:at] if box.meets(other)]
        assert all(box.within(layout.frame) for box in boxes)
        dots = [Box(x - 4, y - 4, x + 4, y + 4) for x, y in points]
        assert not [1 for box in boxes for dot in dots if box.meets(dot)]


def test_two_loaders_of_one_title_are_told_apart() -> None:
    told = suite(rivals=[{"name": "a", "title": "X"}, {"name": "b", "title": "X"}])
    assert titles_of(told) == {"a": "X (a)", "b": "X (b)"}


# ---------------------------------------------------------------- several machines


def faster(times: float, number: int) -> dict[str, Any]:
    """The suite of a machine that is so many times as fast."""
    told = suite(number=number, machine={"processor": f"Chip {number}"})
    for row in told["workloads"][0]["repeats"]:
        row["samples_per_s"] *= times
    return told


def test_machines_are_compared_by_ratios_to_a_loader_that_all_have(tmp_path: Path) -> None:
    slow = faster(0.5, 3)
    slow["workloads"] = [workload("small-jpeg", {"torch": (9_000.0, 200.0), "grain": (4_500.0, 300.0)})]
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, told in zip(files, (faster(2.0, 2), slow), strict=True):
        file.write_bytes(packed(told))
    merged = merged_suites(home_of(tmp_path), list(map(str, files)))
    (first, second) = merged_data(merged)["workloads"]
    assert (first["workload"], first["reference"]) == ("small-jpeg", "torch")
    machines = {one["loader"]: one["machines"] for one in first["loaders"]}
    assert machines["fast"]["A"]["times_reference"] == pytest.approx(300 / 26)
    assert machines["fast"]["B"] is None
    assert machines["grain"]["B"]["times_reference"] == pytest.approx(0.5)
    assert second["reference"] == "fast"  # the first of those that all that measured it have
    told = merge_files(merged, [tmp_path / "table.html", tmp_path / "table.json"])
    assert json.loads((tmp_path / "table.json").read_text())["format_matters_suites"] == 1
    assert [one["letter"] for one in told["suites"]] == ["A", "B"]


def test_what_cannot_be_merged_is_told(tmp_path: Path) -> None:
    home, file = home_of(tmp_path), tmp_path / "a.json"
    file.write_bytes(packed(suite()))
    with pytest.raises(InputError, match="named twice"):
        merged_suites(home, [str(file)] * 2)
    with pytest.raises(InputError, match="no suite has a loader 'x'"):
        merged_suites(home, [str(file)], "x")
    with pytest.raises(InputError, match="there is no run"):
        merged_suites(home, ["nothing"])
    with pytest.raises(InputError, match=r"\.html or \.json"):
        merge_files(merged_suites(home, [str(file)]), [tmp_path / "a.csv"])


def test_different_images_are_no_secret_in_the_table(tmp_path: Path) -> None:
    other = faster(1.0, 2)
    other["images"]["small"]["fingerprint"] = "e" * 32
    page = merged_page(merged_of(checked_suite(suite(), "a"), checked_suite(other, "b")))
    assert "Between these machines the images differ." in page


def test_a_repeat_that_was_measured_again_counts_once() -> None:
    told = workload("small-jpeg", {"fast": (100.0, 6.5)}, rounds=2)
    busy = told["repeats"][0]
    told["repeats"].append({**busy, "samples_per_s": 200.0, "again": True, "background_load": 0.01})
    busy |= {"disturbed": True, "background_load": 0.5}
    assert sorted(table_of(told, {}).figures[0].line.values["samples_per_s"]) == [pytest.approx(100.8), 200.0]

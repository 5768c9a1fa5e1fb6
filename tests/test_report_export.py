"""Reports as files: HTML that needs nothing but itself, Markdown with its pictures, and the data inside."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_fixtures import accessed, evidence, result, trained
from test_app_browser import browser  # noqa: F401 - the fixture

from core.base.errors import InputError
from core.report.compose import compose
from core.report.document import Chart, Code, Points, Report, Section, Table, Text
from core.report.evidence import LeftOut
from core.report.export import files_of, write, zipped
from core.report.html import html
from core.report.questions import Answers

pytest.importorskip("vl_convert", reason="it draws the charts")

HOSTILE = '<img src=x onerror="alert(1)">|`$'


@pytest.fixture(scope="module")
def report() -> Report:
    told = evidence(
        trainings=(trained([result("lmdb/raw", 700), result("hdf5/raw", 690)]),),
        access=(accessed("lmdb/raw", "read-one-random", 300), accessed("hdf5/raw", "read-many", 4_000)),
        left_out=(LeftOut(HOSTILE, "of another machine"),),
        raw={"loading": [{"store": "lmdb/raw", "samples_per_s": 840_000.5, "note": HOSTILE}]},
    )
    return compose(told, Answers(scarce="time"))


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return html(report)


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def charts(report: Report) -> list[Chart]:
    return [block for section in report.sections for block in section.blocks if isinstance(block, Chart)]


def test_all_charts_are_in_the_page(report: Report, page: str) -> None:
    names = {chart.name for chart in charts(report)}
    assert names >= {
        "growth",
        "trade-off",
        "speed",
        "first-batch",
        "stages",
        "wait-training",
        "sizes",
        "builds",
        "reads",
    }
    drawn = [attributes for tag, attributes in Elements(page).found if tag == "svg"]
    assert len(drawn) == len(names)
    assert all(attributes["aria-label"] for attributes in drawn)


def test_nothing_in_the_page_is_to_be_loaded(page: str) -> None:
    for tag, attributes in Elements(page).found:
        assert tag not in ("script", "link", "iframe", "img", "object", "embed"), tag
        for name in ("src", "href", "xlink:href", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), value
    assert not re.search(r"url\((?!#)|@import", page)


def test_what_comes_from_outside_stays_text(page: str) -> None:
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_text_from_outside_is_escaped_in_every_block(report: Report) -> None:
    """Whatever shows it: title, sentence, label of a chart, cell, code, name of a file."""
    chart = charts(report)[0]
    images = dataclasses.replace(report.evidence.images, name=HOSTILE)
    blocks = [
        Text(HOSTILE, HOSTILE),
        Points([f"{HOSTILE} [{HOSTILE}]"]),
        dataclasses.replace(chart, name=HOSTILE, sentence=HOSTILE, shows=HOSTILE),
        Table(HOSTILE, (HOSTILE,), [(HOSTILE,)]),
        Table(HOSTILE, (HOSTILE,), [(HOSTILE,)], folded=True),
        Code(HOSTILE, HOSTILE),
    ]
    section = Section(HOSTILE, HOSTILE, blocks)
    evidence = dataclasses.replace(report.evidence, images=images, machine={"processor": HOSTILE}, taken=HOSTILE)
    made = html(dataclasses.replace(report, title=HOSTILE, evidence=evidence, sections=[section]))
    assert "img" not in {tag for tag, _ in Elements(made).found}
    assert not any("onerror" in attributes for _, attributes in Elements(made).found)
    assert made.count("&lt;img src=x") > 20


def test_inks_are_the_pages_own(page: str) -> None:
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert "var(--quiet" in svg
    assert '"#5c6878"' not in svg


def test_the_data_are_inside(report: Report, page: str) -> None:
    links = {
        attributes["download"]: str(attributes["href"])
        for tag, attributes in Elements(page).found
        if tag == "a" and "download" in attributes
    }
    decoded = {name: base64.b64decode(href.partition("base64,")[2]).decode("utf-8-sig") for name, href in links.items()}
    told = json.loads(decoded["shapes-report.json"])
    assert told["recommendation"]["store"] == "lmdb/raw"
    assert told["machine"]["identity"] == "abcd1234"
    [row] = csv.DictReader(io.StringIO(decoded["shapes-loading.csv"]))
    assert float(row["samples_per_s"]) == 840_000.5
    assert len(json.loads(decoded["shapes-stores.json"])) == 4


def test_markdown_names_every_picture_that_lies_beside_it(report: Report, tmp_path: Path) -> None:
    written = write(report, tmp_path / "told.md")
    text = (tmp_path / "told.md").read_text()
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert {tmp_path / name for name in named} == set(written) - {tmp_path / "told.md"}
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in named)
    assert "<img" not in text.replace("\\<img", "")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) >= 3 for row in rows)


def test_an_archive_holds_markdown_and_pictures(report: Report) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(files_of(report, "told", ".md")))) as archive:
        assert "told.md" in archive.namelist()
        assert len(archive.namelist()) == len(charts(report)) + 1


def test_json_is_standard(report: Report, tmp_path: Path) -> None:
    [path] = write(report, tmp_path / "told.json")
    assert json.loads(path.read_text())["recommendation"]["store"] == "lmdb/raw"


def test_what_is_printed_keeps_its_names(report: Report) -> None:
    """Programs read these: the command line's JSON, whatever the code calls its fields."""
    told = report.data
    assert {"setting", "loading", "training", "access", "front", "predictions", "recommendation"} <= told.keys()
    assert told["setting"]["loader"] == told["loading"][0]["setting"]["loader"] == "fast"
    assert {"others", "wait_share", "speed"} <= told["loading"][0].keys()
    assert told["training"][0]["lanes"][0]["store"] == "lmdb/raw"
    assert "others" in told["training"][0]["lanes"][0]
    assert {"way", "others", "seconds"} <= told["access"][0].keys()


def test_a_report_that_cannot_be_written_leaves_nothing(report: Report, tmp_path: Path) -> None:
    (tmp_path / "told-charts").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        write(report, tmp_path / "told.md")
    assert [path.name for path in tmp_path.iterdir()] == ["told-charts"]


@pytest.mark.browser
def test_opened_as_a_file_it_asks_for_nothing(browser, page: str, report: Report, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    opened = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto(file.as_uri())
    drawn = opened.locator("figure svg").evaluate_all("all => all.map(svg => svg.getBoundingClientRect().height)")
    with opened.expect_download() as download:
        opened.get_by_role("link", name="shapes-report.json").click()
    saved = json.loads(Path(download.value.path()).read_text())
    wide = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    opened.close()
    assert [address for address in asked if not address.startswith("data:")] == [file.as_uri()]
    assert complaints == []
    assert len(drawn) == len(charts(report))
    assert min(drawn) > 60
    assert saved["recommendation"]["store"] == "lmdb/raw"
    assert wide == 0

"""The results as slides: what they say, that nothing but our script runs in them, and the keys that turn them."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from report_fixtures import evidence, result, trained
from starlette.datastructures import Headers
from starlette.routing import Router
from test_app_browser import browser  # noqa: F401 - the fixture

from core.__main__ import main
from core.datasets.dataset import Dataset
from core.datasets.example_pictures import example_pictures
from core.report.compose import compose
from core.report.document import Chart, Report
from core.report.presentation.document import policy, presentation
from core.report.presentation.slides import first_sentence, slides_of
from core.report.questions import Answers
from ui.report.slides_route import ROUTES, slides_address

pytest.importorskip("vl_convert", reason="it draws the charts")

HOSTILE = '<img src=x onerror="alert(1)"></script>'
PICTURE = ("data:image/png;base64,AAAA", HOSTILE)


@pytest.fixture(scope="module")
def report() -> Report:
    told = evidence(trainings=(trained([result("lmdb/raw", 700), result("hdf5/raw", 690)]),))
    images = dataclasses.replace(told.images, name=HOSTILE)
    return compose(dataclasses.replace(told, images=images), Answers(scarce="time"))


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return presentation(report, slides_of(report, (PICTURE,)))


def test_each_chart_has_a_slide_between_the_answer_and_the_limits(report: Report) -> None:
    slides = slides_of(report)
    charts = [block for section in report.sections for block in section.blocks if isinstance(block, Chart)]
    assert [slide.chart for slide in slides if slide.chart] == charts
    assert slides[0].said == report.title
    assert slides[1].said == report.recommendation.headline
    assert slides[1].points[0] == report.recommendation.reasons[0].text
    assert slides[-1].eyebrow == "Limits"
    assert all(slide.seconds > 6 for slide in slides)
    assert max(slides, key=lambda slide: len(slide.said)).seconds > slides[0].seconds


def test_nothing_is_said_that_the_chart_does_not_say(report: Report) -> None:
    for slide in slides_of(report):
        if slide.chart:
            assert slide.chart.sentence.startswith(slide.said)
            assert slide.small in slide.chart.sentence


def test_a_point_in_a_number_ends_no_sentence() -> None:
    assert first_sentence("hdf5/raw takes 3.72 MB. It is small. So") == ("hdf5/raw takes 3.72 MB.", "It is small. So")
    assert first_sentence("One alone.") == ("One alone.", "")


def test_no_script_but_ours_may_run(page: str) -> None:
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy()
    assert "default-src 'none'" in policy()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_images_of_each_class_stand_on_the_first_slide(dataset: Dataset) -> None:
    found = example_pictures(dataset, 4)
    assert [name for _, name in found] == dataset.classes[:4]
    assert all(address.startswith("data:image/") for address, _ in found)
    row = dataset.row("train", dataset.sample_positions("train", label=0, k=1)[0])
    dataset.path(row).write_bytes(b"no image any more")
    assert [name for _, name in example_pictures(dataset, 3)] == dataset.classes[1:4]


def test_the_page_and_the_command_make_the_same_slides(
    furnished_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(furnished_once))
    answer = got("/" + slides_address("shapes", Answers(scarce="disk", images=7_000_000)))
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == policy()
    file = tmp_path / "slides.html"
    asked = ["report", "--dataset", "shapes", "--answers", "scarce=disk", "--size", "7000000", "--json"]
    assert main([*asked, "--slides", str(file), "--home", str(furnished_once)]) == 0
    assert str(file) in capsys.readouterr().out
    assert words(file.read_text()) == words(answer.text)
    other = got("/" + slides_address("shapes", Answers(scarce="time", images=8)))
    assert words(other.text) != words(answer.text), "the answers in the address count"


class Answered(NamedTuple):
    """What an address of the app answers."""

    status: int
    headers: Headers
    text: str


def got(address: str) -> Answered:
    """By GET, as the server would ask the app."""
    path, _, query = address.partition("?")
    scope = {"type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode(),
             "query_string": query.encode(), "headers": [], "root_path": ""}  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Router(ROUTES)(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return Answered(sent[0]["status"], Headers(raw=sent[0]["headers"]), body.decode())


def words(page: str) -> list[str]:
    """What the slides say; charts apart, whose identifiers are drawn."""
    return re.findall(r"<(?:h1|li|p)\b[^>]*>(.*?)</", page)


@pytest.mark.parametrize("address", ["nothing", "shapes?scarce=everything", "..%2Fshapes"])
def test_what_is_not_there_is_said(address: str, furnished_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(furnished_once))
    answer = got(f"/slides/{address}")
    assert answer.status == 404
    assert "Traceback" not in answer.text


def test_another_ending_is_refused_before_anything_is_made(
    furnished_once: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(furnished_once)
    assert main(["report", "--dataset", "shapes", "--slides", str(tmp_path / "slides.pdf"), "--home", home]) == 2
    assert "slides are written as .html" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.browser
def test_keys_turn_the_slides(browser, page: str, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    file = tmp_path / "slides.html"
    file.write_text(page, encoding="utf-8")
    opened = browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto(file.as_uri())
    last = opened.locator("main > section").count()
    turned = [(key, _pressed(opened, key)) for key in ("ArrowRight", "PageDown", "ArrowLeft", "End", "Home")]
    assert turned == [("ArrowRight", 2), ("PageDown", 3), ("ArrowLeft", 2), ("End", last), ("Home", 1)]
    assert opened.get_by_role("button", name="Run").is_visible(), "it stands still for who asked for less motion"
    opened.evaluate("slides[0].dataset.seconds = '0.3'")
    opened.keyboard.press(" ")
    opened.locator("#slide-2.shown").wait_for(timeout=5_000)
    opened.keyboard.press(" ")
    for _ in range(last):
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        opened.keyboard.press("ArrowRight")
    opened.close()
    assert [text for text in complaints if "AAAA" not in text] == []


def _pressed(opened, key: str) -> int:
    """Which slide is shown after a key."""
    opened.keyboard.press(key)
    return int(opened.locator("section.shown").get_attribute("id").removeprefix("slide-"))

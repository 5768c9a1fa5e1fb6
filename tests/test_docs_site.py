"""The site made of docs/: it builds without a warning, loads nothing from elsewhere, and its commands and code run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_app_browser import browser  # noqa: F401 - a fixture

from core.__main__ import main, parse

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDES = [DOCS / "tour.md", *sorted((DOCS / "howto").glob("*.md"))]
OURS = "python -m core "

NOT_RUN = {"view", "experiment", "train", "plan"}
"""Verbs that a guide's test leaves out: one ends only when somebody ends it, the others take long to measure. Each has
tests of its own."""

LOADS = {"link": "href", "object": "data", **dict.fromkeys(("script", "img", "iframe", "source", "video"), "src")}
"""Element -> the attribute from which a browser loads something by itself."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(texts: list[str]) -> list[list[str]]:
    lines = (line for text in texts for line in text.replace("\\\n", " ").splitlines())
    return [shlex.split(line.partition(OURS)[2], comments=True) for line in lines if line.strip().startswith(OURS)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    folder = tmp_path_factory.mktemp("site")
    asked = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", ".ci/mkdocs.yml", "-d", str(folder)]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-3000:]
    return folder


class Loaded(HTMLParser):
    """What a browser loads by itself when it shows a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        told = given.get(LOADS.get(tag, ""))
        if told and not (tag == "link" and given.get("rel") in ("canonical", "next", "prev")):
            self.found.append(told)


def test_the_parser_finds_what_is_loaded() -> None:
    assert Loaded('<script src="https://a.b/c.js"></script><a href="https://d.e"><img src="f.png">').found == [
        "https://a.b/c.js",
        "f.png",
    ]


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    loaded = {address for page in pages for address in Loaded(page.read_text("utf-8")).found}
    assert any(address.endswith(".css") for address in loaded)
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)", styles) == []


@pytest.mark.browser
def test_it_is_read_and_searched_from_a_folder(site: Path, browser) -> None:  # noqa: F811
    """Without a server, and on a phone: nothing is asked of a network, and no page scrolls sideways."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "howto" / "convert.html").as_uri())
    page.get_by_label("Search", exact=True).first.wait_for(state="attached")
    page.keyboard.press("/")
    page.get_by_placeholder("Search").first.wait_for()
    page.keyboard.type("beton")
    page.get_by_text(re.compile("matching document")).first.wait_for()
    found = page.locator(".md-search-result__item a").first.get_attribute("href")
    assert found is not None
    assert found.startswith(site.as_uri())
    page.goto(found)
    assert "beton" in page.get_by_role("article").inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("index", "tour", "compared", "python", "RESULTS"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.close()
    assert [address for address in asked if not address.startswith(("file:", "data:", "about:"))] == []


def test_what_docstrings_say_is_there(site: Path) -> None:
    python = (site / "python.html").read_text("utf-8")
    for said in ("Open a built store, or any file or folder", "core.building.task.Build", "core.importing.task.Import"):
        assert said in python


@pytest.mark.parametrize("page", [*GUIDES, DOCS / "glance.md"], ids=lambda page: page.stem)
def test_every_command_is_one_of_ours(page: Path) -> None:
    """Also those that are shown without being run here, in indented lines."""
    found = commands([page.read_text("utf-8")])
    assert found
    for arguments in found:
        assert parse(arguments).verb == arguments[0]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, which is the home as well: stores are named as in a clone."""
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_what_a_guide_shows_runs(page: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands in order, then the Python lines, in one home."""
    for arguments in commands(blocks(page, "sh")):
        if arguments[0] not in NOT_RUN:
            assert main(arguments) == 0, (arguments, capsys.readouterr().err)
    for code in blocks(page, "python"):
        compiled = compile(code, str(page), "exec")
        if "from format_matters" not in code:  # as it is installed; here it is `core`
            exec(compiled, {})


def test_guides_have_commands() -> None:
    found = [arguments[0] for page in GUIDES for arguments in commands([page.read_text("utf-8")])]
    assert len(found) > 30
    assert {"import", "build", "inspect", "show", "view", "scan", "convert", "verify", "report", "plan"} <= set(found)


def test_a_guide_that_would_fail_is_noticed(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "shapes/lmdb/raw"]) == 2
    assert "shapes" in capsys.readouterr().err

"""Strings of a stranger in every place that the pages show: none becomes a link, a picture, an icon or a formula, and
the browser asks no other host for anything."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from urllib.parse import quote, urlsplit

import h5py
import lmdb
import pytest
from test_app_browser import browser, calm, serving  # noqa: F401 - `browser` is a fixture

from benchmarks.homes import add_records
from core.base.home import Home
from core.measure.records import record_paths
from core.stores.manifest import MANIFEST, _digest

pytestmark = pytest.mark.browser

HOST = "evil.example"
HOSTILE = (
    f"![c](https://{HOST}/c.png) https://{HOST}/a www.{HOST} x@{HOST} <img src=//{HOST}/i.png> [l](https://{HOST}/l) "
    "&lt;b&gt; :material/delete: :red[r] $x^2$ :smile: `code` -> **bold**"
)
TEXTS = ("error", "reason", "title", "source", "imported", "recognised", "why", "labels")
"""Fields that are somebody's words, wherever they stand in a JSON file."""


def hostile_json(path: Path) -> None:
    """Every line's words are replaced."""
    lines = []
    for line in path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]:
        told = json.loads(line)
        for name in TEXTS:
            if name in told:
                told[name] = HOSTILE
        if told.get("kind") == "setup":
            told["file"] = HOSTILE
            told["datasets"] = ["shapes", HOSTILE]
        if told.get("kind") == "left-out":
            told |= {"variant": HOSTILE}
        if told.get("kind") == "turn" and told.get("store") == "hdf5/raw":
            told |= {"variant": HOSTILE, "store": f"hdf5/{HOSTILE}", "setting": HOSTILE, "loader": HOSTILE}
        if told.get("kind") in ("row", "time") and told.get("format") == "hdf5":
            told |= {"variant": HOSTILE, "includes": HOSTILE}
        if told.get("kind") == "epoch" and told.get("store") == "hdf5/raw":
            told |= {"store": f"hdf5/{HOSTILE}", "order": HOSTILE}
        lines.append(json.dumps(told))
    path.write_text("\n".join(lines) + "\n")


def hostile_home(home: Home) -> None:
    add_records(home)
    for path in [*record_paths(home), *home.jobs.glob("*/spec.json"), *home.jobs.glob("*/end.json")]:
        hostile_json(path)
    for path in home.runs.glob("*/sysinfo.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "processor": HOSTILE, "file_system": HOSTILE}))
    for path in home.runs.glob("*/foreign.json"):
        path.write_text(json.dumps({"from": HOSTILE}))
    damaged = home.jobs / "20260102-000000-000000-build-abcd"
    damaged.mkdir()
    (damaged / "spec.json").write_text(HOSTILE)
    with contextlib.closing(sqlite3.connect(home.raw / "shapes" / "index.sqlite")) as index:
        index.execute("UPDATE classes SET name = ? || label", (HOSTILE,))
        told = ("source", "imported", "recognised", "why", "labels")
        index.executemany("UPDATE dataset SET value = ? WHERE key = ?", [(HOSTILE, name) for name in told])
        index.execute("INSERT INTO skipped VALUES (?, ?)", (HOSTILE, HOSTILE))
        index.commit()
    for path in home.built.glob(f"*/*/*/{MANIFEST}"):
        told = json.loads(path.read_text())
        told.pop("self")
        told |= {"classes": [f"{HOSTILE} {number}" for number in range(10)], "built": HOSTILE}
        if told["format"] == "hdf5":
            told["variant"] = HOSTILE
        path.write_text(json.dumps({**told, "self": _digest(told)}))


def hostile_files(folder: Path) -> list[Path]:
    """An LMDB and an HDF5 file whose keys, names, labels and attributes are somebody's."""
    folder.mkdir()
    entries, arrays = folder / "entries.lmdb", folder / f"{quote('![c](x)', safe='![]()')}.h5"
    with lmdb.open(str(entries), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for number in range(3):
            told = {"label": HOSTILE, "text": HOSTILE, "link": f"https://{HOST}/x", "half": "\ud800"}
            transaction.put(f"{number} {HOSTILE}".encode(), json.dumps(told).encode())
    with h5py.File(arrays, "w") as file:
        file.attrs["about"] = HOSTILE
        group = file.create_group(HOSTILE.replace("/", "_"))
        group["images"] = [[[[number] * 3] * 4] * 4 for number in range(3)]
        group["images"].attrs["classes"] = HOSTILE
        group["labels"] = [HOSTILE] * 3
        file["link"] = h5py.SoftLink("/" + HOSTILE)
    return [entries / "data.mdb", arrays]


def test_strings_of_a_stranger_stay_strings(browser, furnished: Home) -> None:  # noqa: F811
    hostile_home(furnished)
    files = hostile_files(furnished.root / "files")
    asked: list[str] = []
    with serving(furnished.root) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1200})
        page.on("request", lambda request: asked.append(request.url))

        def look(place: str, *views: str) -> None:
            """Open a page, then each of its views; nothing on it is a stranger's."""
            page.goto(f"{address}/{place}")
            page.get_by_test_id("stHeading").first.wait_for(timeout=20_000)
            for view in ("", *views):
                if view:
                    page.get_by_test_id("stMain").get_by_role("radio", name=view, exact=True).first.click()
                calm(page)
                found = page.evaluate(FOREIGN, HOST)
                assert found == [], f"{place} {view}: {found}"

        look("")
        look("dataset", "Classes", "Skipped (1)")
        look("build", "Table")
        look("benchmark", "Repeats", "Storage", "Results")
        look("train", "Epochs")
        look("inspector", "Labels", "Structure")
        look("report")
        for file in files:
            look(f"inspector?file={quote(str(file))}", "Labels", "Structure")
        for given in (HOSTILE, f"{furnished.root}/{HOSTILE}"):
            look(f"inspector?file={quote(given, safe='')}")
        page.close()
    others = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme not in ("data", "blob")}
    assert others == {address.removeprefix("http://")}, others


FOREIGN = """(host) => {
  const made = [];
  for (const element of document.querySelectorAll("a, img, source, iframe, object, link")) {
    const targets = ["href", "xlink:href", "src", "srcset", "data"].map((name) => element.getAttribute(name) ?? "");
    if (targets.some((target) => target.includes(host))) made.push(element.outerHTML.slice(0, 200));
  }
  for (const element of document.querySelectorAll(".katex, .stMarkdownColoredText"))
    if (/x\\^?2|^r$/.test(element.textContent)) made.push(element.outerHTML.slice(0, 200));
  for (const element of document.querySelectorAll("[data-testid='stMarkdownContainer']")) {
    if (!element.textContent.includes(host)) continue;
    const inner = element.querySelector("strong strong, h1, h2, li li, s, [data-testid='stIconMaterial']");
    if (inner || element.textContent.includes("😄")) made.push(element.outerHTML.slice(0, 300));
  }
  return made;
}"""

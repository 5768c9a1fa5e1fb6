"""What a notebook shows for a dataset, a store, a file and a run; and the example, executed."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import open_store
from core.base import rich_display
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "notebook.ipynb"
HOSTILE = '<img src=x onerror="alert(1)">'


class Shown(HTMLParser):
    """The images of what is shown, and every element and attribute."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(shown)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attributes}
        if tag == "img":
            self.images.append(dict(attributes))


def test_a_dataset_shows_an_image_of_each_class(dataset: Dataset) -> None:
    shown = Shown(dataset._repr_html_())
    assert [image["alt"] for image in shown.images] == dataset.classes
    assert all(str(image["src"]).startswith("data:image/") for image in shown.images)


def test_a_store_shows_samples_with_their_own_labels(home: Home, tmp_path: Path) -> None:
    store = open_store(finish(Build("shapes", "lmdb", "raw", workers=0, home=str(home.root)).run())["store"])
    images = Shown(store._repr_html_()).images
    count = len(store)
    expected = [store.classes[store[number * count // 12][1]] for number in range(12)]
    assert [image["alt"] for image in images] == expected


def test_a_file_shows_how_it_was_understood(tmp_path: Path) -> None:
    images = np.zeros((4, 8, 8, 3), np.uint8)
    images[:, :4] = 255
    np.savez(tmp_path / "their.npz", images=images, labels=np.array([3, 1, 2, 0]))
    store = open_store(tmp_path / "their.npz")
    shown = store._repr_html_()
    assert len(Shown(shown).images) == 4
    assert "their.npz" in shown
    assert "why: " in shown


def test_text_of_strangers_stays_text() -> None:
    picture = rich_display.pictures([rich_display.DisplayedPicture("data:,", HOSTILE)])
    bar = rich_display.bars([rich_display.DisplayedBar(HOSTILE, 1.0, 0.5, 2.0, HOSTILE)], HOSTILE)
    shown = Shown(rich_display.displayed(HOSTILE, {HOSTILE: HOSTILE}, picture, bar))
    assert [image["src"] for image in shown.images] == ["data:,"]
    assert not {name for name in shown.attributes if name.startswith("on")}
    assert "script" not in shown.elements


def test_the_longest_bar_fills_the_chart() -> None:
    rows = [rich_display.DisplayedBar(str(rate), rate, rate, rate, f"{rate}") for rate in (200.0, 50.0)]
    drawn = rich_display.bars(rows, "images/s")
    assert "width:100.00%" in drawn
    assert "width:25.00%" in drawn


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    notebook = nbformat.read(EXAMPLE, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [_shown(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert len(Shown(outputs[0]["text/html"]).images) == 10
    assert len(Shown(outputs[1]["text/html"]).images) == 12
    assert "(16, 3, 32, 32)" in outputs[2]["text/plain"]
    assert "lmdb/raw" in outputs[3]["text/html"]
    assert "hdf5/raw" in outputs[3]["text/html"]


def _shown(cell: Any) -> dict[str, str]:
    """What stands below a cell."""
    return dict(next(output["data"] for output in cell["outputs"] if output["output_type"] == "execute_result"))


def test_the_example_is_kept_without_outputs() -> None:
    cells = json.loads(EXAMPLE.read_text("utf-8"))["cells"]
    assert [cell["outputs"] for cell in cells if cell["cell_type"] == "code"] == [[], [], [], []]

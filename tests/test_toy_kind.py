"""A kind of file from one module, which nothing else knows: `inspect`, the reader process and the page show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_kind
from app_under_test import open_page, texts

from core.base import plugins
from core.base.errors import InputError
from core.base.home import Home
from core.inspect.files import inspect_file, open_inspected
from core.inspect.kinds import KINDS, identify
from core.inspect.roots import VARIABLE
from ui.inspector.opening import PATH, SOURCE
from ui.inspector.structure import draw_figures, view_of

IMAGES = np.random.default_rng(0).integers(0, 255, (5, 6, 7), np.uint8)


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_readers: None) -> Iterator[Path]:
    """A file of the toy kind, which the environment names, for this process and for those it starts."""
    monkeypatch.setenv(plugins.VARIABLE, "toy_kind")
    monkeypatch.setenv("PYTHONPATH", str(Path(toy_kind.__file__).parent))
    monkeypatch.setattr(plugins, "_loaded", set())
    yield toy_kind.write(tmp_path / "some.toy", IMAGES)
    KINDS.unregister("toy")


def test_it_is_told_by_its_bytes_and_read_in_the_reader_process(toys: Path) -> None:
    assert (identify(toys).kind, identify(toys).path) == ("toy", toys)
    about = inspect_file(toys, index=3)
    assert {name: about[name] for name in ("kind", "schema", "entries")} == {
        "kind": "toy", "schema": "toys", "entries": 5,
    }  # fmt: skip
    assert about["sample"]["key"] == "picture 3"
    with open_inspected(toys) as file:
        assert np.array_equal(file.sample(3).pixels, np.repeat(IMAGES[3][:, :, None], 3, axis=2))


def test_without_its_plugin_nothing_knows_it(toys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identify(toys)
    KINDS.unregister("toy")
    with pytest.raises(InputError, match=r"no format known here; give an LMDB, .* file, or a store"):
        identify(toys)
    KINDS.register("toy", toy_kind.KIND)
    with pytest.raises(InputError, match=r"an LMDB, HDF5, .* or Toy file"):
        identify(toys.parent / "nothing")


def test_the_page_shows_it(toys: Path, empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(toys.parent))
    app = open_page("inspector")
    app.segmented_control(key=SOURCE).set_value("file").run()
    app.text_input(key=PATH).set_value(str(toys)).run()
    assert not app.exception
    shown = texts(app)
    assert "Toy" in shown
    assert "Toys, one after the other" in shown
    assert "5 entries" in shown
    app.segmented_control(key="inspector.view").set_value("structure").run()
    assert not app.exception
    assert "Toys hold 42 bytes per picture." in texts(app)


def test_a_kind_without_a_picture_is_shown_by_its_figures(toys: Path) -> None:
    identify(toys)
    KINDS.unregister("toy")
    KINDS.register("toy", replace(toy_kind.KIND, structure=""))
    assert view_of("toy") is draw_figures

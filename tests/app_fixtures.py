"""A small home with a dataset, three stores and a race, made once, and the app to be run in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.build import Build
from core.events import finish
from core.home import Home
from core.importing import Import
from core.measure.race import Race
from core.stores import list_stores

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("start", "dataset", "build", "benchmark", "inspector")
TIMEOUT = 60


@pytest.fixture(scope="session")
def furnished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("furnished")
    options = {"size": 16, "train": 60, "val": 20}
    finish(Import("shapes", "shapes", options=options, home=str(root)).run())
    for format, encoding in (("disk", "original"), ("lmdb", "raw"), ("hdf5", "raw")):
        finish(Build("shapes", format, encoding, home=str(root)).run())
    paths = [str(store.path) for store in list_stores(Home(root))]
    finish(Race(paths, batch_size=8, workers="0", loader="torch", seconds=0.05, rounds=2, home=str(root)).run())
    return root


@pytest.fixture
def furnished(furnished_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with everything in it, to be changed at will."""
    root = tmp_path / "home"
    shutil.copytree(furnished_once, root)
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(root))
    return Home(root)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home in which nothing is yet."""
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path))
    return Home(tmp_path)


def open_page(page: str) -> AppTest:
    """The app from its router, on the page called `page`."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT).run()
    return app if page == "start" else app.switch_page(f"pages/{page}.py").run()


def texts(app: AppTest) -> str:
    """All sentences on the page."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind))

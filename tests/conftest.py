"""What every test may use: a home of its own, and a small dataset that is imported once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.datasets import Dataset
from core.events import finish
from core.home import Home
from core.importing import Import
from core.runs import session_name


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever touches the repository's own data and runs."""
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("FORMAT_MATTERS_SESSION", raising=False)
    session_name.cache_clear()


@pytest.fixture(scope="session")
def _imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("imported")
    finish(Import("shapes", "shapes", limit=60, home=str(home)).run())
    return home


@pytest.fixture
def home(_imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that holds the dataset `shapes`: 50 images to train on, 10 to validate."""
    root = tmp_path / "home"
    shutil.copytree(_imported, root)
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(root))
    return Home(root)


@pytest.fixture
def dataset(home: Home) -> Dataset:
    return Dataset.open(home, "shapes")

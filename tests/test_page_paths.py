"""Paths on pages: browsed for on Dataset, allowed by a person in the Inspector and taken back."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
import streamlit as st
from app_under_test import ROOT, open_page, texts
from streamlit.testing.v1 import AppTest

from core.base.home import Home
from core.inspect import allowed
from ui.shared import allowing


def buttons(app: AppTest) -> set[str | None]:
    return {button.key for button in app.button}


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An HDF5 file in a folder that is not opened by itself."""
    path = tmp_path_factory.mktemp("elsewhere") / "a.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = [1, 2, 3]
    return path


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at this machine; AppTest's sessions come from nowhere."""
    monkeypatch.setattr(allowing, "is_local", lambda: True)


def asked(path: Path) -> AppTest:
    """The Inspector with a path outside."""
    app = open_page("inspector")
    app.segmented_control(key="inspector.source").set_value("file").run()
    return app.text_input(key="inspector.path").set_value(str(path)).run()


@pytest.mark.usefixtures("local")
def test_a_folder_is_allowed_for_the_session(empty: Home, outside: Path) -> None:
    app = asked(outside)
    assert f"Allow the app to open everything below `{outside.parent}`" in texts(app)
    app.button(key="inspector.allow").click().run()
    assert not app.exception
    assert "inspector.allow" not in buttons(app)
    assert allowed.load(empty) == ()
    app.text_input(key="inspector.path").set_value("").run()
    app.button(key="inspector.forget.0").click().run()
    app.text_input(key="inspector.path").set_value(str(outside)).run()
    assert "inspector.allow" in buttons(app)


@pytest.mark.usefixtures("local")
def test_a_folder_is_allowed_for_good(empty: Home, outside: Path) -> None:
    app = asked(outside)
    assert str(allowed.place(empty)) in texts(app)
    app.button(key="inspector.allow_always").click().run()
    assert allowed.load(empty) == (outside.parent.resolve(),)
    assert "inspector.allow" not in buttons(asked(outside))


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        (None, {}, True),
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("192.168.1.7", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "192.168.1.7"}, False),
        ("somewhere", {}, False),
    ],
)
def test_only_somebody_at_this_machine_is_asked(
    address: str | None, headers: dict[str, str], local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = type("Context", (), {"ip_address": address, "headers": headers})()
    monkeypatch.setattr(st, "context", context)
    assert allowing.is_local() == local


@pytest.mark.usefixtures("local")
def test_where_the_variable_names_the_folders_nobody_is_asked(
    empty: Home, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_ROOTS", str(empty.root))
    app = asked(outside)
    assert "inspector.allow" not in buttons(app)
    assert "lies outside" in app.error[0].value


@pytest.mark.usefixtures("local")
def test_an_address_allows_nothing(empty: Home, outside: Path) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run().switch_page("pages/inspector.py")
    app.query_params["file"] = str(outside)
    app.run()
    assert app.text_input(key="inspector.path").value == str(outside)
    assert "inspector.allow" in buttons(app)
    assert allowed.load(empty) == ()


def test_a_folder_is_browsed_for_and_taken(empty: Home) -> None:
    app = open_page("dataset")
    app.segmented_control(key="dataset.way").set_value("A path on this machine").run()
    app.button(key="dataset.take").click().run()
    assert app.text_input(key="dataset.path").value == str(empty.root.resolve())
    assert "no image found" in app.warning[0].value

"""A file at an address on the Inspector page: asked about, shown, walked on with, and what that took."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import numpy as np
import pytest
from app_under_test import open_page, texts
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.base.home import Home
from core.inspect.remote.memory import available
from ui.shared import allowing

fsspec = pytest.importorskip("fsspec", reason="the extra [scale] is not installed")
pytestmark = pytest.mark.skipif(not available(), reason="maps that are filled as they are touched need Linux")


@pytest.fixture
def address() -> Iterator[str]:
    """A tar of 6,000 images in fsspec's filesystem in memory."""
    image = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 7, np.uint8)).save(image, "PNG")
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number in range(6_000):
            about = tarfile.TarInfo(f"{number:04}.png")
            about.size = len(image.getvalue())
            archive.addfile(about, io.BytesIO(image.getvalue()))
    files = fsspec.filesystem("memory")
    files.pipe("/pages/train.tar", made.getvalue())
    yield "memory://pages/train.tar"
    files.store.clear()


def opened(text: str) -> AppTest:
    app = open_page("inspector")
    app.segmented_control(key="inspector.source").set_value("file").run()
    return app.text_input(key="inspector.path").set_value(text).run()


@pytest.mark.usefixtures("empty")
def test_a_tar_is_shown_as_far_as_it_was_walked_and_read_on(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_ROOTS", "memory://pages")
    app = opened(address)
    assert not app.exception
    assert "6,000 entries" not in texts(app)
    assert "Read " in texts(app)
    assert " requests" in texts(app)
    app.button(key="inspector.read_on").click().run()
    assert not app.exception
    assert "6,000 entries" in texts(app)
    assert "inspector.read_on" not in {button.key for button in app.button}
    app.text_input(key="inspector.path").set_value("memory://pages/none.tar").run()
    assert "does not exist" in app.error[0].value


@pytest.mark.usefixtures("empty")
def test_a_bucket_is_allowed_by_a_person_only(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("s3://bucket/a.tar")
    assert "opens no addresses there" in app.error[0].value
    monkeypatch.setattr(allowing, "is_local", lambda: True)
    app = opened("s3://bucket/a.tar")
    assert "everything below `s3://bucket`" in texts(app)
    app = opened("s3://key:secret@bucket/a.tar")
    assert "password" in app.error[0].value
    assert "secret@" not in texts(app)


def test_without_the_extra_it_says_what_to_install(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_ROOTS", f"{empty.root}:gs://bucket")
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    app = opened("gs://bucket/a.tar")
    assert not app.exception
    assert "pip install" in app.error[0].value

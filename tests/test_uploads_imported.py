"""Uploaded archives: called by their names, gone when the import ends, and cleared away where it was killed."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import pytest

from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.base.steps_left import StepsLeft
from core.datasets.dataset import Dataset
from core.jobs import Jobs, upload
from core.jobs.demo import Demo
from core.jobs.upload import ImportUpload
from tests.image_fixtures import encoded, picture


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def archive(**files: bytes) -> io.BytesIO:
    """A zip of two classes of two images, and these files beside them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for place in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
            opened.writestr(place, encoded(picture(len(place))))
        for name, data in files.items():
            opened.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    content.seek(0)
    return content


def uploads_left(home: Home) -> list[Path]:
    return list((home.root / "data" / "uploads").rglob("*"))


def test_an_upload_is_called_by_its_name_everywhere(home: Home) -> None:
    path = upload.keep(home, "My Photos.zip", archive(notes_dot_txt=b"hello", cat__bad_dot_png=b"x"))

    told = finish(ImportUpload(str(path), "photos", home=str(home.root), called="My Photos.zip").run())

    assert Dataset.open(home, "photos").source == "My Photos.zip"
    assert [skipped["path"] for skipped in told["skipped"]] == ["My Photos.zip/cat/bad.png"]
    assert told["unused"] == [{"path": "My Photos.zip/notes.txt", "reason": "text, which is not read"}]
    assert uploads_left(home) == []


@pytest.mark.parametrize("name", ["x" * 250 + ".zip", "ü" * 200 + ".zip", "../../up.zip", "a\nb.zip", ".zip"])
def test_no_name_of_an_upload_is_too_much(home: Home, name: str) -> None:
    path = upload.keep(home, name, archive())

    assert len(os.fsencode(path.name)) < 200
    assert path.is_relative_to(home.root / "data" / "uploads" / upload.FOLDER)
    assert path.is_file()


def test_a_refused_upload_is_told_by_its_name_and_gone(home: Home) -> None:
    path = upload.keep(home, "text.zip", io.BytesIO(b"no archive"))

    with pytest.raises(InputError, match=r"^text\.zip is not a whole archive"):
        finish(ImportUpload(str(path), "photos", home=str(home.root), called="text.zip").run())

    assert not path.exists()


def test_a_full_disk_during_an_upload_leaves_nothing(home: Home) -> None:
    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(WorkError, match="disk is full"):
        upload.keep(home, "a.zip", Full())

    assert not any(path.is_file() for path in uploads_left(home))


def test_what_killed_imports_left_is_cleared_but_not_what_jobs_wait_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, waited_for, new = (upload.keep(home, f"{name}.zip", archive()) for name in ("left", "waited", "new"))
    job = type("Job", (), {"fields": {"source": str(waited_for)}})()
    monkeypatch.setattr(Jobs, "active", lambda jobs: [job])
    long_ago = time.time() - 10 * upload.STARTING_SECONDS
    for path in (left, waited_for):
        os.utime(path.parent, (long_ago, long_ago))

    upload.clear(home)

    assert [path.exists() for path in (left, waited_for, new)] == [False, True, True]


def test_several_uploaded_files_are_one_archive_and_no_name_leads_out_of_it(home: Home) -> None:
    picture_of = [encoded(picture(index)) for index in range(4)]
    names = ["cat/one.png", "cat/one.png", "../../dog/two.png", "/dog/three.png"]
    kept = upload.keep_together(home, [(name, io.BytesIO(data)) for name, data in zip(names, picture_of, strict=True)])
    with zipfile.ZipFile(kept) as archive:
        assert archive.namelist() == ["cat/one.png", "cat/one-2.png", "dog/two.png", "dog/three.png"]
    demo = Demo(dataset="mine", source=str(kept), called="4 uploaded files", uploaded=True, home=str(home.root))
    finish(demo._import(home, StepsLeft(demo._planned())) or iter(()))
    dataset = Dataset.open(home, "mine")
    assert (dataset.classes, sum(dataset.splits.values())) == (["cat", "dog"], 4)
    assert dataset.source == "4 uploaded files"
    assert not kept.exists(), "nothing stays of the upload"

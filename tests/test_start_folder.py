"""The demo on uploaded images: what an upload is called, and when its folders, which name classes, are missing."""

from __future__ import annotations

import pytest

from ui.start.folder import called_by, came_without_folders


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["pets/cat/1.jpg", "pets/dog/1.jpg"], "pets"),
        (["pets/1.jpg"], "1.jpg"),
        (["photos.zip"], "photos.zip"),
        (["1.jpg", "2.jpg"], ""),
        (["pets/1.jpg", "petshop/2.jpg"], ""),
        (["pets/1.jpg", "2.jpg"], ""),
    ],
)
def test_an_upload_is_called_by_what_holds_all_of_it(names: list[str], called: str) -> None:
    assert called_by(names) == called


def test_files_whose_folders_the_browser_did_not_name_are_told() -> None:
    assert came_without_folders(["1.jpg", "2.jpg"])
    assert not came_without_folders(["cat/1.jpg", "dog/2.jpg"])
    assert not came_without_folders(["photos.zip"])

"""Any folder of images is understood: splits, classes, flat ones, nested ones, and whatever lies about in them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.base.contracts import Skipped
from core.base.errors import InputError
from core.base.events import Event, Message
from core.base.source_contracts import FoundImage
from core.sources import Request, open_source, recognise
from tests.image_fixtures import put, put_classes


class Read:
    """What a source gives for a folder."""

    def __init__(self, path: Path, limit: int | None = None, **options: Any) -> None:
        scratch = path.parent / f"scratch-{len(list(path.parent.iterdir()))}"
        scratch.mkdir()
        request = Request(scratch=scratch, downloads=path.parent / "downloads", path=path, limit=limit)
        source = open_source(recognise(str(path)), options, request)
        self.events: list[Event] = list(source.prepare())
        self.classes = source.classes
        self.counts = dict(source.counts)
        self.found = list(source.images())
        source.close()

    @property
    def images(self) -> list[FoundImage]:
        return [found for found in self.found if isinstance(found, FoundImage)]

    @property
    def skipped(self) -> list[Skipped]:
        return [found for found in self.found if isinstance(found, Skipped)]

    @property
    def cells(self) -> dict[tuple[str, str], int]:
        return dict(Counter((image.split, image.class_name) for image in self.images))

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Message) and event.level == "warning"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "animals"


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (("train", "val"), {"train", "val"}),
        (("train", "valid"), {"train", "val"}),
        (("Train", "Validation"), {"train", "val"}),
        (("train", "test"), {"train", "val"}),
        (("train", "val", "test"), {"train", "val", "test"}),
        (("training", "testing"), {"train", "val"}),
    ],
)
def test_splits_by_their_folders(root: Path, folders: tuple[str, ...], splits: set[str]) -> None:
    for folder in folders:
        put_classes(root / folder, {"cat": 2, "dog": 3})

    read = Read(root)

    assert read.cells == {(split, name): n for split in splits for name, n in (("cat", 2), ("dog", 3))}
    assert read.counts == dict.fromkeys(splits, 5)


def test_images_come_split_by_split_and_class_by_class_in_sorted_order(root: Path) -> None:
    put_classes(root / "val", {"b": 2})
    put_classes(root / "train", {"c": 1, "a": 2, "b": 1})

    read = Read(root)

    places = [(image.split, image.class_name, image.name) for image in read.images]
    assert places == sorted(places, key=lambda place: (place[0] != "train", place))


def test_bytes_are_handed_over_untouched(root: Path) -> None:
    data = put(root / "cat" / "one.jpg")

    (image,) = Read(root).images

    assert (image.data, image.name, image.origin) == (data, "one.jpg", str(root / "cat" / "one.jpg"))


def test_a_class_that_only_one_split_knows_has_its_number_too(root: Path) -> None:
    put_classes(root / "train", {"ant": 1, "cow": 1})
    put_classes(root / "val", {"bee": 1})

    assert Read(root).classes == ["ant", "bee", "cow"]


def test_plain_class_folders_get_a_stratified_validation_split(root: Path) -> None:
    put_classes(root, {"cat": 10, "dog": 20, "one": 1, "two": 2})

    read = Read(root)

    assert read.cells == {
        ("train", "cat"): 8,
        ("val", "cat"): 2,
        ("train", "dog"): 16,
        ("val", "dog"): 4,
        ("train", "one"): 1,
        ("train", "two"): 1,
        ("val", "two"): 1,
    }


def test_the_seed_decides_the_validation_split(root: Path) -> None:
    put_classes(root, {"cat": 30})

    def drawn(seed: int) -> list[str]:
        return [image.name for image in Read(root, seed=seed).images if image.split == "val"]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_no_validation_split_where_none_is_wanted(root: Path) -> None:
    put_classes(root, {"cat": 10})

    assert Read(root, val_fraction=0).counts == {"train": 10}


def test_train_alone_is_split_like_plain_class_folders(root: Path) -> None:
    put_classes(root / "train", {"cat": 10})

    assert Read(root).counts == {"train": 8, "val": 2}


def test_a_class_called_train_among_others_is_a_class(root: Path) -> None:
    put_classes(root, {"bus": 5, "train": 5})

    assert Read(root).classes == ["bus", "train"]


def test_deeper_files_belong_to_the_first_folder_and_do_not_collide(root: Path) -> None:
    first = put(root / "cat" / "day" / "1.png", seed=1)
    second = put(root / "cat" / "night" / "1.png", seed=2)
    third = put(root / "cat" / "day-1.png", seed=3)

    read = Read(root, val_fraction=0)

    assert {image.class_name for image in read.images} == {"cat"}
    assert {image.data for image in read.images} == {first, second, third}
    assert len({image.name for image in read.images}) == 3


def test_wordnet_ids_are_the_classes_of_a_flat_folder(root: Path) -> None:
    for name in ("n01440764_tench.JPEG", "n01440764_18.JPEG", "n01496331_electric_ray.JPEG"):
        put(root / name)

    assert Read(root, val_fraction=0).cells == {("train", "n01440764"): 2, ("train", "n01496331"): 1}


def test_any_other_flat_folder_is_one_class(root: Path) -> None:
    put(root / "n01440764_tench.JPEG")
    put(root / "holiday.jpg")

    assert Read(root, val_fraction=0).cells == {("train", "animals"): 2}


def test_flat_splits_are_one_class(root: Path) -> None:
    put(root / "train" / "a.jpg")
    put(root / "val" / "b.jpg")

    assert Read(root).cells == {("train", "animals"): 1, ("val", "animals"): 1}


def test_a_split_without_labels_is_left_out_and_said(root: Path) -> None:
    put_classes(root / "train", {"cat": 10})
    put(root / "test" / "1.jpg")

    read = Read(root)

    assert read.counts == {"train": 8, "val": 2}
    assert any("test" in warning and "no labels" in warning for warning in read.warnings)


def test_folders_that_hold_nothing_but_one_folder_are_unwrapped(root: Path) -> None:
    put_classes(root / "download" / "animals-v2" / "train", {"cat": 1})
    put_classes(root / "download" / "animals-v2" / "val", {"cat": 1})

    assert Read(root).counts == {"train": 1, "val": 1}


def test_what_is_no_image_is_passed_over(root: Path) -> None:
    put(root / "cat" / "1.JPEG")
    put(root / "cat" / "._1.jpg")
    put(root / "__MACOSX" / "cat" / "1.jpg")
    put(root / ".cache" / "1.jpg")
    for name in ("labels.csv", "readme.txt", ".DS_Store", "cat/notes.txt", "annotations/1.xml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("x")

    read = Read(root)

    assert [image.name for image in read.found] == ["1.JPEG"]


def test_images_beside_the_folders_are_left_out_and_said(root: Path) -> None:
    put_classes(root / "train", {"cat": 1})
    put_classes(root / "val", {"cat": 1})
    put(root / "cover.png")
    put(root / "train" / "loose.png")

    read = Read(root)

    assert read.counts == {"train": 1, "val": 1}
    (said,) = read.warnings
    assert "animals (1 image: beside the split folders)" in said
    assert "train (1 image: beside the class folders)" in said


def test_links_are_followed_but_never_in_circles(root: Path, tmp_path: Path) -> None:
    put_classes(tmp_path / "elsewhere", {"cat": 2})
    root.mkdir()
    (root / "cat").symlink_to(tmp_path / "elsewhere" / "cat")
    (tmp_path / "elsewhere" / "cat" / "again").symlink_to(root)

    assert Read(root, val_fraction=0).counts == {"train": 2}


def test_a_folder_that_is_a_link_to_itself_ends(root: Path) -> None:
    root.mkdir()
    (root / "self").symlink_to(root)

    with pytest.raises(InputError, match="no image found"):
        Read(root)


def test_what_cannot_be_read_is_skipped_with_its_reason(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root / "cat" / "1.png")
    os.mkfifo(root / "cat" / "2.png")
    (root / "cat" / "3.png").symlink_to(root / "nowhere.png")
    with (root / "cat" / "4.png").open("wb") as huge:
        huge.truncate((256 << 20) + 1)

    read = Read(root, val_fraction=0)

    reasons = {Path(skipped.path).name: skipped.reason for skipped in read.skipped}
    assert [image.name for image in read.images] == ["1.png"]
    assert "not a regular file" in reasons["2.png"]
    assert "No such file" in reasons["3.png"]
    assert "256 MiB" in reasons["4.png"]


@pytest.mark.parametrize(
    ("limit", "cells"),
    [
        (6, {("train", "a"): 2, ("train", "b"): 2, ("val", "a"): 1, ("val", "b"): 1}),
        (2, {("train", "a"): 1, ("val", "b"): 1}),
        (1, {("train", "a"): 1}),
        (100, {("train", "a"): 20, ("train", "b"): 20, ("val", "a"): 10, ("val", "b"): 10}),
    ],
)
def test_a_limit_is_shared_out_over_splits_and_classes(
    root: Path, limit: int, cells: dict[tuple[str, str], int]
) -> None:
    put_classes(root / "train", {"a": 20, "b": 20})
    put_classes(root / "val", {"a": 10, "b": 10})

    assert Read(root, limit=limit).cells == cells


def test_an_empty_folder_is_refused_in_a_sentence(root: Path) -> None:
    root.mkdir()

    with pytest.raises(InputError, match=r"no image found in .*animals.*\.jpg"):
        Read(root)


def test_two_folders_for_one_split_are_refused(root: Path) -> None:
    for split in ("train", "val", "validation"):
        put_classes(root / split, {"a": 1})

    with pytest.raises(InputError, match="both called val"):
        Read(root)


@pytest.mark.parametrize("spec", ["", "nowhere", "a\0b", "x" * 5000, "imagenet"])
def test_what_is_no_source_is_refused_with_what_is_accepted(spec: str) -> None:
    with pytest.raises(InputError, match="accepted are shapes, cifar10"):
        recognise(spec)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "one.jpg")

    (tmp_path / "one.bin").write_bytes(b"something")
    for name, said in (
        ("one.jpg", "is one image; give its folder"),
        ("one.bin", "not an archive of images; accepted are"),
    ):
        with pytest.raises(InputError, match=said):
            recognise(str(tmp_path / name))
    with pytest.raises(InputError, match=r"no file and no folder '.*' on this machine$"):
        recognise(str(tmp_path / "nowhere"))

"""Folders as people have them: what is a split, what is a class, what is neither, and what is said of it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.base.contracts import Skipped
from core.base.errors import InputError
from core.base.events import finish
from core.base.source_contracts import FoundImage, Recognition
from core.images.pixels import BadImage, decode
from core.sources import Request, open_source, recognise
from core.sources.file_labels import classes_in_names
from core.sources.folder_names import in_order
from tests.image_fixtures import put


class Read:
    """What a source makes of a folder: images by (split, class), and what it says."""

    def __init__(self, path: Path, **options: Any) -> None:
        scratch = path.parent / f"scratch of {path.name}"
        scratch.mkdir()
        request = Request(scratch=scratch, downloads=scratch, path=path)
        source = open_source(recognise(str(path)), {"val_fraction": 0} | options, request)
        finish(source.prepare())
        self.recognition: Recognition = source.recognition
        self.classes = list(source.classes)
        found = list(source.images())
        source.close()
        self.images = [image for image in found if isinstance(image, FoundImage)]
        self.skipped = {Path(skip.path).name: skip.reason for skip in found if isinstance(skip, Skipped)}

    @property
    def cells(self) -> dict[str, int]:
        return dict(Counter(f"{image.split}/{image.class_name}" for image in self.images))

    @property
    def unused(self) -> dict[str, str]:
        return {Path(unused.path).name: unused.reason for unused in self.recognition.unused}

    @property
    def said(self) -> str:
        return "\n".join(self.recognition.notes)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "animals"


def tree(root: Path, *folders: str) -> None:
    """Two images in each folder, no two alike."""
    for number, folder in enumerate(folders):
        for index in range(2):
            put(root / folder / f"{index}.png", seed=10 * number + index)


CATS_AND_DOGS = {"train/cat": 2, "train/dog": 2, "val/cat": 2, "val/dog": 2}


@pytest.mark.parametrize(
    "folders",
    [
        ["train/cat", "train/dog", "val/cat", "val/dog"],
        ["TRAIN/cat", "TRAIN/dog", "Valid/cat", "Valid/dog"],
        ["Training/cat", "Training/dog", "Testing/cat", "Testing/dog"],
        ["seg_train/cat", "seg_train/dog", "seg_test/cat", "seg_test/dog"],
        ["seg_train/seg_train/cat", "seg_train/seg_train/dog", "seg_test/seg_test/cat", "seg_test/seg_test/dog"],
        ["train/train/cat", "train/train/dog", "test/test/cat", "test/test/dog"],
        ["train/images/cat", "train/images/dog", "val/images/cat", "val/images/dog"],
        ["images/train/cat", "images/train/dog", "images/val/cat", "images/val/dog"],
        [
            "animals-v2/data/train/cat",
            "animals-v2/data/train/dog",
            "animals-v2/data/val/cat",
            "animals-v2/data/val/dog",
        ],
        ["train2017/cat", "train2017/dog", "val2017/cat", "val2017/dog"],
        ["train_images/cat", "train_images/dog", "test_images/cat", "test_images/dog"],
        ["cat/train", "dog/train", "cat/test", "dog/test"],
        ["cat_train", "dog_train", "cat_test", "dog_test"],
    ],
)
def test_splits_and_classes_wherever_they_lie(root: Path, folders: list[str]) -> None:
    tree(root, *folders)

    read = Read(root)

    assert read.cells == CATS_AND_DOGS
    assert read.classes == ["cat", "dog"]
    assert read.unused == {}


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ("pred", "beside the split folders"),
        ("pred/pred", "beside the split folders"),
        ("docs/figures", "beside the split folders"),
        ("train_masks", "masks or label images"),
        ("animals/train/cat", "beside the split folders"),
        ("unlabelled/a", "beside the split folders"),
    ],
)
def test_a_folder_beside_the_splits_is_named_and_changes_nothing(root: Path, beside: str, why: str) -> None:
    tree(root, "train/cat", "train/dog", "val/cat", "val/dog", beside)

    read = Read(root)

    assert read.cells == CATS_AND_DOGS
    assert read.unused == {beside.split("/")[0]: read.unused[beside.split("/")[0]]}
    assert why in read.unused[beside.split("/")[0]]
    assert "2 images" in read.unused[beside.split("/")[0]]
    assert beside.split("/")[0] in read.said


def test_a_second_copy_of_the_splits_inside_is_not_read_twice(root: Path) -> None:
    splits = [f"{split}/{name}" for split in ("train", "val", "test") for name in ("cat", "dog")]
    tree(root, *splits, *(f"copy/{place}" for place in splits))
    put(root / "__MACOSX" / "animals" / "train" / "cat" / "._0.png")

    read = Read(root)

    assert read.cells == dict.fromkeys(splits, 2)
    assert "12 images" in read.unused["copy"]
    assert "the same splits once more" in read.unused["copy"]


def test_the_one_folder_with_splits_among_others_is_it(root: Path) -> None:
    tree(root, "dataset/train/cat", "dataset/train/dog", "dataset/val/cat", "dataset/val/dog", "examples")

    read = Read(root)

    assert read.cells == CATS_AND_DOGS
    assert "beside dataset" in read.unused["examples"]


def test_splits_of_classes_with_masks_among_them(root: Path) -> None:
    """Defects of things: thing/train/good, thing/test/{good,broken}, thing/ground_truth/broken."""
    for thing in ("bottle", "cable"):
        tree(root / thing, "train/good", "test/good", "test/broken", "ground_truth/broken")

    read = Read(root)

    assert read.cells == {"train/bottle": 2, "train/cable": 2, "val/bottle": 4, "val/cable": 4}
    assert "masks or label images" in read.unused["ground_truth"]


def test_val_alone_stays_val_and_is_said(root: Path) -> None:
    tree(root, "val/cat", "val/dog")

    read = Read(root)

    assert read.cells == {"val/cat": 2, "val/dog": 2}
    assert "no training images" in read.said


@pytest.mark.parametrize("beside", [["docs"], ["docs", "masks"]])
def test_train_alone_with_classes_is_a_split(root: Path, beside: list[str]) -> None:
    tree(root, "train/cat", "train/dog", *beside)

    assert Read(root).cells == {"train/cat": 2, "train/dog": 2}


def test_vehicles_with_one_called_train_are_classes(root: Path) -> None:
    tree(root, "bus/red", "bus/blue", "train/steam", "train/diesel")

    assert Read(root).classes == ["bus", "train"]


def test_two_years_of_one_split_are_refused(root: Path) -> None:
    tree(root, "train2014/cat", "train2017/cat", "val2017/cat")

    with pytest.raises(InputError, match="both called train"):
        Read(root)


def test_test_images_are_the_validation_split_and_it_is_said(root: Path) -> None:
    tree(root, "train/cat", "test/cat")

    read = Read(root)

    assert read.cells == {"train/cat": 2, "val/cat": 2}
    assert "the 2 test images serve as val" in read.said


def test_classes_that_training_does_not_know_are_said(root: Path) -> None:
    tree(root, "train/cat", "train/dog", "test/bird")

    assert "no class of the other splits (bird)" in Read(root).said


@pytest.mark.parametrize("folder", ["test", "test/test", "test/images", "test/unknown"])
def test_test_images_without_labels_are_left_out(root: Path, folder: str) -> None:
    tree(root, "train/cat", "train/dog", folder)

    read = Read(root)

    assert read.cells == {"train/cat": 2, "train/dog": 2}
    assert "its images have no labels" in read.unused[Path(folder).name]


def test_domains_in_the_names_of_split_folders_are_classes_as_a_guess(root: Path) -> None:
    tree(root, "trainA", "trainB", "testA", "testB")

    read = Read(root)

    assert read.cells == {"train/A": 2, "train/B": 2, "val/A": 2, "val/B": 2}
    assert "classes are a guess from the split folders' names: A, B" in read.said


def test_a_tree_of_images_beside_one_of_labels(root: Path) -> None:
    for kind in ("leftImg8bit", "gtFine"):
        tree(root / kind, "train/aachen", "train/bochum", "val/aachen", "val/bochum")

    read = Read(root)

    assert read.cells == {f"{split}/{city}": 2 for split in ("train", "val") for city in ("aachen", "bochum")}
    assert "8 images: masks or label images" in read.unused["gtFine"]


def test_classes_with_the_same_folders_in_each_are_said(root: Path) -> None:
    tree(root, "colour/apple", "colour/kiwi", "grey/apple", "grey/kiwi")

    read = Read(root)

    assert read.classes == ["colour", "grey"]
    assert "2 of 2 classes hold folders (colour: apple, kiwi)" in read.said
    for level, classes in (
        ("last", ["apple", "kiwi"]),
        ("path", ["colour/apple", "colour/kiwi", "grey/apple", "grey/kiwi"]),
    ):
        root = root.rename(root.with_name(level))
        assert Read(root, level=level).classes == classes


# ---------------------------------------------------------------- classes


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ([str(n) for n in range(12)], [str(n) for n in range(12)]),
        (["007", "10", "9"], ["007", "9", "10"]),
        ([f"c{n}" for n in range(11)], [f"c{n}" for n in range(11)]),
        (["class 10", "class 2"], ["class 2", "class 10"]),
        (["10", "9", "background"], ["10", "9", "background"]),
        (["-1", "0", "10", "2"], ["-1", "0", "2", "10"]),
        (["b10", "a2"], ["a2", "b10"]),
        (["日本語", "Café", "naïve x"], ["Café", "naïve x", "日本語"]),
    ],
)
def test_the_order_of_classes(root: Path, names: list[str], order: list[str]) -> None:
    tree(root, *names)

    read = Read(root)

    assert in_order(names) == read.classes == order
    assert list(dict.fromkeys(image.class_name for image in read.images)) == order


@pytest.mark.parametrize(
    ("stems", "classes"),
    [
        (["cat.0", "dog.1", "cat.2", "dog.3"], {"cat", "dog"}),
        (["cat (1)", "cat (2)", "dog (1)", "dog (2)"], {"cat", "dog"}),
        (["Egyptian_Mau_1", "Egyptian_Mau_2", "pug_1", "pug_2"], {"Egyptian_Mau", "pug"}),
        (["cat.0", "dog.1", "cat.2"], None),  # a word that is alone tells nothing
        (["cat.0", "cat.1"], None),
        (["IMG_0", "IMG_1", "DSC_0", "DSC_1"], None),
        (["train_0", "train_1", "test_0", "test_1"], None),
        (["image_0", "image_1", "mask_0", "mask_1"], None),
        (["S01_0", "S01_1", "S02_0", "S02_1"], None),
        (["a7f3", "b812"], None),
        ([], None),
    ],
)
def test_classes_in_files_names(stems: list[str], classes: set[str] | None) -> None:
    assert classes_in_names(stems) == (None if classes is None else (classes, True))


def test_classes_in_files_names_are_said_to_be_a_guess_and_can_be_refused(root: Path) -> None:
    for number in range(6):
        put(root / "train" / f"{'dog' if number % 2 else 'cat'}.{number}.jpg", number)
    put(root / "test1" / "1.jpg")

    read = Read(root)

    assert read.cells == {"train/cat": 3, "train/dog": 3}
    assert read.recognition.labels == "file names"
    assert "labels are a guess from the files' names (cat, dog)" in read.said
    assert "no labels" in read.unused["test1"]
    root.rename(root.with_name("again"))
    without = Read(root.with_name("again"), labels="none")
    assert without.cells == {"train/again": 6, "test/again": 1}
    assert without.recognition.labels == "none"


@pytest.mark.parametrize("folder", ["", "images", "train", "data/images"])
def test_without_labels_there_is_one_class_that_says_so(root: Path, folder: str) -> None:
    for number in range(3):
        put(root / folder / f"{number:08x}.jpg", number)

    read = Read(root)

    assert read.classes == ["animals" if "data" not in folder else "data"]
    assert read.recognition.labels == "none"
    assert "no labels found" in read.said


# ---------------------------------------------------------------- what belongs to images


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        ("images", "masks"),
        ("JPEGImages", "SegmentationClass"),
        ("imgs", "labels"),
        ("train/images", "train/masks"),
        ("leftImages", "gtFine"),
    ],
)
def test_images_and_masks_are_not_two_classes(root: Path, images: str, masks: str) -> None:
    tree(root, images, masks)

    read = Read(root)

    assert read.classes == ["animals"]
    assert len(read.images) == 2
    assert Path(masks).name in read.unused


def masks_of(root: Path, folder: str, like: str) -> None:
    """A mask of few values for each image of another folder."""
    (root / folder).mkdir(parents=True)
    for path in sorted((root / like).iterdir()):
        with Image.open(path) as image:
            mask = (np.arange(image.width * image.height).reshape(image.height, image.width) % 2 * 255).astype(np.uint8)
        Image.fromarray(mask).save(root / folder / f"{path.stem}.png")


def test_masks_are_told_by_their_content_too(root: Path) -> None:
    tree(root, "scenes")
    masks_of(root, "y", "scenes")

    read = Read(root)

    assert read.classes == ["scenes"]
    assert "looks like masks" in read.unused["y"]
    assert "by their content" in read.said
    root.rename(root.with_name("again"))
    assert Read(root.with_name("again"), labels="folders").classes == ["scenes", "y"]


def test_faces_with_and_without_masks_are_classes(root: Path) -> None:
    tree(root, "with_mask", "without_mask")

    assert Read(root).classes == ["with_mask", "without_mask"]


def test_drawings_of_few_values_are_classes_like_others(root: Path) -> None:
    tree(root, "source")
    for name in ("circle", "square"):
        masks_of(root, name, "source")
    for path in (root / "source").iterdir():
        path.unlink()

    assert Read(root).classes == ["circle", "square"]


def test_masks_beside_their_images_are_no_images_of_the_class(root: Path) -> None:
    for kind in ("benign", "normal"):
        for number in (1, 2):
            put(root / kind / f"{kind} ({number}).png")
            put(root / kind / f"{kind} ({number})_mask.png")
    put(root / "benign" / "lone_mask.png")

    read = Read(root)

    assert read.cells == {"train/benign": 3, "train/normal": 2}
    assert "a mask of the image beside it" in read.unused["benign (1)_mask.png"]


# ---------------------------------------------------------------- what is not used


LABEL_FILES = {
    "labels.csv": ("id,breed\n0,pug\n", "a table with the columns id, breed"),
    "metadata.jsonl": ('{"file_name": "0.png", "text": "a cat"}\n', "a line for each image with file_name, text"),
    "labels/0.txt": ("0 0.5 0.5 0.25 0.25\n", "YOLO boxes"),
    "annotations/instances.json": ('{"images": [], "annotations": []}', "COCO annotations"),
    "annotations/0.xml": ("<annotation><object/></annotation>", "a Pascal VOC annotation"),
    "list.txt": ("images/0.png 3\n", "a list of images"),
    "data.yaml": ("nc: 2\nnames: [a, b]\n", "names of classes for YOLO"),
}


@pytest.mark.parametrize("name", LABEL_FILES)
def test_beside_class_folders_label_files_are_named_for_what_they_are_and_not_used(root: Path, name: str) -> None:
    content, what = LABEL_FILES[name]
    tree(root, "images/pug", "images/corgi")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(content)

    read = Read(root)

    assert read.cells == {"train/pug": 2, "train/corgi": 2}
    assert what in read.unused[Path(name).name]
    assert "labels may lie there" in read.said
    assert what in read.said


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("photo.heic", b"\0\0\0 ftypheic", "a HEIC photo, which is not read: save them as JPEG"),
        ("photo.jxl", b"\xff\x0a", "a JPEG XL image, which is not read: save them as JPEG or PNG"),
        ("array.npy", b"\x93NUMPY", "NumPy files: to be opened in the Inspector"),
        ("photo.NEF", b"MM\0*", "a camera's raw photo, which is not read: develop them"),
        ("scan.dcm", b"\0" * 128 + b"DICM", "a medical image"),
        ("clip.mp4", b"\0\0\0\x18ftyp", "a video"),
        ("notes.txt", b"hello", "text"),
        ("store.h5", b"\x89HDF\r\n\x1a\n", "Inspector"),
        ("renamed", b"\x89HDF\r\n\x1a\n", "Inspector"),
        ("more.zip", b"PK\x03\x04", "an archive inside"),
        ("no_ending", b"\xff\xd8\xff\xe0", "a JPEG by its first bytes"),
        ("thing.bin", b"\0\1\2", "not an image"),
    ],
)
def test_files_of_other_endings_are_listed(root: Path, name: str, content: bytes, what: str) -> None:
    tree(root, "cat", "dog")
    (root / "cat" / name).write_bytes(content)

    assert what in Read(root).unused[name]


def test_many_files_are_listed_by_their_folders(root: Path) -> None:
    tree(root, "images")
    (root / "labels").mkdir()
    for number in range(60):
        (root / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.25 0.25\n")

    assert Read(root).unused["*.txt"].startswith("60 files: YOLO boxes")


def test_hidden_files_are_counted(root: Path) -> None:
    tree(root, "cat", "dog")
    for name in (".DS_Store", "cat/._0.png", "cat/Thumbs.db", ".cache/1.png"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")

    read = Read(root)

    assert len(read.images) == 4
    assert read.unused == {"animals": "4 hidden entries, never read: .DS_Store, .cache, ._0.png, ..."}


def test_a_folder_without_images_says_what_it_holds(root: Path) -> None:
    root.mkdir()
    (root / "train.zip").write_bytes(b"PK\x03\x04")
    (root / "sample.csv").write_text("id,label\n")

    with pytest.raises(InputError, match=r"no image found in .*animals; it holds sample\.csv .*id, label.* and 1 more"):
        Read(root)


# ---------------------------------------------------------------- what the disk has in store


def test_links_to_themselves_and_other_oddities_are_skipped_with_their_reasons(root: Path) -> None:
    tree(root, "cat", "dog")
    (root / "cat" / "loop.jpg").symlink_to("loop.jpg")
    (root / "cat" / "gone.jpg").symlink_to("nowhere.jpg")
    (root / "cat" / "folder.jpg").mkdir()
    (root / "cat" / "up").symlink_to("..")
    os.mkfifo(root / "cat" / "pipe.jpg")
    os.mkfifo(root / "dog" / "pipe.txt")

    read = Read(root)

    assert len(read.images) == 4
    assert set(read.skipped) == {"loop.jpg", "gone.jpg", "folder.jpg", "pipe.jpg", "up"}
    assert "a link to a folder that it lies in" in read.skipped["up"]
    assert "symbolic links" in read.skipped["loop.jpg"]
    assert "a folder" in read.skipped["folder.jpg"]
    assert "not a regular file" in read.unused["pipe.txt"]


def test_class_folders_that_are_links_are_followed(root: Path, tmp_path: Path) -> None:
    tree(tmp_path / "elsewhere", "cats", "dogs")
    root.mkdir()
    for name in ("cat", "dog"):
        (root / name).symlink_to(tmp_path / "elsewhere" / f"{name}s")

    read = Read(root)

    assert read.cells == {"train/cat": 2, "train/dog": 2}
    assert "2 links lead out of the folder (cat, dog)" in read.said


def test_links_within_the_folder_are_told_where_images_are_taken_twice(root: Path) -> None:
    tree(root, "cat", "dog")
    (root / "pets").symlink_to("cat")
    (root / "cat" / "again.png").symlink_to("0.png")

    read = Read(root)

    assert read.cells == {"train/cat": 3, "train/dog": 2, "train/pets": 3}
    assert read.said == "1 folder is a link to another one of the same tree (pets): its images are taken for both"


def test_links_can_be_skipped(root: Path, tmp_path: Path) -> None:
    tree(tmp_path / "elsewhere", "bird")
    tree(root, "cat", "dog")
    (root / "bird").symlink_to(tmp_path / "elsewhere" / "bird")
    for number in range(25):
        (root / "cat" / f"{number:02d}.jpg").symlink_to(root / "dog" / "0.png")

    read = Read(root, links="skip")

    assert read.cells == {"train/cat": 2, "train/dog": 2}
    assert len(read.skipped) == 22
    assert "a link" in read.skipped["bird"]
    assert read.skipped["cat"] == "5 more links are skipped (links=skip)"
    assert "lead" not in read.said


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\0\0\0 ftypheicmif1", "a HEIC photo, which is not read here: save them as JPEG"),
        (b"\xff\x0a", "a JPEG XL image"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"<!DOCTYPE html>", "a web page"),
    ],
)
def test_what_is_called_an_image_and_is_another_thing_is_named(content: bytes, what: str) -> None:
    with pytest.raises(BadImage, match=what):
        decode(content)


def test_images_that_are_not_read_are_told_with_a_remedy(root: Path) -> None:
    tree(root, "cat", "dog")
    for number in range(2):
        (root / "cat" / f"{number}.HEIC").write_bytes(b"")

    assert "2 HEIC photos (0.HEIC, ...) not imported: save them as JPEG" in Read(root).said


def test_links_cannot_make_a_tree_without_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.sources.tree.MAX_LINKED", 200)
    for level in range(20):
        (root / str(level)).mkdir(parents=True)
        for twin in ("a", "b"):
            (root / str(level) / twin).symlink_to(root / str(level + 1))
    (root / "20").mkdir()

    with pytest.raises(InputError, match=r"links below .* lead to more than 200 folders"):
        Read(root)


def test_no_depth_is_too_much(root: Path) -> None:
    deep = root / "cat" / "/".join(["d"] * 1500)
    for folder in [*list(deep.parents)[1500::-1], deep]:
        folder.mkdir(exist_ok=True)
    put(deep / "1.png")
    put(root / "dog" / "1.png")

    try:
        assert Read(root).cells == {"train/cat": 1, "train/dog": 1}
    finally:
        while deep != root:  # what clears temporary folders away calls itself for each
            for path in deep.iterdir():
                path.unlink() if path.is_file() else path.rmdir()
            deep = deep.parent

"""Label files: rows are joined with the images they name, columns are found out, what does not fit is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.importing.task import Import
from core.sources import Request, open_source
from core.sources.label_files import in_folder, reading, source
from tests.image_fixtures import put
from tests.label_fixtures import Labelled, pictures, write

BREEDS = ("pug", "corgi", "dingo")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "work" / "dogs"


def kaggle(root: Path) -> Path:
    """train/<id>.jpg with labels.csv, test/<id>.jpg without labels."""
    pictures(root / "train", [f"a{number}.jpg" for number in range(6)])
    pictures(root / "test", [f"z{number}.jpg" for number in range(2)])
    return write(root / "labels.csv", "id,breed", *(f"a{number},{BREEDS[number % 3]}" for number in range(6)))


# ---------------------------------------------------------------- two ways in


def test_the_label_file_itself_is_a_source(root: Path) -> None:
    read = Labelled(kaggle(root))

    assert read.counts == {"train": 6}
    assert read.classes == ["corgi", "dingo", "pug"]
    assert read.labels == {f"a{number}.jpg": BREEDS[number % 3] for number in range(6)}
    assert read.recognition.recognised == "a label file"
    assert read.recognition.labels == "label file"


def test_a_folder_with_a_label_file_and_without_class_folders_is_labelled_by_it(root: Path) -> None:
    kaggle(root)

    read = Labelled(root)

    assert read.cells == {"train/pug": 2, "train/corgi": 2, "train/dingo": 2}
    assert "image = id, label = breed" in read.said
    assert "labels.csv" not in read.unused
    assert read.unused == {f"z{number}.jpg": "no row of labels.csv names it" for number in range(2)}
    assert "2 images left out, which no row of labels.csv names" in read.said


def test_five_joined_rows_and_the_columns_are_shown(root: Path) -> None:
    recognition = Labelled(kaggle(root)).recognition
    joined = recognition.joined

    assert [tuple(one) for one in joined[:2]] == [
        ("labels.csv, row 2", "train/a0.jpg", "train", "pug"),
        ("labels.csv, row 3", "train/a1.jpg", "train", "corgi"),
    ]
    assert len(joined) == 5
    assert recognition.choices["label"] == ["none", "id", "breed"]
    assert recognition.chosen == {"image": "id", "label": "breed", "split": "none"}


def test_no_split_is_drawn_from_a_label_file_unless_asked(root: Path) -> None:
    labels = kaggle(root)

    assert "states no split" in Labelled(labels).said
    assert Labelled(labels, val_fraction=0.5).counts == {"train": 3, "val": 3}
    assert Labelled(root, val_fraction=0.5).counts == {"train": 3, "val": 3}


def test_class_folders_are_stronger_than_a_label_file_beside_them(root: Path) -> None:
    pictures(root, ["cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "dog/4.jpg"])
    write(root / "labels.csv", "file,label", *(f"{number}.jpg,pet{number % 2}" for number in range(1, 5)))

    read = Labelled(root, val_fraction=0)

    assert read.classes == ["cat", "dog"]
    assert "not used, though labels may lie there: labels.csv" in read.said
    assert "--option labels=file" in read.said
    assert Labelled(root, labels="file").classes == ["pet0", "pet1"]


def test_names_of_files_are_weaker_than_labels_and_stronger_than_a_table_without(root: Path) -> None:
    pictures(root, ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg", "dog.2.jpg"])
    names = ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg", "dog.2.jpg"]
    table = write(root / "info.csv", "file,weight", *(f"{name},{place}.25" for place, name in enumerate(names)))

    assert Labelled(root, val_fraction=0).classes == ["cat", "dog"]

    write(table, "file,label,weight", *(f"{name},tame,{place}.25" for place, name in enumerate(names)))
    assert Labelled(root).classes == ["tame"]


def test_further_tables_tell_splits_and_fields(root: Path) -> None:
    names = [f"{number:06d}.jpg" for number in range(6)]
    pictures(root / "img", names)
    write(root / "attributes.csv", "image_id,Young,Male", *(f"{name},1,-1" for name in names))
    write(root / "partition.csv", "image_id,partition", *(f"{name},{place // 2}" for place, name in enumerate(names)))
    write(root / "box.csv", "image_id,x,width", *(f"{name},9,8.5" for name in names))
    write(root / "points.csv", "image_id,point", *(f"{name},{point}" for name in names for point in range(3)))

    read = Labelled(root)

    assert read.cells == {"train/Young": 2, "val/Young": 2, "test/Young": 2}
    assert read.fields["000000.jpg"] == {"labels": ["Young"], "x": 9, "width": 8.5}
    assert "splits are told by partition.csv" in read.said
    assert list(read.unused) == ["points.csv"]
    assert Labelled(root, labels="file").fields["000000.jpg"] == {"labels": ["Young"], "x": 9, "width": 8.5}
    assert Labelled(root, label="Male,Young").cells == {"train/Young": 2, "val/Young": 2, "test/Young": 2}
    with pytest.raises(InputError, match=r"has no column 'Old'"):
        Labelled(root, label="Old")


def test_a_table_that_calls_images_by_another_column_says_nothing_more_of_them(root: Path) -> None:
    pictures(root, ["a/0.png", "a/1.png", "b/2.png"])
    write(root / "Train.csv", "Width,ClassId,Path", "8,0,a/0.png", "8,0,a/1.png", "8,1,b/2.png")
    write(root / "Meta.csv", "Icon,ClassId", "Meta/0.svg,0", "Meta/1.svg,1")

    read = Labelled(root, labels="file")

    assert read.fields["0.png"] == {"Width": 8}
    assert "Meta.csv" in read.unused


def test_a_table_of_other_images_is_not_taken(root: Path) -> None:
    pictures(root, ["1.jpg", "2.jpg"])
    write(root / "labels.csv", "id,label", "7,cat", "8,dog")

    read = Labelled(root, val_fraction=0)

    assert read.recognition.labels == "none"
    assert "labels.csv (a table of which no row names an image here)" in read.said


def test_asking_for_a_label_file_that_is_not_there_is_refused(root: Path) -> None:
    pictures(root, ["1.jpg"])

    with pytest.raises(InputError, match=r"no label file in .* names images there"):
        Labelled(root, labels="file")


def test_rows_without_image_in_any_folder_are_one_sentence(root: Path) -> None:
    pictures(root, ["1.jpg"])
    labels = write(root / "labels.csv", "id,label", "7,cat", "8,dog")

    with pytest.raises(InputError, match=r"none of the 2 rows of .*labels.csv names an image in .*root=FOLDER"):
        Labelled(labels)


def test_who_only_looks_reads_the_first_rows_of_a_long_table(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reading, source, in_folder):
        monkeypatch.setattr(module, "LOOKED_AT_ROWS", 3)
    labels = kaggle(root)

    for place in (labels, root):
        looked = Labelled(place, look=True)
        assert looked.counts == {"train": 3}
        assert looked.recognition.partial == "only the first 3 of about 7 rows were looked at"
        assert not looked.unused
        assert Labelled(place).counts == {"train": 6}


# ---------------------------------------------------------------- Hugging Face's metadata


def test_metadata_jsonl_with_a_label_and_further_values(root: Path) -> None:
    pictures(root / "train", ["1.png", "2.png"])
    pictures(root / "test", ["1.png"])
    row = {"label": "cat", "text": "a cat", "score": 0.5, "boxes": [[1, 2, 3, 4]], "more": {"a": 1}}
    write(
        root / "train" / "metadata.jsonl",
        json.dumps({"file_name": "1.png"} | row),
        json.dumps({"file_name": "2.png", "label": "dog", "text": "a dog", "score": 1, "boxes": [], "more": None}),
    )
    write(root / "test" / "metadata.jsonl", json.dumps({"file_name": "1.png"} | row))

    read = Labelled(root)

    assert read.cells == {"train/cat": 1, "train/dog": 1, "val/cat": 1}
    fields = {(image.split, image.name): image.fields for image in read.images}["train", "1.png"]
    assert fields["text"] == "a cat"
    assert fields["score"] == 0.5
    assert fields["boxes"].tolist() == [[1, 2, 3, 4]]  # type: ignore[union-attr]
    assert fields["more"] == {"a": 1}


def test_metadata_of_captions_keeps_them_as_a_field(root: Path) -> None:
    pictures(root, ["1.png", "2.png"])
    write(root / "metadata.csv", "file_name,text", "1.png,a small house by the sea", '2.png,"two boats, red and blue"')

    read = Labelled(root)

    assert read.fields["2.png"] == {"text": "two boats, red and blue"}
    assert read.labels == {"1.png": "images", "2.png": "images"}
    assert read.recognition.labels == "none"


def test_a_line_that_is_no_json_is_listed_by_its_number(root: Path) -> None:
    pictures(root, ["1.png", "2.png"])
    labels = write(root / "m.jsonl", '{"file_name": "1.png", "label": "a"}', '{"file_name":', "[1]", '{"x": 1}')

    read = Labelled(labels)

    assert read.labels == {"1.png": "a"}
    assert read.skipped["m.jsonl, row 2"].startswith("not JSON")
    assert read.skipped["m.jsonl, row 3"] == "not an object of named values"
    assert read.skipped["m.jsonl, row 4"] == "it names no image"


# ---------------------------------------------------------------- the dataset that comes of it


def test_fields_and_classes_are_in_the_imported_dataset(home: Home, root: Path) -> None:
    pictures(root, ["1.jpg", "2.jpg"])
    labels = write(root / "labels.csv", "file,label,age,note", "1.jpg,cat,3,old", "2.jpg,dog,,")

    *_, last = Import(str(labels), "pets", home=str(home.root)).run()

    dataset = Dataset.open(home, "pets")
    assert dataset.classes == ["cat", "dog"]
    assert [(field.name, field.kind) for field in dataset.fields] == [("age", "integer"), ("note", "text")]
    assert list(dataset.field_values("train")) == [{"age": 3, "note": "old"}, {}]
    assert last.data["labels"] == "label file"  # type: ignore[union-attr]


def test_by_reference_paths_are_below_the_folder_of_the_images(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "deep" / "1.jpg")
    labels = write(root / "labels.csv", "file,label", "1.jpg,cat")

    read = Labelled(labels, reference=True, root=str(tmp_path / "elsewhere"))

    assert [(image.name, image.class_name) for image in read.images] == [("deep/1.jpg", "cat")]


def test_images_of_one_name_in_two_folders_are_both_kept(root: Path) -> None:
    pictures(root, ["a/1.jpg", "b/1.jpg"])
    labels = write(root / "labels.csv", "file,label", "a/1.jpg,cat", "b/1.jpg,cat")

    read = Labelled(labels)

    assert len({image.name for image in read.images}) == 2


def test_a_listing_that_was_kept_is_not_taken_where_the_labels_changed_since(root: Path, tmp_path: Path) -> None:
    pictures(root, ["1.jpg", "2.jpg"])
    labels = write(root / "labels.csv", "file,label", "1.jpg,cat", "2.jpg,dog")
    request = Request(scratch=tmp_path, downloads=tmp_path, path=root, resumed=True)

    def classes() -> list[str]:
        folder = open_source("image_folder", {}, request)
        finish(folder.prepare())
        assert [one.row for one in folder.recognition.joined] == ["labels.csv, row 2", "labels.csv, row 3"]
        found = list(folder.classes)
        folder.close()
        return found

    assert (classes(), classes()) == (["cat", "dog"], ["cat", "dog"])
    write(labels, "file,label", "1.jpg,cow", "2.jpg,dog")
    assert classes() == ["cow", "dog"]

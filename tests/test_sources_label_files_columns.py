"""Which columns of a label file are image, label and split, and what the labels become."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import InputError
from core.sources.label_files.profile import dimensions
from tests.label_fixtures import Labelled, pictures, write

IDS = [f"img{number:02d}" for number in range(12)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work" / "set"
    pictures(root, [f"{one}.png" for one in IDS])
    return root


def table(root: Path, header: str, *cells: str) -> Path:
    """A row for each image: its id, and these cells in turn."""
    return write(root / "t.csv", header, *(f"{one},{cells[number % len(cells)]}" for number, one in enumerate(IDS)))


# ---------------------------------------------------------------- which column


@pytest.mark.parametrize(
    ("header", "cells", "label"),
    [
        ("id,breed", ["pug", "corgi"], "pug"),
        ("id,target", ["0", "1"], "0"),
        ("image_id,class_id,class_name", ["3,pug", "4,corgi"], "pug"),
        ("image_name,patient_id,sex,age_approx,diagnosis,benign_malignant,target", ["p1,m,45,nevus,benign,0"], "nevus"),
        ("lesion_id,image_id,dx,dx_type,age,sex", ["bkl,histo,80.0,male"], "bkl"),
        ("Image,Id", ["w_1", "w_2"], "w_1"),
        ("image,level", ["0", "2"], "0"),
        ("Id,weather", ["sunny", "rain"], "sunny"),
        ("id,width,height,species", ["8,8,owl"], "owl"),
    ],
)  # fmt: skip
def test_the_label_is_found(root: Path, header: str, cells: list[str], label: str) -> None:
    rows = [f"{one},{cells[number % len(cells)]}" for number, one in enumerate(IDS)]
    if header.startswith("lesion"):
        rows = [f"HAM{number // 2},{row}" for number, row in enumerate(rows)]

    read = Labelled(write(root / "t.csv", header, *rows))

    assert read.labels["img00.png"] == label
    assert read.recognition.labels == "label file"


def test_a_label_that_is_told_by_its_values_alone_is_said_to_be_a_guess(root: Path) -> None:
    assert "label = finish (a guess)" in Labelled(table(root, "id,finish,weight", "oak,1.5", "elm,2.5")).said
    assert Labelled(table(root, "id,male,weight", "True,1.5", "False,2.5")).classes == ["images"]


def test_labels_that_are_names_of_images_as_well_are_not_the_images(root: Path) -> None:
    pictures(root, [f"{number}.png" for number in range(10)])
    rows = [f"{number % 2},{number}" for number in range(10)]

    assert Labelled(write(root / "t.csv", "label,id", *rows)).classes == ["0", "1"]


def test_columns_are_chosen_by_name_in_any_case_or_by_number(root: Path) -> None:
    labels = table(root, "id,kind,label", "a,x", "b,y")

    assert Labelled(labels).classes == ["x", "y"]
    assert Labelled(labels, label="Kind").classes == ["a", "b"]
    assert Labelled(labels, label="none").classes == ["images"]
    assert Labelled(labels, image="id", label="2").classes == ["a", "b"]
    assert Labelled(root, label="kind").classes == ["a", "b"]
    with pytest.raises(InputError, match=r"t\.csv has no column 'breed'; it has id, kind, label"):
        Labelled(labels, label="breed")
    with pytest.raises(InputError, match=r"t\.csv has no column 'file'"):
        Labelled(labels, image="file")


def test_a_column_of_long_texts_is_no_class(root: Path) -> None:
    with pytest.raises(InputError, match=r"holds long texts"):
        Labelled(table(root, "id,story", "x" * 300), label="story")


# ---------------------------------------------------------------- what labels become


def test_numbers_are_classes_in_numeric_order(root: Path) -> None:
    assert Labelled(table(root, "id,label", "10", "9", "1.0")).classes == ["1", "9", "10"]
    assert Labelled(table(root, "id,label", "True", "False")).classes == ["False", "True"]
    assert Labelled(table(root, "id,label", "007", "012")).classes == ["007", "012"]


def test_measured_numbers_are_a_field_and_no_classes(root: Path) -> None:
    read = Labelled(write(root / "t.csv", "id,label", *(f"{one},{number / 3}" for number, one in enumerate(IDS))))

    assert read.classes == ["images"]
    assert read.fields["img03.png"] == {"label": 1.0}
    assert "label holds measured numbers, not classes" in read.said


def test_one_column_for_each_class_with_one_set_gives_classes(root: Path) -> None:
    read = Labelled(table(root, "image,MEL,NV,BCC", "1.0,0.0,0.0", "0.0,1.0,0.0", "0.0,0.0,1.0"))

    assert read.classes == ["BCC", "MEL", "NV"]
    assert read.labels["img01.png"] == "NV"
    assert read.fields["img01.png"] == {"labels": ["NV"]}


def test_one_column_for_each_label_with_several_set_gives_a_field(root: Path) -> None:
    read = Labelled(table(root, "image_id,Young,Male,Smiling", "-1,1,1", "1,-1,-1", "-1,-1,-1"))

    assert read.classes == ["images"]
    assert [read.fields[f"img0{number}.png"]["labels"] for number in range(3)] == [["Male", "Smiling"], ["Young"], []]
    assert "some images have several labels or none" in read.said


def test_columns_of_0_and_1_may_be_named(root: Path) -> None:
    read = Labelled(table(root, "id,label,a,b", "x,1,0", "y,0,1"), label="a,b")

    assert read.classes == ["a", "b"]
    assert read.fields["img00.png"] == {"labels": ["a"], "label": "x"}
    with pytest.raises(InputError, match="which 'label' does not"):
        Labelled(root / "t.csv", label="a,label")


@pytest.mark.parametrize(
    ("header", "separator", "quote"),
    [("Image Index,Finding Labels", "|", ""), ("id,tags", ";", ""), ("id,tags", " ", ""), ("id,labels", ",", '"')],
)
def test_several_labels_in_a_cell(root: Path, header: str, separator: str, quote: str) -> None:
    cells = [
        f"{quote}{separator.join(one)}{quote}" for one in (["mass", "edema"], ["mass"], ["edema"], ["node", "mass"])
    ]

    read = Labelled(table(root, header, *cells))

    assert read.fields["img00.png"] == {"labels": ["mass", "edema"]}
    assert read.fields["img01.png"] == {"labels": ["mass"]}
    assert read.classes == ["images"]


def test_a_list_in_a_cell(root: Path) -> None:
    read = Labelled(table(root, "id,genre", """"['Action', 'Sci-Fi']\"""", "['Drama']", "[]"))

    assert [read.fields[f"img0{number}.png"]["labels"] for number in range(3)] == [["Action", "Sci-Fi"], ["Drama"], []]


@pytest.mark.parametrize("label", ["golden retriever", "Smith, John", "=cmd|' /C calc'!A0"])
def test_one_label_may_have_blanks_and_signs_in_it(root: Path, label: str) -> None:
    assert Labelled(table(root, "id,label", f'"{label}"', "pug")).classes == sorted([label, "pug"])


def test_rows_without_a_label_are_listed(root: Path) -> None:
    read = Labelled(table(root, "id,label", "a", "", "NaN"))

    assert read.counts == {"train": 4}
    assert set(read.skipped.values()) == {"it has no label"}
    assert "8 rows of t.csv left out: each is listed with the reason" in read.said


# ---------------------------------------------------------------- splits


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("id,label,split", ["a,train", "a,validation", "a,test"]),
        ("id,label,x", ["a,Train", "a,VAL", "a,TEST"]),
        ("id,label,Usage", ["a,Training", "a,PublicVal", "a,PrivateTest"]),
        ("id,label,partition", ["a,0", "a,1", "a,2"]),
    ],
)
def test_a_column_of_splits(root: Path, header: str, cells: list[str]) -> None:
    read = Labelled(table(root, header, *cells))

    assert read.counts == {"train": 4, "val": 4, "test": 4}
    assert set(read.fields["img00.png"]) == set()


def test_numbered_splits_are_told_and_folds_are_none(root: Path) -> None:
    said = Labelled(table(root, "id,label,partition", "a,0", "a,1", "a,2")).said

    assert "split = partition (0 is train, 1 is val, 2 is test)" in said
    assert Labelled(table(root, "id,label,fold", "a,0", "a,1", "a,2")).counts == {"train": 12}


def test_a_column_that_asks_whether_it_is_training(root: Path) -> None:
    assert Labelled(table(root, "id,label,is_train", "a,1", "a,0", "a,1")).counts == {"train": 8, "val": 4}


def test_a_split_is_chosen_or_refused(root: Path) -> None:
    labels = table(root, "id,label,set,part", "a,train,val", "a,val,train", "a,test,train")

    assert Labelled(labels).counts == {"train": 4, "val": 4, "test": 4}
    assert Labelled(labels, split="part").counts == {"train": 8, "val": 4}
    assert Labelled(labels, split="none").counts == {"train": 12}
    with pytest.raises(InputError, match=r"the column 'label' of t\.csv says no splits"):
        Labelled(labels, split="label")


def test_names_of_label_files_are_splits(root: Path) -> None:
    write(root / "train.csv", "id,label", *(f"{one},a" for one in IDS[:6]))
    write(root / "val.csv", "id,label", *(f"{one},a" for one in IDS[6:8]))
    write(root / "test.csv", "id", *IDS[8:])
    write(root / "sample_submission.csv", "id,label", *(f"{one},a" for one in IDS[8:]))

    read = Labelled(root)

    assert read.counts == {"train": 6, "val": 2}
    assert "a table without a column of labels" in read.unused["test.csv"]
    assert "sample_submission.csv" in read.unused
    assert len([name for name in read.unused if name.endswith(".png")]) == 4


def test_folders_of_images_are_splits_where_the_rows_say_none(tmp_path: Path) -> None:
    root = tmp_path / "work" / "set"
    pictures(root, ["train/1.png", "train/2.png", "test/3.png"])

    read = Labelled(write(root / "labels.csv", "file,label", "train/1.png,a", "train/2.png,b", "test/3.png,a"))

    assert read.cells == {"train/a": 1, "train/b": 1, "val/a": 1}
    assert "splits are those of the folders" in read.said


# ---------------------------------------------------------------- rows that repeat


def test_rows_that_say_the_same_twice_count_once_and_contradicting_ones_are_left_out(root: Path) -> None:
    labels = write(root / "t.csv", "id,label", "img00,a", "img00,a", "img01,a", "img01.png,b", "img01,c", "img02,b")

    read = Labelled(labels)

    assert read.labels == {"img00.png": "a", "img02.png": "b"}
    assert read.skipped["img01.png"] == "its rows contradict each other: t.csv, row 4 says a, and t.csv, row 5 b"
    assert "1 repeated row ignored" in read.said


def test_rows_that_agree_in_the_label_alone_are_told(root: Path) -> None:
    read = Labelled(write(root / "t.csv", "id,label,age", "img00,a,1", "img00,a,2", "img01,a,1", "img02,a,1"))

    assert read.fields["img00.png"] == {"age": 1}
    assert "1 image whose rows agree in the label and not in other columns" in read.said


def test_a_row_for_each_object_gives_labels_and_rows_as_fields(root: Path) -> None:
    rows = [f"{one},{label},{place}.5" for one in IDS for place, label in enumerate(["mass", "edema", "mass"])]

    read = Labelled(write(root / "t.csv", "image_id,class_name,x_min", *rows))

    assert read.classes == ["images"]
    assert read.fields["img00.png"]["labels"] == ["mass", "edema"]
    assert read.fields["img00.png"]["rows"] == [{"x_min": 0.5}, {"x_min": 1.5}, {"x_min": 2.5}]
    assert "most images have several rows in t.csv" in read.said


def test_a_row_for_each_object_of_one_class_gives_classes(root: Path) -> None:
    rows = [f"{one},owl,{place}.5" for one in IDS for place in range(2)]

    assert Labelled(write(root / "t.csv", "image_id,class_name,x_min", *rows)).classes == ["owl"]


def test_a_limit_takes_of_every_class(root: Path) -> None:
    assert Labelled(table(root, "id,label", "a", "b", "c"), limit=3).cells == {"train/a": 1, "train/b": 1, "train/c": 1}


def test_many_images_without_row_are_counted_by_folder(root: Path) -> None:
    pictures(root / "more", [f"{number}.png" for number in range(51)])

    read = Labelled(table(root, "id,label", "a", "b"))

    assert read.unused == {"more": "51 images: no row of t.csv names it"}


def test_lists_of_numbers_in_cells_are_arrays(root: Path) -> None:
    read = Labelled(table(root, "id,label,box,more", 'a,"[834.0, 222.0, 56, 36]",[1', 'a,"[1, 2, 3, 4]",x', "a,,"))

    box = read.fields["img00.png"]["box"]
    assert box.tolist() == [834, 222, 56, 36]  # type: ignore[union-attr]
    assert read.fields["img00.png"]["more"] == "[1"
    assert read.fields["img02.png"] == {}


def test_dimensions_of_lists() -> None:
    assert [dimensions(one) for one in ([1, 2.5], [[1, 2], [3, 4]], [[1], [2, 3]], ["a"], [True])] == [1, 2, -1, -1, -1]

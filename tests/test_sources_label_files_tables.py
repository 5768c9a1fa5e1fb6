"""What label files look like: encodings, delimiters, headers, COCO, Parquet, lists; what hostile ones do not get."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import InputError
from core.sources import recognise
from core.sources.label_files import json_stream, text_table
from tests.image_fixtures import put
from tests.label_fixtures import Labelled, pictures, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "work" / "pets"


@pytest.fixture
def two(root: Path) -> Path:
    pictures(root, ["1.jpg", "2.jpg"])
    return root


PETS = {"1.jpg": "cat", "2.jpg": "dog"}

# ---------------------------------------------------------------- text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_encodings(two: Path, encoding: str) -> None:
    labels = write(two / "labels.csv", "file,label", "1.jpg,Straße", "2.jpg,café", encoding=encoding)

    read = Labelled(labels)

    assert read.labels == {"1.jpg": "Straße", "2.jpg": "café"}
    assert ("Windows-1252" in read.said) == (encoding == "latin-1")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("a.csv", ["file,label", "1.jpg,cat", "2.jpg,dog"]),
        ("a.csv", ["file;label", "1.jpg;cat", "2.jpg;dog"]),
        ("a.tsv", ["file\tlabel", "1.jpg\tcat", "2.jpg\tdog"]),
        ("a.csv", ["file|label", "1.jpg|cat", "2.jpg|dog"]),
        ("a.csv", ['"file","label"', '"1.jpg","cat"', '"2.jpg","dog"']),
        ("a.csv", [",file,label", "0,1.jpg,cat", "1,2.jpg,dog"]),
        ("a.csv", ["1.jpg,cat", "2.jpg,dog"]),
        ("a.csv", ["1,cat", "2,dog"]),
        ("a.txt", ["1.jpg cat", "2.jpg dog"]),
        ("a.txt", ["# name label", "1.jpg\tcat", "2.jpg\tdog"]),
        ("a.txt", ["2", "label", "1.jpg cat", "2.jpg dog"]),
        ("a.lst", ["0\tcat\t1.jpg", "1\tdog\t2.jpg"]),
        ("a.csv", ["file,label", "", "1.jpg,cat", "", "2.jpg,dog", ""]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_and_headers(two: Path, name: str, rows: list[str], end: str) -> None:
    assert Labelled(write(two / name, *rows, end=end)).labels == PETS


def test_ids_without_ending_and_without_header_are_told_by_the_files(root: Path) -> None:
    pictures(root, ["ab.jpg", "cd.jpg"])

    assert Labelled(write(root / "l.csv", "ab,cat", "cd,dog")).labels == {"ab.jpg": "cat", "cd.jpg": "dog"}


def test_a_list_of_images_as_imagenet_has_it(root: Path) -> None:
    pictures(root / "val", ["ILSVRC_1.JPEG", "ILSVRC_2.JPEG", "my cat.JPEG"])
    labels = write(root / "val.txt", "ILSVRC_1.JPEG 65", "ILSVRC_2.JPEG 970", "my cat.JPEG 9")

    read = Labelled(labels)

    assert read.labels == {"ILSVRC_1.JPEG": "65", "ILSVRC_2.JPEG": "970", "my cat.JPEG": "9"}
    assert read.classes == ["9", "65", "970"]
    assert read.counts == {"val": 3}


def test_quoted_newlines_and_delimiters_are_one_cell(two: Path) -> None:
    labels = write(two / "l.csv", "file,label,note", '1.jpg,cat,"two\nlines, ""here"""', "2.jpg,dog,")

    assert Labelled(labels).fields["1.jpg"] == {"note": 'two\nlines, "here"'}


def test_a_quote_that_is_left_open_is_said(two: Path) -> None:
    read = Labelled(write(two / "l.csv", "file,label", "1.jpg,cat", '2.jpg,"dog', "3.jpg,dog"))

    assert read.labels == {"1.jpg": "cat"}
    assert "is a quote left open?" in read.skipped["l.csv, row 3"]


def test_rows_of_another_length(root: Path) -> None:
    pictures(root, ["1.jpg", "2.jpg", "3.jpg"])

    read = Labelled(write(root / "l.csv", "file,label,note", "1.jpg,cat", "2.jpg,dog,a,b", "3.jpg"))

    assert read.labels == {"1.jpg": "cat"}
    assert read.skipped["l.csv, row 3"] == "4 cells where the table has 3 columns"
    assert read.skipped["l.csv, row 4"] == "it has no label"


def test_a_huge_cell_costs_its_row(two: Path) -> None:
    read = Labelled(write(two / "l.csv", "file,label", "1.jpg,cat", f"2.jpg,{'x' * 10_000_000}"))

    assert read.labels == {"1.jpg": "cat"}
    assert read.skipped["l.csv, row 3"] == "a cell of more than 1,048,576 characters"


def test_a_line_without_end_is_refused(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "MAX_LINE", 1 << 16)

    with pytest.raises(InputError, match=r"l\.csv has a line of more than .* \(line 2\)"):
        Labelled(write(two / "l.csv", "file,label", "x" * 200_000))


def test_a_million_columns_are_refused(two: Path) -> None:
    with pytest.raises(InputError, match=r"has 1,000,000 columns, and tables of up to 2,000 are read"):
        Labelled(write(two / "l.csv", ",".join(["x"] * 1_000_000), "1.jpg"))


def test_json_of_any_text_becomes_classes_and_fields_that_can_be_kept(two: Path) -> None:
    rows = [{"file": "1.jpg", "label": "\ud800x", "note": ["\udfff"]}, {"file": "2.jpg", "label": "b", "n": 2**70}]
    for labels in (write(two / "l.jsonl", *map(json.dumps, rows)), write(two / "l.json", json.dumps(rows))):
        read = Labelled(labels)

        assert read.classes == ["\\ud800x", "b"]
        assert read.fields["1.jpg"] == {"note": ["\\udfff"]}
        assert read.fields["2.jpg"] == {"n": 2**70}


def test_a_huge_value_in_json_costs_its_row(two: Path) -> None:
    read = Labelled(write(two / "l.jsonl", '{"file": "1.jpg", "label": "a"}', json.dumps({"file": "x" * (2 << 20)})))

    assert read.skipped["l.jsonl, row 2"] == "a cell of more than 1,048,576 characters"


def test_a_pipe_in_the_folder_is_not_waited_for(two: Path) -> None:
    os.mkfifo(two / "labels.csv")

    assert Labelled(two, val_fraction=0).recognition.labels == "none"


def test_formulas_are_only_text(two: Path) -> None:
    labels = write(two / "l.csv", "file,label", "1.jpg,=cmd|' /C calc'!A0", "2.jpg,@SUM(1)")

    assert Labelled(labels, label="label").labels["2.jpg"] == "@SUM(1)"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"file,label\n"])
def test_a_table_without_rows_is_refused(two: Path, content: bytes) -> None:
    (two / "l.csv").write_bytes(content)

    with pytest.raises(InputError, match=r"l\.csv has no rows"):
        Labelled(two / "l.csv")


# ---------------------------------------------------------------- paths that lead elsewhere


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "../secret.jpg",
        "/etc/passwd",
        "C:\\secret.jpg",
        "..\\secret.jpg",
        "a/../../secret.jpg",
        "{}",
    ],
)
def test_a_path_out_of_the_root_is_listed_and_never_opened(root: Path, path: str) -> None:
    pictures(root, ["1.jpg", "2.jpg", "3.jpg"])
    put(root.parent / "secret.jpg")
    outside = path.format(root.parent / "secret.jpg")

    read = Labelled(write(root / "l.csv", "file,label", "1.jpg,cat", "2.jpg,dog", "3.jpg,dog", f"{outside},cat"))

    assert len(read.images) == 3
    assert "leads out of the folder of the images, so it was not opened" in read.skipped["l.csv, row 5"]


@pytest.mark.parametrize("name", ["1.jpg\0", "1\0.jpg", "x" * 5000, "..", ".", "/", "con", "%s%s%n", "*", "%"])
def test_cells_that_name_nothing(root: Path, name: str) -> None:
    pictures(root, ["1.jpg", "2.jpg"])

    read = Labelled(write(root / "l.csv", "file,label", f"{name},cat", "1.jpg,dog", "2.jpg,dog"))

    assert len(read.images) == 2
    assert "l.csv, row 2" in read.skipped


def test_absolute_paths_inside_the_root_are_fine(two: Path) -> None:
    assert Labelled(write(two / "l.csv", "file,label", f"{two}/1.jpg,cat", f"{two}/./2.jpg,dog")).labels == PETS


def test_absolute_paths_of_another_machine_are_taken_below_the_root(root: Path) -> None:
    pictures(root, ["cat/1.jpg", "dog/1.jpg"])
    there = "/home/somebody/data/pets"
    rows = [f"{there}/cat/1.jpg,a", f"{there}/dog/1.jpg,b", f"{there}/../x.jpg,b"]

    read = Labelled(write(root / "l.csv", "file,label", *rows))

    assert sorted(image.origin.rpartition("pets/")[2] + image.class_name for image in read.images) == [
        "cat/1.jpga",
        "dog/1.jpgb",
    ]
    assert f"begin with '{there}/', which is not here" in read.said


# ---------------------------------------------------------------- where the images are


@pytest.mark.parametrize("folder", ["", "images", "train", "data/train/images", "../pictures"])
@pytest.mark.parametrize("cell", ["1.jpg", "1", "1.JPG"])
def test_images_are_found_in_folders_around(root: Path, folder: str, cell: str) -> None:
    put(root / "x" / folder / "1.jpg")

    assert Labelled(write(root / "x" / "l.csv", "file,label", f"{cell},cat")).labels == {"1.jpg": "cat"}


@pytest.mark.parametrize("cell", ["a/1.jpg", "a\\1.jpg", "./a/1.jpg", "images/a/1.jpg", "pets/images/a/1.jpg"])
def test_folders_in_a_cell_say_which_of_several_files_is_meant(root: Path, cell: str) -> None:
    pictures(root / "images", ["a/1.jpg", "b/1.jpg"])

    read = Labelled(write(root / "l.csv", "file,label", f"{cell},cat"))

    assert [image.origin.endswith("/a/1.jpg") for image in read.images] == [True]


def test_a_folder_that_is_not_the_one_in_the_cell_is_not_taken_for_it(root: Path) -> None:
    pictures(root, ["cat/1.jpg", "cat/2.jpg"])

    read = Labelled(write(root / "l.csv", "file,label", "dog/1.jpg,a", "cat/2.jpg,b"))

    assert read.labels == {"2.jpg": "b"}
    assert read.skipped["l.csv, row 2"] == "there is no image 'dog/1.jpg'"


def test_a_name_of_several_files_is_not_joined_at_random(root: Path) -> None:
    pictures(root, ["a/1.jpg", "b/1.jpg", "a/2.jpg", "c/3.jpg", "c/3.png"])

    read = Labelled(write(root / "l.csv", "id,label", "1,cat", "2,dog", "3,dog"))

    assert read.labels == {"2.jpg": "dog"}
    assert read.skipped["l.csv, row 2"] == "'1' may be 2 images (a/1.jpg and b/1.jpg)"
    assert read.skipped["l.csv, row 4"] == "'3' may be 2 images (c/3.jpg and c/3.png)"


def test_of_the_same_name_in_train_and_test_the_one_of_the_rows_split_is_meant(root: Path) -> None:
    pictures(root, ["train/1.jpg", "test/1.jpg"])

    read = Labelled(write(root / "l.csv", "id,label", "1,cat"))

    assert [image.origin.endswith("train/1.jpg") for image in read.images] == [True]
    assert "1 name of several images each" in read.said


def test_masks_of_the_same_name_are_not_meant(root: Path) -> None:
    pictures(root, ["images/1.png", "masks/1.png"])

    read = Labelled(write(root / "l.csv", "id,label", "1,cat"))

    assert [image.origin.endswith("images/1.png") for image in read.images] == [True]


def test_cases_and_accents_are_told_apart_only_where_it_decides(root: Path) -> None:
    pictures(root, ["Caf\u00e9.JPG", "a.jpg", "A.jpg"])

    read = Labelled(write(root / "l.csv", "file,label", "cafe\u0301.jpg,x", "A.jpg,y", "a.jpg,z"))

    assert read.labels == {"Caf\u00e9.JPG": "x", "A.jpg": "y", "a.jpg": "z"}


def test_other_endings_are_accepted_where_no_file_has_the_ones_that_are_said(two: Path) -> None:
    read = Labelled(write(two / "l.csv", "file,label", "1.png,cat", "2.dcm,dog"))

    assert read.labels == PETS
    assert "other endings" in read.said
    assert Labelled(write(two / "l.csv", "file,label", "1.png,cat", "2.jpg,dog")).labels == {"2.jpg": "dog"}


def test_root_names_the_folder(root: Path, tmp_path: Path) -> None:
    pictures(tmp_path / "far", ["1.jpg", "2.jpg"])
    pictures(root, ["a/1.jpg", "b/1.jpg"])
    labels = write(root / "l.csv", "id,label", "1,cat")

    assert Labelled(labels, root=str(tmp_path / "far")).labels == {"1.jpg": "cat"}
    assert [image.origin for image in Labelled(labels, root="b").images] == [str(root / "b" / "1.jpg")]
    with pytest.raises(InputError, match="root=nowhere is not a folder"):
        Labelled(labels, root="nowhere")


# ---------------------------------------------------------------- JSON


def coco(two: Path, *, second: int) -> Path:
    content = {
        "info": {"year": 2017},
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4.5]},
            {"id": 2, "image_id": 7, "category_id": second, "bbox": [5, 6, 7, 8]},
            {"id": 3, "image_id": 9, "category_id": 5, "bbox": "broken"},
        ],
        "images": [{"id": 7, "file_name": "1.jpg", "width": 8}, {"id": 9, "file_name": "2.jpg", "camera": "left"}],
        "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}],
    }
    return write(two / "annotations" / "instances_train2017.json", json.dumps(content))


def test_coco_with_one_category_for_each_image_gives_classes(two: Path) -> None:
    read = Labelled(coco(two, second=3))

    assert read.labels == PETS
    boxes: Any = read.fields["1.jpg"]["boxes"]
    assert boxes.tolist() == [[1, 2, 3, 4.5], [5, 6, 7, 8]]
    assert boxes.dtype == np.float64
    assert read.fields["1.jpg"]["category_ids"].tolist() == [3, 3]  # type: ignore[union-attr]
    assert np.isnan(read.fields["2.jpg"]["boxes"]).all()  # type: ignore[arg-type]
    assert read.fields["2.jpg"]["camera"] == "left"


def test_coco_with_several_categories_gives_labels_as_a_field(two: Path) -> None:
    coco(two, second=5)

    read = Labelled(two)

    assert read.labels == {"1.jpg": "images", "2.jpg": "images"}
    assert read.fields["1.jpg"]["labels"] == ["cat", "dog"]
    assert read.fields["2.jpg"]["labels"] == ["dog"]
    assert "some images have several labels or none" in read.said


def test_coco_captions(two: Path) -> None:
    captions = [{"image_id": 1, "caption": "a cat"}, {"image_id": 1, "caption": "a red cat"}]
    content = {"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": captions}

    read = Labelled(write(two / "captions.json", json.dumps(content)))

    assert read.fields["1.jpg"] == {"captions": ["a cat", "a red cat"]}
    assert read.classes == ["images"]


@pytest.mark.parametrize(
    "content",
    [
        [{"image": "1.jpg", "label": "cat"}, {"image": "2.jpg", "label": "dog"}],
        {"labels": [["1.jpg", "cat"], ["2.jpg", "dog"]]},
        {"1.jpg": "cat", "2.jpg": "dog"},
        {"1.jpg": ["cat"], "2.jpg": ["dog"]},
        {"1.jpg": {"label": "cat"}, "2.jpg": {"label": "dog"}},
        {"data": [{"image": "1.jpg", "label": "cat"}, {"image": "2.jpg", "label": "dog"}]},
    ],
)
@pytest.mark.parametrize("read_at_once", [1 << 16, 3])
def test_other_json(two: Path, content: Any, read_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "READ", read_at_once)

    assert Labelled(write(two / "l.json", json.dumps(content, indent=1))).labels == PETS


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "it ends too early"),
        ("[", "is not whole JSON"),
        ('{"a": [1, 2', "ends too early"),
        ('{"a" 1}', "is due"),
        ("[" * 200_000, "is not whole JSON"),
        ('"text"', "is due"),
        ('{"annotations": [{"image_id": 1}]}', "no images that they belong to"),
    ],
)
def test_json_that_is_none_is_one_sentence(two: Path, content: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        Labelled(write(two / "l.json", content))


# ---------------------------------------------------------------- lists joined by number


def test_cub_is_joined_by_the_images_numbers(root: Path) -> None:
    pictures(root / "images", ["001.Albatross/a_1.jpg", "002.Wren/b_1.jpg"])
    write(root / "images.txt", "1 001.Albatross/a_1.jpg", "2 002.Wren/b_1.jpg")
    write(root / "image_class_labels.txt", "1 1", "2 2")
    write(root / "classes.txt", "1 001.Albatross", "2 002.Wren")
    write(root / "train_test_split.txt", "1 1", "2 0")
    write(root / "bounding_boxes.txt", "1 60.0 27.0 325.0 304.0", "2 1 2 3 4")

    for read in (Labelled(root / "images.txt"), Labelled(root, labels="file")):
        assert read.cells == {"train/001.Albatross": 1, "val/002.Wren": 1}
        assert read.fields["a_1.jpg"]["boxes"].tolist() == [[60, 27, 325, 304]]  # type: ignore[union-attr]


# ---------------------------------------------------------------- Parquet


def test_a_parquet_table_of_names_is_a_label_file(two: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"file": ["1.jpg", "2.jpg"], "label": ["cat", "dog"], "age": [1, None], "vector": [[1.0], [2.0]]})
    pq.write_table(table, two / "labels.parquet")

    read = Labelled(two / "labels.parquet")

    assert read.labels == PETS
    assert read.fields["1.jpg"]["age"] == 1
    assert read.fields["2.jpg"]["vector"].tolist() == [2.0]  # type: ignore[union-attr]


def test_a_parquet_file_with_images_in_it_is_none(two: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"image": [{"bytes": b"x", "path": "1.jpg"}]}), two / "a.parquet")

    with pytest.raises(InputError, match="Parquet"):
        assert recognise(str(two / "a.parquet")) == "label_file"


def test_a_broken_parquet_file_is_one_sentence(two: Path) -> None:
    (two / "a.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")

    with pytest.raises(InputError, match=r"a\.parquet cannot be read as Parquet"):
        Labelled(two / "a.parquet")

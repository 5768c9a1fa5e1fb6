"""Records of named fields: all images of a record with their names, its label, and every field to be read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from core.base.strict_json import dumps
from core.inspect.display import Choice
from core.inspect.fields import Declared, FieldRecords
from core.inspect.fields.images import MOST_IMAGES
from core.inspect.records import Diagnosed, Fielded


class AnyFile:
    kind: ClassVar[str] = "any"

    def __init__(self) -> None:
        self.choice = Choice()

    def structure(self) -> Mapping[str, Any]:
        return {}

    def warnings(self) -> list[str]:
        return []


class Listed(FieldRecords):
    kind: ClassVar[str] = "any"

    def __init__(self, rows: list[Mapping[str, Any]], declared: Declared | None = None) -> None:
        super().__init__(AnyFile(), "a list", declared or Declared())
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int) -> str:
        return f"r{index}"

    def fields(self, index: int) -> Mapping[str, Any]:
        return self.rows[index]


def image_file(value: int, kind: str = "PNG", size: tuple[int, int] = (8, 6), mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, value if mode in ("L", "I;16") else (value,) * 3).save(made, kind)
    return made.getvalue()


def test_image_and_mask_are_one_record_with_both() -> None:
    mask = image_file(1, mode="L")
    records = Listed([{"mask.png": mask, "jpg": image_file(200, "JPEG"), "cls": 3, "txt": "a cat"}] * 3)
    record = records.read(1)
    assert (record.image_name, record.encoding, record.label) == ("jpg", "jpeg", 3)
    assert [(one.name, one.encoding) for one in record.images] == [("mask.png", "png")]
    assert record.images[0].pixels is not None
    assert record.fields == {
        "mask.png": f"png, 6 × 8 × 3, {len(mask)} bytes",
        "jpg": f"jpeg, 6 × 8 × 3, {len(record.payload)} bytes",
        "cls": 3,
        "txt": "a cat",
    }
    assert (
        records.why
        == "a list; the image is the field 'jpg', beside mask.png; the label is taken from the field 'cls', by its name"
    )
    assert isinstance(records, Fielded)
    assert isinstance(records, Diagnosed)
    assert records.field_names == ["mask.png", "jpg", "cls", "txt"]


def test_structs_lists_and_arrays_are_images_with_their_names() -> None:
    row = {
        "image": {"bytes": image_file(9), "path": "a.png"},
        "views": [image_file(1), image_file(2)],
        "depth": np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8),
    }
    record = Listed([row]).read(0)
    assert record.image_name == "image"
    assert [one.name for one in record.images] == ["views[0]", "views[1]", "depth"]
    assert [int(one.pixels[0, 0, 0]) for one in record.images[:2]] == [1, 2]  # type: ignore[index]
    assert record.images[2].notes  # its range is chosen, and said


def test_bare_pixels_beside_their_shape() -> None:
    pixels = np.arange(6 * 8 * 3, dtype=np.uint8)
    record = Listed([{"image_raw": pixels.tobytes(), "height": 6, "width": 8, "depth": 3, "label": b"\x07"}]).read(0)
    assert record.pixels is not None
    assert np.array_equal(record.pixels, pixels.reshape(6, 8, 3))
    assert record.label == 7


def test_bytes_without_a_shape_are_no_picture_unless_called_so() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 192, np.uint8).tobytes()
    record = Listed([{"embedding": noise, "label": 1}]).read(0)
    assert record.pixels is None
    assert (record.images, record.label) == ((), 1)
    assert record.fields == {"embedding": "192 bytes", "label": 1}
    guessed = Listed([{"image": noise, "label": 1}]).read(0)
    assert guessed.pixels is not None
    assert "nothing says so" in (guessed.text or "")


def test_labels_of_things_are_not_the_images_own() -> None:
    boxes = {"image": image_file(3), "boxes": [[0, 0, 1, 1]] * 5, "labels": [4, 4, 4, 4, 4]}
    assert Listed([boxes]).label(0) is None
    assert Listed([{"image": image_file(3), "objects": {"bbox": [[0, 0, 1, 1]], "category": [4]}}]).label(0) is None
    assert Listed([{**boxes, "label": 2}]).label(0) == 2
    record = Listed([boxes]).read(0)
    assert record.images == ()
    assert record.fields is not None
    assert record.fields["boxes"] == [[0, 0, 1, 1]] * 5


def test_the_declared_label_comes_first_and_facts_in_json_last() -> None:
    row = {"jpg": image_file(3), "label": 1, "target": 2, "json": {"label": 5, "caption": "words"}}
    assert Listed([row]).label(0) == 1
    assert Listed([row], Declared(label="target")).label(0) == 2
    assert Listed([{"jpg": row["jpg"], "json": row["json"]}]).label(0) == 5
    assert Listed([{"jpg": row["jpg"], "json": {"caption": "words"}}]).label(0) is None
    assert Listed([{"jpg": row["jpg"], "target": None}], Declared(label="target")).read(0).label is None


def test_a_record_without_its_image_is_found() -> None:
    whole = {"image": image_file(3), "label": 1}
    records = Listed([whole, {"image": None, "label": 2}, whole])
    record = records.read(1)
    assert (record.problem, record.label) == (None, 2)
    assert [(found.kind, found.count, found.where) for found in record.findings] == [("no-image", 1, "r1")]
    assert records.read(0).findings == ()
    declared = Listed([whole, {"label": 2}], Declared(image="image"))
    assert "field 'image' is missing" in (declared.read(1).problem or "")


def test_a_broken_image_is_told_and_the_others_shown() -> None:
    records = Listed([{"left": image_file(1), "right": image_file(2)[:40]}])
    record = records.read(0)
    assert (record.image_name, record.problem) == ("left", None)
    assert record.images[0].problem
    stated = Listed([{"picture": b"no image at all, of no kind"}], Declared(image="picture")).read(0)
    assert "is said to be an image" in (stated.problem or "")


def test_bands_of_their_own_are_one_image() -> None:
    row = {f"B{number:02d}": np.full((8, 8), number * 100, np.uint16) for number in (4, 3, 2, 8)}
    record = Listed([row]).read(0)
    assert record.shape == (8, 8, 4)
    assert record.image_name == "B02+B03+B04+B08"


def test_nothing_is_longer_than_can_be_shown() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    row: dict[str, Any] = {f"f{number}": "x" * 5000 for number in range(1000)}
    row |= {"deep": deep, "many": list(range(100_000)), "images": [image_file(1)] * 50}
    record = Listed([dict(reversed(row.items()))]).read(0)
    assert len(record.images) == MOST_IMAGES - 1
    assert len(dumps(record.fields)) < 200_000


def test_values_alone_are_shown_as_text() -> None:
    record = Listed([{"caption": "a dog", "vector": np.arange(16, dtype=np.float32)}]).read(0)
    assert record.values is not None
    assert len(record.values) == 16
    assert Listed([{"a": 1, "b": float("nan")}]).read(0).text is not None


@pytest.mark.parametrize("key", ["r0", "r2", "nothing"])
def test_keys_are_found(key: str) -> None:
    assert Listed([{"a": 1}] * 3).find(key) == {"r0": 0, "r2": 2}.get(key)

"""What the bytes of one value are: kinds of values as their tools write them, the image and the label against the
truth, and no label where nothing states one."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import struct
import zlib
from collections.abc import Callable
from typing import Any

import lz4.block
import lz4.frame
import numpy as np
import pytest
import torch
import zstandard
from lmdb_fixtures import encoded, npy, packed, picture
from PIL import Image

from core.inspect.contents import Content, content_of

IMAGE = picture(3)
PNG = encoded(IMAGE)
HEIGHT, WIDTH, _ = IMAGE.shape
GREY = IMAGE[:, :, 0]


def seen(value: bytes, image: np.ndarray | None, label: Any, guess: Any = None) -> Content:
    """The value is read as this image, with this label; in this process, as the values are ours."""
    content = content_of(value)
    assert content.problem is None
    assert (content.label, content.guess) == (label, guess)
    if image is None:
        assert content.pixels is None
        return content
    assert content.is_image, (content.kind, content.text)
    if content.array is not None:
        assert np.array_equal(np.squeeze(content.array), np.squeeze(image))
    else:
        assert np.array_equal(content.pixels, image)
    return content


# ---------------------------------------------------------------- safetensors


def safetensors(arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None, code: str = "") -> bytes:
    codes = {"u1": "U8", "u2": "U16", "f4": "F32", "f2": "F16", "i8": "I64"}
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    body = b""
    for name, array in arrays.items():
        told = code or codes[array.dtype.str[1:]]
        header[name] = {"dtype": told, "shape": array.shape, "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_safetensors_with_an_image_and_a_label() -> None:
    seen(safetensors({"image": IMAGE, "label": np.array([7])}), IMAGE, 7)
    seen(safetensors({"image": IMAGE}, {"label": "cat"}), IMAGE, "cat")
    seen(safetensors({"x": IMAGE.astype(np.float32)}), IMAGE.astype(np.float32), None)


def test_bands_of_safetensors_are_the_channels_of_one_image() -> None:
    bands = {f"B{number:02d}": (GREY.astype(np.uint16) + number) for number in (4, 3, 2, 8)}
    bands |= {"B8A": GREY.astype(np.uint16)[::2, ::2], "B01": GREY.astype(np.uint16)[::5, ::5]}
    content = seen(safetensors(bands), np.stack([bands[name] for name in ("B02", "B03", "B04", "B08")], axis=2), None)
    assert content.bands == ("b02", "b03", "b04", "b08")
    assert content.text == "its bands are b02, b03, b04, b08; of another size: b8a, b01"


def test_two_polarisations_are_two_bands() -> None:
    made = {"VV": GREY.astype(np.float32), "VH": GREY.astype(np.float32) / 2}
    for fields in (made, {f"band{name}": array for name, array in made.items()}):
        assert seen(safetensors(fields), np.stack(list(made.values()), axis=2), None).bands == ("vv", "vh")


def test_arrays_that_are_called_otherwise_are_no_bands() -> None:
    content = seen(safetensors({"image": IMAGE, "mask": GREY, "b1": GREY, "b2": GREY}), IMAGE, None)
    assert content.bands == ()
    file = io.BytesIO()
    np.savez(file, GREY, 255 - GREY)
    seen(file.getvalue(), GREY, None)


def test_safetensors_that_lie_are_told() -> None:
    made = safetensors({"image": IMAGE})
    for broken in (
        made[:-1],
        made.replace(b"[20, 24, 3]", b"[20, 24, 4]"),
        made.replace(b"[20, 24, 3]", b"[-2, 24, 3]"),
    ):
        content = content_of(broken)
        assert content.problem is not None
        assert content.pixels is None


# ---------------------------------------------------------------- torch.save, pickled tensors, Pillow's images


def saved(thing: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(thing, file, **options)
    return file.getvalue()


PLANES = torch.from_numpy(IMAGE.transpose(2, 0, 1).copy())


@pytest.mark.parametrize(
    "value",
    [
        saved((PLANES, 4)),
        saved({"image": PLANES, "label": torch.tensor(4)}),
        saved((PLANES, 4), _use_new_zipfile_serialization=False),
        pickle.dumps((PLANES, 4)),
        pickle.dumps({"img": PLANES, "y": torch.tensor([4])}),
    ],
    ids=["tuple", "dict", "of old", "pickled tuple", "pickled dict"],
)
def test_tensors(value: bytes) -> None:
    seen(value, IMAGE, 4)


def test_a_saved_module_is_refused_by_name() -> None:
    content = content_of(saved(torch.nn.Linear(2, 2)))
    assert content.pixels is None
    assert "torch.nn" in (content.problem or "")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "I;16", "F"])
def test_images_of_pillow(mode: str) -> None:
    grey = mode in ("L", "1", "I;16", "F")
    made = Image.fromarray(GREY if grey else IMAGE)
    made = (
        made.quantize(200) if mode == "P" else made.convert("I").convert(mode) if mode == "I;16" else made.convert(mode)
    )
    wanted = np.asarray(made.convert("L") if mode == "1" else made if grey else made.convert("RGB"))
    for value in (pickle.dumps((made, 2)), pickle.dumps({"image": made, "label": 2}), pickle.dumps((made, 2), 2)):
        seen(value, wanted, 2)


# ---------------------------------------------------------------- text


@pytest.mark.parametrize(
    "value",
    [
        base64.b64encode(PNG),
        base64.urlsafe_b64encode(PNG),
        base64.encodebytes(PNG),
        base64.b64encode(PNG).rstrip(b"=") + b"\n",
        b"data:image/png;base64," + base64.b64encode(PNG),
    ],
    ids=["plain", "url-safe", "in lines", "without padding", "address"],
)
def test_base64(value: bytes) -> None:
    assert seen(value, IMAGE, None).encoding == "base64+png"


def test_a_line_with_base64_between_tabs() -> None:
    content = seen(b"1008\t" + base64.urlsafe_b64encode(PNG) + b"\ta red car", IMAGE, None)
    assert content.text == "1008; a red car"


def test_text_that_is_no_image_stays_text() -> None:
    for value in (base64.b64encode(bytes(range(200))), b"A" * 400, b"a word\tand another" * 20):
        assert content_of(value).kind == "text"


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"shapes": [{"label": "dog", "points": [[1, 2]]}, {"label": "dog", "points": [[3, 4]]}]}, "dog"),
        ({"shapes": [{"label": "dog"}, {"label": "cat"}]}, None),
        ({"shapes": []}, None),
        ({"annotations": [{"category_id": 3, "bbox": [1, 2, 3, 4]}]}, 3),
        ({"label": "bird", "shapes": [{"label": "dog"}]}, "bird"),
        ({"labels": ["grass", "water"]}, None),
        ({"labels": ["water"]}, "water"),
        ({"id": 17}, None),
        ({"image_id": 17, "frame": 3}, None),
        ({"label": None, "class": 5}, 5),
        ({"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": [3, 5]}, None),
        ({"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": [3, 3]}, 3),
        ({"anns": [{"bbox": [1, 2], "category_id": 7}]}, 7),
        ({"label": float("nan")}, None),
    ],
)
def test_the_label_beside_an_image_in_json(fields: dict[str, Any], label: Any) -> None:
    made = {"version": "5.0.1", "imageData": base64.b64encode(PNG).decode(), "imageHeight": HEIGHT, **fields}
    content = seen(json.dumps(made).encode(), IMAGE, label)
    several = len(fields.get("labels", fields.get("shapes", []))) > 1 and label is None
    assert (content.text is not None) == several


# ---------------------------------------------------------------- msgpack, per-record shapes and types


def test_an_array_as_a_map_within_a_map() -> None:
    """ml-pyxis: each field is msgpack of its own, and the label an array of no axes."""

    def array(values: np.ndarray) -> bytes:
        return packed({"type": 2, "dtype": values.dtype.str, "shape": list(values.shape), "data": values.tobytes()})

    seen(packed({"X": array(IMAGE), "y": array(np.array(5, np.uint8))}), IMAGE, 5)
    seen(packed({"image": {"dtype": "uint8", "shape": [20, 24, 3], "data": IMAGE.tobytes()}, "label": 2}), IMAGE, 2)


def test_what_is_packed_within_a_field_is_no_label_as_it_is() -> None:
    content = content_of(packed({"image": PNG, "label": packed({"at": [1, 2], "of": b"\x01\xff"})}))
    assert content.label is None
    assert content_of(packed({"image": PNG, "label": npy(np.array(3))})).label == 3
    assert content_of(packed({"image": PNG, "label": pickle.dumps("cat")})).label == "cat"


@pytest.mark.parametrize("image", [IMAGE, GREY.astype(np.uint16) * 9, (IMAGE / 255).astype(np.float32)])
@pytest.mark.parametrize(
    "make",
    [
        lambda a: {"data": a.tobytes(), "shape": a.shape, "dtype": str(a.dtype), "label": 1},
        lambda a: {"image": a.tobytes(), "image_shape": list(a.shape), "image_dtype": a.dtype.str, "label": 1},
        lambda a: {"img": zlib.compress(a.tobytes()), "shape": a.shape, "dtype": a.dtype.name, "label": 1},
        lambda a: {"pixels": a.tobytes(), "shape": str(a.shape), "dtype": a.dtype, "label": 1},
        lambda a: (a.tobytes(), a.shape, 1) if a.dtype == np.uint8 else (a.tobytes(), a.shape, str(a.dtype), 1),
    ],
)
def test_shape_and_type_beside_the_pixels(make: Callable[[np.ndarray], Any], image: np.ndarray) -> None:
    seen(pickle.dumps(make(image)), image, 1)


def test_a_type_that_nothing_states_is_guessed_and_said_to_be() -> None:
    for image in ((GREY / 255).astype(np.float16), GREY.astype(np.uint16) * 16, (GREY / 255).astype(np.float32)):
        content = seen(pickle.dumps({"data": image.tobytes(), "shape": image.shape}), image, None)
        assert f"taken for {image.dtype}" in (content.text or "")


# ---------------------------------------------------------------- compressed, behind a header


OBJECT = pickle.dumps({"image": IMAGE, "label": "c1"})


@pytest.mark.parametrize(
    "value",
    [
        zlib.compress(OBJECT),
        zlib.compress(OBJECT, 9),
        gzip.compress(OBJECT),
        lz4.frame.compress(OBJECT),
        lz4.block.compress(OBJECT),
        zstandard.ZstdCompressor().compress(OBJECT),
        zstandard.ZstdCompressor(write_content_size=False).compress(OBJECT),
        b"\x01\x02\x03\x04" + zstandard.ZstdCompressor().compress(OBJECT),
        struct.pack("<Q", len(OBJECT)) + gzip.compress(OBJECT),
        b"MAGIC\x00" + lz4.frame.compress(OBJECT),
    ],
    ids=[
        "zlib",
        "zlib 9",
        "gzip",
        "lz4",
        "lz4 block",
        "zstd",
        "zstd of no size",
        "zstd headed",
        "gzip headed",
        "lz4 headed",
    ],
)
def test_compressed_objects(value: bytes) -> None:
    seen(value, IMAGE, "c1")


def test_bytes_that_only_begin_like_compressed_ones() -> None:
    for value in (
        b"\x78\x9c" + bytes(range(200)),
        zlib.compress(OBJECT)[:-9],
        struct.pack("<I", 300) + bytes(range(200)),
    ):
        assert content_of(value).kind not in ("compressed", "lz4_block")


@pytest.mark.parametrize("compress", [bytes, zstandard.ZstdCompressor().compress, gzip.compress])
@pytest.mark.parametrize("form", ["<HHHH", ">HHHH", "<IIII", ">IIII", "<QQQQ"])
def test_pixels_behind_their_shape(form: str, compress: Callable[[bytes], bytes]) -> None:
    """The numbers before are the shape, and none of them a label."""
    content = seen(struct.pack(form, 0, *IMAGE.shape) + compress(IMAGE.tobytes()), IMAGE, None)
    assert "20 x 24 x 3" in (content.text or "")
    turned = struct.pack(form[:3], WIDTH, HEIGHT) + compress(picture(1, 20, 24)[:, :, 2].tobytes())
    seen(turned, picture(1, 20, 24)[:, :, 2], None)


def test_an_array_file_behind_eight_bytes_has_no_label() -> None:
    square = picture(1, 16, 16)
    for before in (struct.pack("<q", 5), struct.pack("<q", len(npy(square)))):
        seen(before + npy(square), square, None)


def test_a_number_before_pixels_is_a_guess() -> None:
    square = picture(1, 16, 16)
    seen(bytes([4]) + square.tobytes(), square, None, guess=4)
    seen(struct.pack("<I", 4) + PNG, IMAGE, None, guess=4)
    seen(struct.pack("<I", len(PNG)) + PNG, IMAGE, None)
    seen(struct.pack("<I", len(PNG)) + PNG + struct.pack("<I", 4) + b"word", IMAGE, None)
    seen(b"\xde\xad\xbe\xef" + PNG, IMAGE, None)


def test_what_inflates_to_itself_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed data inside compressed data, without an end in sight, are bytes some levels down."""
    value = OBJECT
    for _ in range(3):
        value = gzip.compress(value)
    seen(value, IMAGE, "c1")
    inflated = []
    monkeypatch.setattr(
        "core.inspect.contents.compressed.inflated", lambda value: inflated.append(1) or (value, "gzip")
    )
    assert content_of(b"\x1f\x8b\x08" + bytes(40)).pixels is None
    assert len(inflated) < 40


# ---------------------------------------------------------------- messages


def varint(number: int) -> bytes:
    made = b""
    while number > 127:
        made, number = made + bytes([number & 127 | 128]), number >> 7
    return made + bytes([number])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    made = b""
    for number, value in fields:
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            made += varint(number << 3 | 2) + varint(len(value)) + value
    return made


@pytest.mark.parametrize(
    ("value", "guess"),
    [
        (message((1, b"n00017"), (2, PNG), (3, WIDTH), (4, HEIGHT), (5, b"dog")), "dog"),
        (message((1, PNG), (2, 9)), 9),
        (message((2, 9), (7, PNG), (8, b"a/b/1.png")), 9),
        (message((1, PNG), (2, 9), (3, 8)), None),
        (message((1, PNG), (2, b"cat"), (3, b"indoor")), None),
        (message((1, PNG)), None),
        (message((1, message((1, PNG), (2, HEIGHT), (3, WIDTH))), (2, b"cat")), "cat"),
        (message((1, HEIGHT), (2, WIDTH), (3, 3), (4, 6), (9, IMAGE.tobytes())), 6),
    ],
)
def test_messages_of_any_schema(value: bytes, guess: Any) -> None:
    content = seen(value, IMAGE, None, guess)
    assert ("nothing says so" in (content.text or "")) == (guess is not None)


def test_bytes_that_only_parse_as_a_message() -> None:
    assert content_of(message((1, b"some text that is long enough"), (2, 5))).kind != "messages"


# ---------------------------------------------------------------- what cannot be opened, and mere data


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(80), "JPEG XL"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(80), "HEIC"),
        (b"\x76\x2f\x31\x01\x02\x00\x00\x00" + bytes(80), "OpenEXR"),
        (b"8BPS\x00\x01" + bytes(80), "Photoshop"),
        (bytes(128) + b"DICM" + bytes(80), "DICOM"),
    ],
)
def test_image_files_that_cannot_be_opened_are_named(value: bytes, name: str) -> None:
    content = content_of(value)
    assert content.is_image
    assert content.pixels is None
    assert name in (content.problem or "")


@pytest.mark.parametrize(
    "value",
    [
        safetensors({"image": IMAGE, "label": np.array([7])}),
        saved((PLANES, 4)),
        saved((PLANES, 4), _use_new_zipfile_serialization=False),
        packed({"image": PNG, "label": packed([1])}),
        message((1, HEIGHT), (2, WIDTH), (3, 3), (9, IMAGE.tobytes())),
        npy(IMAGE),
        packed({"image": IMAGE}),
        lz4.block.compress(OBJECT),
        base64.b64encode(PNG),
    ],
    ids=["safetensors", "torch", "torch of old", "msgpack", "message", "npy", "msgpack array", "lz4", "base64"],
)
def test_mangled_values_are_told_and_raise_nothing(value: bytes) -> None:
    random = np.random.default_rng(5)
    for _ in range(120):
        mangled = bytearray(value)
        for place in random.integers(0, min(len(value), random.choice([40, 400])), random.integers(1, 6)).tolist():
            mangled[place : place + int(random.integers(0, 3))] = random.bytes(int(random.integers(0, 3)))
        content = content_of(bytes(mangled))
        assert content.pixels is None or content.pixels.dtype == np.uint8


def test_a_type_that_is_none_is_told() -> None:
    """NumPy parses types as Python, and says so with a SyntaxError."""
    for code in (b"<(1", b"i4,", b"O", b"3f(", b"xyz"):
        told = packed({b"nd": True, b"type": code, b"kind": b"", b"shape": [4], b"data": b"1234"})
        assert content_of(b"\x92" + told + b"\x01").problem is not None


@pytest.mark.parametrize("shape", [(196, 512), (13, 300), (40, 40), (4, 4)])
def test_tables_of_numbers_are_no_pictures(shape: tuple[int, ...]) -> None:
    """Features, tracks, poses: under no name, and under one that says nothing of images."""
    table = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    for value in (
        npy(table),
        pickle.dumps(table),
        pickle.dumps({"feature": table, "label": 2}),
        safetensors({"x": table}),
    ):
        content = content_of(value)
        assert content.pixels is None
        assert not content.is_image
    seen(pickle.dumps({"image": table}), table, None)
    depth = np.add.outer(np.arange(60.0), np.arange(50.0)) ** 1.5
    seen(npy(depth), depth, None)


def test_numbers_and_text_side_by_side() -> None:
    assert seen(pickle.dumps((1000002, 5000, "a caption")), None, "a caption").text == '[1000002, 5000, "a caption"]'
    assert content_of(pickle.dumps((1, 2, 3))).label is None

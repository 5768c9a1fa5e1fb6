"""HDF5 files as other tools and people make them, each with the truth: keys, labels and pixels."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

SAMPLES = 12


def pictures(count: int = SAMPLES, height: int = 24, width: int = 32, seed: int = 0) -> np.ndarray:
    """Smooth pictures with something upright in them, uint8 (n, height, width, 3); no two alike."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    found = np.empty((count, height, width, 3), np.uint8)
    for image in found:
        for channel in range(3):
            slope = draw.uniform(-3, 3, 2)
            image[:, :, channel] = np.clip(128 + slope[0] * (rows - 8) + slope[1] * (columns - 9), 0, 255)
        image[2:6, 3:9] = draw.integers(0, 256, 3)
    return found


IMAGES = pictures()
LABELS = np.random.default_rng(1).integers(0, 5, SAMPLES)
NAMES = ["cat", "dog", "owl", "fox", "bee"]
GREY = IMAGES[:, :, :, 0]


@dataclass(frozen=True)
class Truth:
    """What inspecting must find."""

    schema: str
    keys: Sequence[str]
    pixels: Sequence[np.ndarray]
    labels: Sequence[Any] | None = None
    classes: Sequence[str] | None = None
    tolerance: int = 0


def of(name: str, count: int = SAMPLES) -> list[str]:
    return [f"{name}[{place}]" for place in range(count)]


def grey(images: np.ndarray) -> np.ndarray:
    """As RGB."""
    return np.repeat(images[..., None], 3, axis=-1)


def encoded(image: np.ndarray, kind: str = "png") -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind)
    return file.getvalue()


PNGS = [encoded(image) for image in IMAGES]

ARRAYS: dict[str, tuple[Callable[[h5py.File], Any], Truth]] = {}
"""Name: (what fills the file, the truth)."""


def layout(name: str, truth: Truth) -> Callable[[Callable[[h5py.File], Any]], Callable[[h5py.File], Any]]:
    def keep(fill: Callable[[h5py.File], Any]) -> Callable[[h5py.File], Any]:
        ARRAYS[name] = (fill, truth)
        return fill

    return keep


def named(images: str, labels: str) -> None:
    def fill(file: h5py.File) -> None:
        file[images], file[labels], file["weights"] = IMAGES, LABELS, np.arange(SAMPLES) * 7

    ARRAYS[f"{images} and {labels}"] = (fill, Truth("hdf5-arrays", of(images), IMAGES, LABELS.tolist()))


for pair in (
    ("images", "labels"), ("image", "label"), ("imgs", "targets"), ("img", "target"), ("x", "y"), ("X", "Y"),
    ("data", "label"), ("features", "targets"), ("x_train", "y_train"), ("X_train", "Y_train"), ("inputs", "outputs"),
    ("images", "ans"), ("train/images", "train/labels"), ("a/b/pictures", "a/b/classes"), ("trainX", "trainY"),
    ("some_thing", "category"),
):  # fmt: skip
    named(*pair)


@layout("deep-learning course", Truth("hdf5-arrays", of("train_set_x"), IMAGES, LABELS.tolist(), NAMES))
def _course(file: h5py.File) -> None:
    file["list_classes"] = np.array([name.encode() for name in NAMES], "S7")
    file["train_set_x"], file["train_set_y"] = IMAGES, LABELS


@layout("NCHW", Truth("hdf5-arrays", of("images"), IMAGES, LABELS.tolist()))
def _nchw(file: h5py.File) -> None:
    file["images"], file["labels"] = IMAGES.transpose(0, 3, 1, 2), LABELS


@layout("HWCN", Truth("hdf5-arrays", of("X"), IMAGES, LABELS.tolist()))
def _hwcn(file: h5py.File) -> None:
    file["X"], file["y"] = IMAGES.transpose(1, 2, 3, 0), LABELS[:, None]


@layout("CHWN", Truth("hdf5-arrays", of("images"), IMAGES))
def _chwn(file: h5py.File) -> None:
    file["images"] = IMAGES.transpose(3, 1, 2, 0)


@layout("grey NHW", Truth("hdf5-arrays", of("images"), grey(GREY), LABELS.tolist()))
def _grey(file: h5py.File) -> None:
    file["images"], file["labels"] = GREY, LABELS


@layout("grey NHW1 and N1HW", Truth("hdf5-arrays", [*of("test/x"), *of("train/x")], grey(np.concatenate([GREY, GREY])),
                                     [*LABELS.tolist()] * 2))  # fmt: skip
def _grey_axes(file: h5py.File) -> None:
    file["train/x"], file["train/y"] = GREY[..., None], LABELS
    file["test/x"], file["test/y"] = GREY[:, None], LABELS


@layout("one-hot", Truth("hdf5-arrays", of("x"), IMAGES, LABELS.tolist(), NAMES))
def _one_hot(file: h5py.File) -> None:
    file["x"], file["y"] = IMAGES, np.eye(5, dtype=np.float32)[LABELS]
    file["y"].attrs["classes"] = NAMES


@layout("text labels", Truth("hdf5-arrays", of("images"), IMAGES, [NAMES[label] for label in LABELS]))
def _text_labels(file: h5py.File) -> None:
    file["images"] = IMAGES
    file["labels"] = [NAMES[label] for label in LABELS]


@layout("enumeration", Truth("hdf5-arrays", of("images"), IMAGES, LABELS.tolist(), NAMES))
def _enumeration(file: h5py.File) -> None:
    file["images"] = IMAGES
    kind = h5py.enum_dtype({name: number for number, name in enumerate(NAMES)}, "u1")
    file.create_dataset("kind", data=LABELS, dtype=kind)


@layout("class names in JSON", Truth("hdf5-arrays", of("images"), IMAGES, LABELS.tolist(), NAMES))
def _json_names(file: h5py.File) -> None:
    file["images"], file["labels"] = IMAGES, LABELS
    file.attrs["class_to_idx"] = '{"cat": 0, "dog": 1, "owl": 2, "fox": 3, "bee": 4}'


@layout("floats 0 to 1", Truth("hdf5-arrays", of("images"), IMAGES, tolerance=0))
def _unit(file: h5py.File) -> None:
    file["images"] = IMAGES.astype(np.float32) / 255


@layout("half floats", Truth("hdf5-arrays", of("images"), IMAGES, tolerance=1))
def _half(file: h5py.File) -> None:
    file["images"] = (IMAGES / 255).astype(np.float16)


@layout("floats -1 to 1", Truth("hdf5-arrays", of("images"), IMAGES, tolerance=1))
def _signed(file: h5py.File) -> None:
    file["images"] = IMAGES / 127.5 - 1


@layout("floats 0 to 255", Truth("hdf5-arrays", of("images"), IMAGES))
def _wide(file: h5py.File) -> None:
    file["images"] = IMAGES.astype(np.float64)


@layout("16 bits, big-endian", Truth("hdf5-arrays", of("images"), IMAGES))
def _sixteen(file: h5py.File) -> None:
    file["images"] = (IMAGES.astype(np.uint16) * 257).astype(">u2")


@layout("masks", Truth("hdf5-arrays", of("masks"), grey(np.where(GREY > 128, 255, 0).astype(np.uint8))))
def _masks(file: h5py.File) -> None:
    file["masks"] = GREY > 128


@layout("variable length", Truth("hdf5-encoded", of("images"), IMAGES, LABELS.tolist()))
def _vlen(file: h5py.File) -> None:
    rows = file.create_dataset("images", (SAMPLES,), h5py.vlen_dtype(np.uint8))
    for place, data in enumerate(PNGS):
        rows[place] = np.frombuffer(data, np.uint8)
    file["labels"] = LABELS


@layout("opaque of one length", Truth("hdf5-encoded", of("data"), IMAGES, LABELS.tolist()))
def _opaque(file: h5py.File) -> None:
    longest = max(map(len, PNGS))
    file["data"] = np.array([np.void(data.ljust(longest, b"\0")) for data in PNGS])
    file["label"] = LABELS


@layout("strings of bytes", Truth("hdf5-encoded", of("jpgs/image"), IMAGES))
def _strings(file: h5py.File) -> None:
    file["jpgs/image"] = np.array(PNGS, "S")


@layout("padded rows", Truth("hdf5-encoded", of("images"), IMAGES, LABELS.tolist()))
def _padded(file: h5py.File) -> None:
    longest = max(map(len, PNGS))
    file["images"] = np.stack([np.frombuffer(data.ljust(longest, b"\0"), np.uint8) for data in PNGS])
    file["labels"] = LABELS


@layout("base64", Truth("hdf5-encoded", of("images"), IMAGES))
def _base64(file: h5py.File) -> None:
    import base64

    file["images"] = [base64.b64encode(data).decode() for data in PNGS]


def _ends() -> np.ndarray:
    return np.cumsum([len(data) for data in PNGS])


def _packed(name: str, bytes_name: str, tables: dict[str, Any]) -> None:
    def fill(file: h5py.File) -> None:
        file[bytes_name] = np.frombuffer(b"".join(PNGS), np.uint8)
        for table, values in tables.items():
            file[table] = values
        file["labels"] = LABELS

    ARRAYS[f"packed: {name}"] = (fill, Truth("hdf5-packed", of(bytes_name), IMAGES, LABELS.tolist()))


_SIZES = np.array([len(data) for data in PNGS])
_packed("bytes, offsets of n + 1", "bytes", {"offsets": np.r_[0, _ends()]})
_packed("data, indptr", "data", {"indptr": np.r_[0, _ends()].astype(np.uint64)})
_packed("blob, lengths", "blob", {"lengths": _SIZES.astype(np.int32)})
_packed("buffer, starts of n", "buffer", {"starts": _ends() - _SIZES})
_packed("buffer, ends", "buffer", {"index": _ends()})
_packed("buffer, starts and sizes", "buffer", {"offset": _ends() - _SIZES, "size": _SIZES})
_packed("buffer, pairs", "buffer", {"positions": np.stack([_ends() - _SIZES, _ends()], 1)})


@layout("a dataset an image", Truth("hdf5-groups", [f"images/{place}" for place in range(SAMPLES)], IMAGES,
                                     LABELS.tolist()))  # fmt: skip
def _datasets(file: h5py.File) -> None:
    for place, image in enumerate(IMAGES):
        file[f"images/{place}"] = image
        file[f"images/{place}"].attrs["label"] = LABELS[place]


@layout("a dataset an image, encoded, labels beside", Truth("hdf5-groups", [f"img{place}" for place in range(SAMPLES)],
                                                            IMAGES, LABELS.tolist()))  # fmt: skip
def _datasets_encoded(file: h5py.File) -> None:
    for place, data in enumerate(PNGS):
        file[f"img{place}"] = np.frombuffer(data, np.uint8) if place % 2 else np.void(data)
    file["labels"] = LABELS


_BY_CLASS = np.argsort(LABELS, kind="stable")
_RUNNING = [int(np.sum(LABELS[:place] == LABELS[place])) for place in range(SAMPLES)]


@layout(
    "a group a class",
    Truth(
        "hdf5-groups",
        sorted(f"{NAMES[LABELS[place]]}/{_RUNNING[place]:04}" for place in range(SAMPLES)),
        [IMAGES[place] for place in sorted(_BY_CLASS, key=lambda i: (NAMES[LABELS[i]], _RUNNING[i]))],
        [NAMES[LABELS[place]] for place in sorted(_BY_CLASS, key=lambda i: (NAMES[LABELS[i]], _RUNNING[i]))],
    ),
)
def _classes(file: h5py.File) -> None:
    for place, image in enumerate(IMAGES):
        file[f"{NAMES[LABELS[place]]}/{_RUNNING[place]:04}"] = image


@layout("a group a sample", Truth("hdf5-groups", [f"{place}" for place in range(SAMPLES)], IMAGES, LABELS.tolist()))
def _samples(file: h5py.File) -> None:
    for place, image in enumerate(IMAGES):
        file[f"{place}/image"], file[f"{place}/label"] = image, LABELS[place]
        file[f"{place}/mask"] = image[:, :, 0] > 9


@layout("a group a sample, label in an attribute", Truth("hdf5-groups", [f"s/{place}" for place in range(SAMPLES)],
                                                         IMAGES, [NAMES[label] for label in LABELS]))  # fmt: skip
def _samples_attribute(file: h5py.File) -> None:
    for place, data in enumerate(PNGS):
        file[f"s/{place}/jpg"] = np.void(data)
        file[f"s/{place}"].attrs["class"] = NAMES[LABELS[place]]


@layout("a group of images and one of labels", Truth("hdf5-groups", [f"images/im_{place}" for place in range(SAMPLES)],
                                                     IMAGES, LABELS.tolist()))  # fmt: skip
def _twins(file: h5py.File) -> None:
    for place, image in enumerate(IMAGES):
        file[f"images/im_{place}"], file[f"labels/im_{place}"] = image, LABELS[place]


@layout("compound", Truth("hdf5-compound", of("table"), IMAGES, LABELS.tolist()))
def _compound(file: h5py.File) -> None:
    rows = np.zeros(SAMPLES, [("id", "i4"), ("image", "u1", (24, 32, 3)), ("label", "i8")])
    rows["id"], rows["image"], rows["label"] = range(SAMPLES), IMAGES, LABELS
    file["table"] = rows


@layout("compound of image files", Truth("hdf5-compound", of("table"), IMAGES, [NAMES[label] for label in LABELS]))
def _compound_encoded(file: h5py.File) -> None:
    kind = np.dtype([("jpeg", h5py.vlen_dtype(np.uint8)), ("class", "S8")])
    rows = file.create_dataset("table", (SAMPLES,), kind)
    for place, data in enumerate(PNGS):
        rows[place] = (np.frombuffer(data, np.uint8), NAMES[LABELS[place]].encode())


@layout("references", Truth("hdf5-references", of("images"), IMAGES, LABELS.tolist()))
def _references(file: h5py.File) -> None:
    table = file.create_dataset("images", (SAMPLES,), h5py.ref_dtype)
    for place, image in enumerate(IMAGES):
        table[place] = file.create_dataset(f"store/{place}", data=image).ref
    file["labels"] = LABELS


@layout("regions", Truth("hdf5-references", of("patches", 2), [IMAGES[0][2:14, 5:21], IMAGES[0][10:24, 0:32]]))
def _regions(file: h5py.File) -> None:
    scene = file.create_dataset("scene", data=IMAGES[0])
    table = file.create_dataset("patches", (2,), h5py.regionref_dtype)
    table[0], table[1] = scene.regionref[2:14, 5:21], scene.regionref[10:24, 0:32]


SQUARE = pictures(40, 28, 28, 3)


@layout("rows of pixels", Truth("hdf5-flat", of("data", 40), grey(SQUARE[:, :, :, 0])))
def _flat(file: h5py.File) -> None:
    file["data"] = SQUARE[:, :, :, 0].reshape(40, -1).astype(np.float32) / 255


@layout("rows of planes", Truth("hdf5-flat", of("data", 40), SQUARE))
def _planes(file: h5py.File) -> None:
    file["data"] = SQUARE.transpose(0, 3, 1, 2).reshape(40, -1)


@layout("one image", Truth("hdf5-groups", ["picture"], IMAGES[:1]))
def _one(file: h5py.File) -> None:
    file["picture"] = IMAGES[0]


@layout("one image in planes", Truth("hdf5-groups", ["picture"], IMAGES[:1]))
def _one_planar(file: h5py.File) -> None:
    file["picture"] = IMAGES[0].transpose(2, 0, 1)


@layout("frames", Truth("hdf5-arrays", [f"videos[{i}, {j}]" for i in range(3) for j in range(4)], IMAGES))
def _frames(file: h5py.File) -> None:
    file["videos"] = IMAGES.reshape(3, 4, 24, 32, 3)


@layout("sizes of one image", Truth("hdf5-arrays", of("data32x32"), SQUARE[:12, :, :]))
def _sizes(file: h5py.File) -> None:
    file["data32x32"] = SQUARE[:12].transpose(0, 3, 1, 2)
    for step in (2, 7, 14):
        file[f"data{28 // step}x{28 // step}"] = SQUARE[:12, ::step, ::step].transpose(0, 3, 1, 2)


# ---------------------------------------------------------------- the HDF5 Image specification


def _image(file: h5py.File, name: str, values: np.ndarray, **attributes: Any) -> h5py.Dataset:
    dataset = file.create_dataset(name, data=values)
    for key, value in {"CLASS": np.bytes_("IMAGE"), "IMAGE_VERSION": np.bytes_("1.2"), **attributes}.items():
        dataset.attrs[key] = value
    return dataset


PALETTE = np.random.default_rng(4).integers(0, 256, (256, 3), np.uint8)


@layout("palette", Truth("hdf5-groups", ["indexed"], [PALETTE[GREY[0]]]))
def _palette(file: h5py.File) -> None:
    palette = file.create_dataset("palette", data=PALETTE)
    palette.attrs["CLASS"], palette.attrs["PAL_VERSION"] = np.bytes_("PALETTE"), np.bytes_("1.2")
    indexed = _image(file, "indexed", GREY[0], IMAGE_SUBCLASS=np.bytes_("IMAGE_INDEXED"))
    indexed.attrs.create("PALETTE", palette.ref, (1,), h5py.ref_dtype)


@layout("interlace", Truth("hdf5-groups", ["line", "plane", "white"], [IMAGES[0], IMAGES[1], grey(255 - GREY[2])]))
def _interlace(file: h5py.File) -> None:
    colour = {"IMAGE_SUBCLASS": np.bytes_("IMAGE_TRUECOLOR")}
    _image(file, "line", IMAGES[0].transpose(0, 2, 1), INTERLACE_MODE=np.bytes_("INTERLACE_LINE"), **colour)
    _image(file, "plane", IMAGES[1].transpose(2, 0, 1), INTERLACE_MODE=np.bytes_("INTERLACE_PLANE"), **colour)
    _image(file, "white", GREY[2], IMAGE_WHITE_IS_ZERO=np.uint8(1), IMAGE_SUBCLASS=np.bytes_("IMAGE_GRAYSCALE"))


# ---------------------------------------------------------------- MATLAB


def matlab(path: Path, fill: Callable[[h5py.File], None]) -> Path:
    """A file as MATLAB's `save -v7.3` writes it: a user block of 512 bytes, axes reversed, MATLAB_class."""
    with h5py.File(path, "w", userblock_size=512) as file:
        fill(file)
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024 HDF5 schema 1.00 ."
    with path.open("r+b") as file:
        file.write(text.ljust(124) + b"\x00\x02IM")
    return path


def keep(file: Any, name: str, values: Any, kind: str | None = None) -> h5py.Dataset:
    """A MATLAB array: `values` in MATLAB's order of axes, kept with all of them reversed."""
    values = np.atleast_2d(values)
    dataset = file.create_dataset(name, data=values.T)
    dataset.attrs["MATLAB_class"] = np.bytes_(
        kind or {"f8": "double", "f4": "single"}.get(values.dtype.str[1:], values.dtype.name)
    )
    return dataset


def keep_text(file: Any, name: str, text: str) -> h5py.Dataset:
    return keep(file, name, np.array([[ord(letter) for letter in text]], np.uint16), "char")


def keep_cells(file: Any, name: str, items: Sequence[h5py.Dataset]) -> h5py.Dataset:
    cells = np.array([[item.ref for item in items]], dtype=object)
    dataset = file.create_dataset(name, cells.T.shape, h5py.ref_dtype, data=cells.T)
    dataset.attrs["MATLAB_class"] = np.bytes_("cell")
    return dataset

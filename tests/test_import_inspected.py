"""Imports of what the Inspector reads: pixels, labels, splits and fields are those that were put into the files."""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hdf5_fixtures import ARRAYS, IMAGES, NAMES, PNGS
from in_process_reader import reader_in_process
from lmdb_fixtures import COUNT, LABELS, PICTURES, encoded, write, write_databases
from test_inspect_tar import tar
from tfrecord_fixtures import example
from tfrecord_fixtures import write as write_records

from benchmarks import mangled_arrays, mangled_containers
from core.__main__ import main
from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.images import pixels
from core.importing.recognise import recognise
from core.importing.record_labels import RecordLabels
from core.importing.record_places import RecordPlaces
from core.importing.task import Import
from core.inspect.export import RecordExport

__all__ = ["reader_in_process"]

in_process = pytest.mark.usefixtures("reader_in_process")


def imported(
    path: Path, tmp_path: Path, limit: int | None = None, reference: bool = False, **options: Any
) -> tuple[Dataset, dict[str, Any]]:
    home, name = tmp_path / "home", f"d{len(list((tmp_path / 'home').glob('data/raw/*')))}"
    told = finish(Import(str(path), name, limit, options, str(home), reference=reference).run())
    return Dataset.open(Home.find(home), name), dict(told)


def samples(dataset: Dataset) -> dict[str, dict[str, tuple[np.ndarray, str]]]:
    """split -> name without ending -> (pixels, class)."""
    return {
        split: {
            Path(row.path).stem: (pixels.decode(dataset.read(row), dataset.values), dataset.classes[row.label])
            for row in dataset.rows(split)
        }
        for split in dataset.splits
    }


def alike(found: np.ndarray, truth: np.ndarray, exact: bool) -> bool:
    if exact:
        return np.array_equal(found, truth)
    return bool(np.corrcoef(found.reshape(-1).astype(float), truth.reshape(-1).astype(float))[0, 1] > 0.99)


def h5(path: Path, **arrays: Any) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name.replace("__", "/")] = values
    return path


# ---------------------------------------------------------------- every layout


def some_of_each() -> list[str]:
    """Layouts of HDF5: two of each schema. What is taken out of the others is held to the truth where they are read."""
    of_schema: dict[str, list[str]] = {}
    for name, (_, truth) in ARRAYS.items():
        of_schema.setdefault(truth.schema, []).append(name)
    return [name for names in of_schema.values() for name in (names[0], names[-1])[: len(names)]]


@in_process
@pytest.mark.parametrize("layout", some_of_each())
def test_layouts_of_hdf5(layout: str, tmp_path: Path) -> None:
    fill, truth = ARRAYS[layout]
    with h5py.File(tmp_path / "made.h5", "w") as file:
        fill(file)
    dataset, told = imported(tmp_path / "made.h5", tmp_path)
    assert told["skipped"] == []
    found = {name: one for split in samples(dataset).values() for name, one in split.items()}
    assert len(found) == len(truth.keys)
    named = dict(zip((key.replace("/", "-") for key in truth.keys), range(len(truth.keys)), strict=True))
    for name, (image, label) in found.items():
        place = named[name if name in named else name.rpartition("~")[0].replace("_", " ")]
        assert alike(image, truth.pixels[place], exact=not truth.tolerance), name
        if truth.labels is not None and not isinstance(truth.labels[place], str):
            names = truth.classes or dict.fromkeys(range(100))
            assert label == (names[truth.labels[place]] if truth.classes else str(truth.labels[place]))


LAYOUTS: Mapping[str, Callable[[int], bytes]] = {
    "pickled-dicts": lambda n: pickle.dumps({"image": PICTURES[n], "label": int(LABELS[n])}),
    "pairs in pickles": lambda n: pickle.dumps((encoded(PICTURES[n]), int(LABELS[n]))),
    "json": lambda n: json.dumps({"image": PICTURES[n].tolist(), "label": int(LABELS[n])}).encode(),
}


@in_process
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_lmdb(layout: str, tmp_path: Path) -> None:
    path = write(tmp_path / "made", {b"%03d" % n: LAYOUTS[layout](n) for n in range(COUNT)})
    dataset, told = imported(path, tmp_path)
    assert (told["skipped"], told["fields"]) == ([], [])
    found = {name: one for split in samples(dataset).values() for name, one in split.items()}
    assert len(found) == COUNT
    for n in range(COUNT):
        assert np.array_equal(found[f"{n:03d}"][0], PICTURES[n])
        assert found[f"{n:03d}"][1] == str(LABELS[n])


OF_KINDS: Mapping[str, Callable[[int], str]] = {
    **dict.fromkeys(
        ("safetensors_of_images", "pickle_of_samples", "cifar_batch", "cifar_rows", "npy_of_structures", "npz_stored",
         "zarr_2_in_blosc", "tar_of_long_names", "tar_behind_gzip", "recordio_of_images", "mds_folder",
         "litdata_folder", "beton_of_pixels"),
        str,
    ),
    "idx_of_images": lambda _: "images",
    "mat5_compressed": lambda label: str((label + 1) % 10),  # SVHN has the digit 0 as 10
    "mat5_of_structures": lambda label: f"class {label}",
    "tfrecord_behind_gzip": lambda label: str(label + 1),
    "parquet_compressed": lambda label: "abcdefghij"[label],
    "arrow_stream": lambda label: "abcdefghij"[label],
}  # fmt: skip
"""Layout -> the class of a label."""

NEEDED = {"parquet": "pyarrow", "arrow": "pyarrow", "zarr": "zarr", "tfrecord": "google_crc32c", "mat5": "scipy"}


def made(layout: str, path: Path) -> tuple[Path, list[np.ndarray], list[int]]:
    """A file of this layout, its images and labels."""
    for module in (mangled_arrays, mangled_containers):
        for kind, makers in module.LAYOUTS.items():
            if layout in makers and (module is mangled_containers or layout in OF_KINDS):
                if kind in NEEDED:
                    pytest.importorskip(NEEDED[kind], reason="what such a file is made with is not installed")
                if module is mangled_containers:
                    samples = list(mangled_containers._samples())
                    return makers[layout](path), [one for _, one, _ in samples], [label for *_, label in samples]
                images = mangled_arrays._images(16 if kind == "pickle" else 32)
                images = np.repeat(images[:, :, :, :1], 3, axis=3) if kind == "idx" else images
                return makers[layout](path), list(images), mangled_arrays.LABELS.tolist()
    raise KeyError(layout)


@in_process
@pytest.mark.parametrize("layout", OF_KINDS)
def test_files_of_every_kind(layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By reference to records, so that each image is known by its number."""
    monkeypatch.setattr(RecordPlaces, "find", lambda *_: iter(()))
    path, images, labels = made(layout, tmp_path / "whole")
    dataset, told = imported(path, tmp_path, reference=True)
    assert told["skipped"] == []
    seen = 0
    for split in dataset.splits:
        for row in dataset.rows(split):
            assert row.place is not None
            number = row.place.record % len(images)
            assert np.array_equal(pixels.decode(dataset.read(row), dataset.values), images[number])
            assert dataset.classes[row.label] == OF_KINDS[layout](labels[number])
            seen += 1
    assert seen == sum(dataset.splits.values()) >= len(images)


# ---------------------------------------------------------------- splits


@in_process
def test_splits_of_datasets_and_names_of_classes(tmp_path: Path) -> None:
    path = h5(
        tmp_path / "made.h5", train_images=IMAGES[:7], train_labels=np.arange(7) % 3, test_images=IMAGES[7:],
        test_labels=np.arange(5) % 3, list_classes=np.array([name.encode() for name in NAMES[:4]]),
    )  # fmt: skip
    dataset, told = imported(path, tmp_path)
    assert (dataset.splits, dataset.classes) == ({"train": 7, "val": 5}, NAMES[:4])
    assert any("test images serve as val" in note for note in told["warnings"])
    image, label = samples(dataset)["val"]["test_images[4]"]
    assert np.array_equal(image, IMAGES[11])
    assert label == NAMES[1]


@in_process
def test_databases_called_like_splits(tmp_path: Path) -> None:
    databases = {
        b"train": {b"%d" % n: encoded(PICTURES[n]) for n in range(5)},
        b"val": {b"%d" % n: encoded(PICTURES[n]) for n in range(5, 8)},
        b"notes": {b"a": b"some text"},
    }
    path = write_databases(tmp_path / "made", databases)
    dataset, told = imported(path, tmp_path)
    assert dataset.splits == {"train": 5, "val": 3}
    assert told["unused"] == [{"path": "made/notes", "reason": "another database of the file"}]
    assert imported(path, tmp_path, schema="sub:val", val_fraction=0)[0].splits == {"val": 3}


@in_process
def test_files_of_a_folder_called_like_splits(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for name, images in (("cats_train.h5", IMAGES[:5]), ("cats_test.h5", IMAGES[5:8]), ("extra.txt", None)):
        if images is None:
            (tmp_path / "set" / name).write_text("words")
        else:
            h5(tmp_path / "set" / name, images=images, labels=np.arange(len(images)) % 2)
    dataset, _ = imported(tmp_path / "set", tmp_path)
    assert dataset.splits == {"train": 5, "val": 3}
    assert np.array_equal(samples(dataset)["val"]["cats_test-images[1]"][0], IMAGES[6])


@in_process
def test_shards_and_keys_called_like_splits(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for number, name in enumerate(("train-000.tar", "train-001.tar", "val-000.tar")):
        tar(tmp_path / "set" / name, [("a.png", PNGS[number]), ("a.cls", b"1"), ("a.txt", b"words")])
    dataset, _ = imported(tmp_path / "set", tmp_path)
    assert dataset.splits == {"train": 2, "val": 1}
    assert imported(tmp_path / "set/train-*.tar", tmp_path, val_fraction=0)[0].splits == {"train": 2}
    keys = {f"{split}/cat{n % 2}/{n}.png": encoded(PICTURES[n]) for n in range(8) for split in ("train", "valid")}
    path = write(tmp_path / "paths", {key.encode(): value for key, value in keys.items()})
    dataset, _ = imported(path, tmp_path)
    assert (dataset.splits, dataset.classes) == ({"train": 8, "val": 8}, ["cat0", "cat1"])


@in_process
def test_one_file_alone_is_train_and_a_part_is_drawn(tmp_path: Path) -> None:
    path = h5(tmp_path / "made.h5", images=IMAGES, labels=np.arange(12) % 2)
    first = samples(imported(path, tmp_path)[0])
    assert {split: len(names) for split, names in first.items()} == {"train": 10, "val": 2}
    assert samples(imported(path, tmp_path)[0])["val"].keys() == first["val"].keys()
    assert samples(imported(path, tmp_path, seed=5)[0])["val"].keys() != first["val"].keys()
    assert imported(path, tmp_path, val_fraction=0.5)[0].splits == {"train": 6, "val": 6}
    assert imported(path, tmp_path, split="test")[0].splits == {"test": 12}
    assert imported(path, tmp_path, limit=5)[0].splits == {"train": 4, "val": 1}


# ---------------------------------------------------------------- labels and fields


@in_process
def test_a_regression_target_is_a_field(tmp_path: Path) -> None:
    items = {b"%02d" % n: pickle.dumps({"image": PICTURES[n], "label": n / 4}) for n in range(8)}
    dataset, told = imported(write(tmp_path / "made", items), tmp_path, val_fraction=0)
    assert dataset.classes == ["images"]
    assert [one["label"] for one in dataset.field_values("train")] == [n / 4 for n in range(8)]
    assert any("no classes" in note for note in told["warnings"])


@in_process
def test_records_of_several_images_and_fields(tmp_path: Path) -> None:
    mask = encoded(PICTURES[0], mode="L")
    members = []
    for n in range(4):
        told = json.dumps({"width": n, "kind": "owl" if n % 2 else "fox"}).encode()
        members += [(f"{n}.jpg", encoded(PICTURES[n], "jpeg")), (f"{n}.mask.png", mask), (f"{n}.json", told)]
        members += [(f"{n}.cls", b"%d" % n), (f"{n}.txt", b"a picture")]
    path = tar(tmp_path / "made.tar", members)
    dataset, told = imported(path, tmp_path, val_fraction=0)
    assert told["fields"] == ["json", "txt", "mask.png"]
    row = next(dataset.rows("train"))
    assert dataset.read(row) == encoded(PICTURES[0], "jpeg")
    values = next(iter(dataset.field_values("train")))
    assert values == {"json": {"width": 0, "kind": "fox"}, "txt": "a picture", "mask.png": mask}
    dataset, _ = imported(path, tmp_path, label="json.kind", image="mask.png", val_fraction=0)
    assert dataset.classes == ["fox", "owl"]
    assert dataset.read(next(dataset.rows("train"))) == mask
    assert [field.name for field in dataset.fields] == ["json", "cls", "txt", "jpg"]
    with pytest.raises(InputError, match="there is no field 'colour'"):
        imported(path, tmp_path, label="colour")


@in_process
def test_fields_of_samples_in_groups_and_of_groups_around(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {}
    for n in range(6):
        arrays |= {
            f"s{n}__image": IMAGES[n],
            f"s{n}__label": n % 2,
            f"s{n}__text": f"number {n}",
            f"s{n}__box": np.ones(4),
        }
    dataset, told = imported(h5(tmp_path / "groups.h5", **arrays), tmp_path, val_fraction=0)
    assert (dataset.splits, told["unused"]) == ({"train": 6}, [])
    assert set(told["fields"]) == {"text", "box"}
    values = list(dataset.field_values("train"))
    assert [one["text"] for one in values] == [f"number {n}" for n in (0, 2, 4, 1, 3, 5)]
    path = h5(tmp_path / "demo.h5", data__obs__cam=IMAGES, data__actions=np.eye(12), data__obs__pos=np.ones((12, 3)))
    dataset, told = imported(path, tmp_path, val_fraction=0)
    assert (set(told["fields"]), told["unused"]) == ({"actions", "pos"}, [])


@in_process
def test_masks_beside_images_are_images_too(tmp_path: Path) -> None:
    masks = IMAGES[:, :, :, 0] > 120
    path = h5(tmp_path / "made.h5", images=IMAGES, masks=masks.astype(np.uint8) * 9, labels=np.arange(12) % 2)
    dataset, told = imported(path, tmp_path, val_fraction=0)
    assert [tuple(field) for field in dataset.fields] == [("masks", "image")]
    values = list(dataset.field_values("train"))
    assert np.array_equal(pixels.decode(values[1]["masks"])[:, :, 0], masks[2] * 9)  # class 0 has the even ones
    mask = encoded(PICTURES[3], mode="L")
    items = {b"image_%02d" % n: encoded(PICTURES[n]) for n in range(6)} | {b"mask_%02d" % n: mask for n in range(6)}
    dataset, told = imported(write(tmp_path / "made", items), tmp_path, val_fraction=0)
    assert (dataset.splits, told["fields"]) == ({"train": 6}, ["mask"])
    assert next(iter(dataset.field_values("train"))) == {"mask": mask}


@in_process
def test_a_container_in_an_archive(tmp_path: Path) -> None:
    (tmp_path / "set/data").mkdir(parents=True)
    h5(tmp_path / "set/data/train.h5", images=IMAGES[:7], labels=np.arange(7) % 2)
    h5(tmp_path / "set/data/valid.h5", images=IMAGES[7:], labels=np.arange(5) % 2)
    packed = shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "set")
    dataset, told = imported(Path(packed), tmp_path)
    assert dataset.splits == {"train": 7, "val": 5}
    assert told["recognised"].startswith("an archive of HDF5")


@in_process
def test_what_is_broken_is_listed(tmp_path: Path) -> None:
    items = {b"%02d" % n: encoded(PICTURES[n]) for n in range(6)}
    items |= {b"02": items[b"02"][:60], b"04": b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(50)}
    dataset, told = imported(write(tmp_path / "made", items), tmp_path, val_fraction=0)
    assert dataset.splits == {"train": 4}
    reasons = {one["path"].rpartition(" ")[2]: one["reason"] for one in told["skipped"]}
    assert reasons.keys() == {"02", "04"}
    assert "JPEG XL" in reasons["04"]


@in_process
def test_datasets_beside_the_images_are_fields_and_the_others_are_named(tmp_path: Path) -> None:
    path = h5(
        tmp_path / "made.h5", images=IMAGES, labels=np.arange(12) % 2, age=np.linspace(0, 1, 12),
        weights=np.ones((3, 3)), box=np.arange(48.0).reshape(12, 4), name=np.array([b"n%d" % n for n in range(12)]),
    )  # fmt: skip
    dataset, told = imported(path, tmp_path, val_fraction=0)
    values = list(dataset.field_values("train"))
    assert (len(values), values[1]["name"], values[1]["age"]) == (12, "n2", pytest.approx(2 / 11))
    assert np.array_equal(values[1]["box"], [8, 9, 10, 11])
    assert told["unused"] == [{"path": "made.h5/weights", "reason": "a dataset of shape (3, 3), float64"}]


@in_process
def test_names_of_the_file_lead_nowhere(tmp_path: Path) -> None:
    """Keys, labels, splits and fields are words of whoever wrote the file."""
    keys = [
        b"../../etc/passwd",
        b"/abs/x.png",
        b"a" * 400,
        b"con",
        b"new\nline",
        b"\xff\xfe\x01",
        b".",
        b"a/b.png",
        b"a-b",
    ]
    told_by = [{"label": "../up"}, {"label": "x" * 5000}, {"label": ""}, {"label": "a/b"}, {"split": "../../train"}]
    items = {
        key: pickle.dumps({"image": PICTURES[n], "../field": "x", **told_by[n % len(told_by)]})
        for n, key in enumerate(keys)
    }
    dataset, told = imported(write(tmp_path / "made", items), tmp_path, labels="classes", split="", val_fraction=0)
    assert sum(dataset.splits.values()) + len(told["skipped"]) == len(keys)
    files = [path for path in dataset.root.rglob("*") if path.is_file()]
    assert len(files) == sum(dataset.splits.values()) + 1
    assert {path.relative_to(dataset.root).parts[0] for path in files} == {"index.sqlite", "train"}
    assert all(len(path.relative_to(dataset.root).parts) in (1, 3) for path in files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "made"]


@in_process
def test_records_without_a_label_are_named(tmp_path: Path) -> None:
    members = [(f"{n}.png", PNGS[n]) for n in range(6)] + [(f"{n}.cls", b"1") for n in range(5)]
    dataset, told = imported(tar(tmp_path / "made.tar", members), tmp_path, val_fraction=0)
    assert dataset.splits == {"train": 5}
    assert told["skipped"] == [{"path": f"{tmp_path}/made.tar 5", "reason": "it has no label"}]
    assert imported(tmp_path / "made.tar", tmp_path, val_fraction=0, labels="field")[0].splits == {"train": 6}


@in_process
@pytest.mark.parametrize(
    ("beside", "classes", "fields"),
    [
        (["ant", "bee", "cat", "bee"], ["ant", "cat", "bee"], []),
        (["ant", "bee", "cat", "wasp"], ["1", "2", "7"], ["image/class/text"]),
        (["ant", "bee", "cat", ""], ["1", "2", "7"], ["image/class/text"]),
        (["insect"] * 4, ["1", "2", "7"], ["image/class/text"]),
    ],
    ids=["names", "two-names-of-one", "one-without", "all-alike"],
)
def test_names_beside_the_numbers_of_labels(
    beside: list[str], classes: list[str], fields: list[str], tmp_path: Path
) -> None:
    records = [
        example(image__encoded=PNGS[n], image__class__label=label, image__class__text=text)
        for n, (label, text) in enumerate(zip([1, 7, 2, 7], beside, strict=True))
    ]
    dataset, told = imported(write_records(tmp_path / "made.tfrecord", records), tmp_path, val_fraction=0)
    assert (dataset.classes, told["fields"]) == (classes, fields)
    assert [dataset.classes[row.label] for row in dataset.rows("train")] == [classes[place] for place in (0, 1, 2, 2)]


@in_process
def test_names_beside_the_numbers_in_a_file_of_facts(tmp_path: Path) -> None:
    members = []
    for n, (label, name) in enumerate([(3, "owl"), (5, "fox"), (3, "owl")]):
        members += [(f"{n}.png", PNGS[n]), (f"{n}.json", json.dumps({"label": label, "label_name": name}).encode())]
    dataset, told = imported(tar(tmp_path / "made.tar", members), tmp_path, val_fraction=0)
    assert (dataset.classes, told["fields"]) == (["owl", "fox"], ["json"])
    assert [row.label for row in dataset.rows("train")] == [0, 0, 1]


@in_process
def test_what_a_cut_file_has_lost_is_said(tmp_path: Path) -> None:
    path = write_records(tmp_path / "made.tfrecord", [example(image__encoded=PNGS[n], label=n % 2) for n in range(4)])
    path.write_bytes(path.read_bytes()[:-10])
    dataset, told = imported(path, tmp_path, val_fraction=0)
    assert dataset.splits == {"train": 3}
    assert any("the file ends inside its last record" in note for note in told["warnings"])


@in_process
def test_what_numbers_without_an_image_are_is_said_in_a_few_words(tmp_path: Path) -> None:
    path = h5(tmp_path / "made.h5", features=np.random.default_rng(0).random((6, 14, 14, 512), np.float32))
    with pytest.raises(InputError, match=r"it holds no image, but float32 of shape .* x 512 "):
        imported(path, tmp_path)


def test_labels_that_are_classes_and_others() -> None:
    def learned(labels: Mapping[Any, int], classes: Any = None, asked: str = "auto") -> RecordLabels:
        made = RecordLabels([classes], asked, False)
        made.learn((0, label, count) for label, count in labels.items())
        made.collect((0, label, count) for label, count in labels.items())
        return made

    assert learned({10: 2, 9: 3, None: 1}).names == ["9", "10"]
    assert learned({0: 2, -1: 3}, ["cat", "dog"]).names == ["cat", "dog"]
    assert learned({2: 1}, ["cat", "cat"]).names == ["cat (0)", "cat (1)", "2"]
    assert learned({"cat": 1, "dog": 1}).are_classes
    assert not learned({"0.25": 4, 1: 4}).are_classes
    assert not learned({"[0, 1, 1]": 4}).are_classes
    assert not learned({f"a photo of number {n}": 1 for n in range(9)}).are_classes
    assert not learned({f"word{n}": 1 for n in range(80)}).are_classes
    assert learned({f"word{n}": 1 for n in range(80)}, asked="classes").are_classes
    assert learned({f"n{n}": 1 for n in range(30)}).are_classes


@in_process
def test_what_is_dear_to_reach_is_read_once_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array behind compression, whose classes lie scattered; the same without the limit that makes it dear."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (600, 32, 32, 3), np.uint8), rng.integers(0, 4, 600)
    np.savez_compressed(tmp_path / "made.npz", images=images, labels=labels)
    asked: list[list[int]] = []
    records = RecordExport.records
    monkeypatch.setattr(RecordExport, "records", lambda self, some: (asked.append(list(some)), records(self, some))[1])
    dataset, _ = imported(tmp_path / "made.npz", tmp_path)
    assert sorted(asked[-1]) == asked[-1] == list(range(600))
    for split in dataset.splits:
        for row in dataset.rows(split):
            number = int(row.path.rpartition("[")[2].partition("]")[0])
            assert np.array_equal(pixels.decode(dataset.read(row)), images[number])
            assert dataset.classes[row.label] == str(labels[number])


# ---------------------------------------------------------------- by reference, and what is recognised


def test_by_reference_records_are_read_where_they_lie(tmp_path: Path) -> None:
    """Through a reader process, as a build does: the same pixels, also those by the dataset's range."""
    path = h5(tmp_path / "made.h5", images=IMAGES[:, :, :, 0].astype(np.uint16) * 16, labels=np.arange(12) % 2)
    dataset, told = imported(path, tmp_path, reference=True, val_fraction=0)
    assert (told["bytes"], dataset.values.integers) == (12 * (24 * 32 * 2 + 128), (0, 4095))
    row = list(dataset.rows("train"))[7]
    assert row.place is not None
    image = pixels.decode(dataset.reader.read_many([row])[0], dataset.values)
    assert alike(image, np.repeat(IMAGES[row.place.record][:, :, :1], 3, axis=2), exact=False)
    assert not list(dataset.root.rglob("*.npy"))
    copied, _ = imported(path, tmp_path, val_fraction=0)
    assert [one.pixel_checksum for one in copied.rows("train")] == [one.pixel_checksum for one in dataset.rows("train")]
    path.rename(tmp_path / "moved.h5")
    with pytest.raises(WorkError, match=r"made\.h5 is not there; say with import --relink"):
        Dataset.open(Home.find(tmp_path / "home"), dataset.name).reader.read_many([row])


@in_process
def test_by_reference_image_files_are_read_from_the_file_itself(tmp_path: Path) -> None:
    """Those that lie bare in it, compared with what the record gave; others by their record."""
    (tmp_path / "set").mkdir()
    for number, name in enumerate(("train-0.tar", "train-1.tar")):
        members = [(f"{n}.png", PNGS[4 * number + n]) for n in range(4)] + [(f"{n}.cls", b"1") for n in range(4)]
        tar(tmp_path / "set" / name, members)
    dataset, _ = imported(tmp_path / "set", tmp_path, reference=True, val_fraction=0)
    rows = list(dataset.rows("train"))
    assert all(row.place is not None and row.place.offset > 0 and row.place.record < 0 for row in rows)
    assert sorted(map(dataset.read, rows)) == sorted(PNGS[:8])
    assert [source.path for source in dataset.sources] == ["set", "set/train-0.tar", "set/train-1.tar"]
    mixed = {
        b"0": encoded(PICTURES[0]),
        b"1": pickle.dumps((PICTURES[1], 1)),
        b"2": gzip.compress(encoded(PICTURES[2])),
    }
    path = write(tmp_path / "made", mixed | {b"3": encoded(PICTURES[3])})
    rows = list(imported(path, tmp_path, reference=True, labels="field", val_fraction=0)[0].rows("train"))
    assert [row.place.offset > 0 for row in rows if row.place] == [True, False, False, True]


def test_what_the_inspector_reads_is_recognised(tmp_path: Path) -> None:
    members = [("cat/1.png", PNGS[0]), ("dog/2.png", PNGS[1])]
    assert recognise(str(tar(tmp_path / "packed.tar", members))) == "archive"
    assert (
        recognise(str(tar(tmp_path / "samples.tar", [*members, ("cat/1.cls", b"1"), ("dog/2.cls", b"0")])))
        == "inspected"
    )
    np.savez(tmp_path / "made.npz", images=IMAGES)
    assert recognise(str(tmp_path / "made.npz")) == "inspected"
    (tmp_path / "mixed/cat").mkdir(parents=True)
    (tmp_path / "mixed/cat/1.png").write_bytes(PNGS[0])
    np.save(tmp_path / "mixed/features.npy", np.zeros((200, 200)))
    assert recognise(str(tmp_path / "mixed")) == "image_folder"
    (tmp_path / "words.dat").write_text("no image")
    with pytest.raises(InputError):
        recognise(str(tmp_path / "words.dat"))


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = {b"%02d" % n: pickle.dumps({"image": PICTURES[n], "label": n % 2, "box": [1.0, 2.0]}) for n in range(6)}
    path = write(tmp_path / "made", items | {b"03": b"broken"}) / "data.mdb"
    status = main(["--home", str(tmp_path / "home"), "import", str(path), "--name", "x", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (status, told["splits"], told["classes"], told["fields"]) == (0, {"train": 3, "val": 2}, ["0", "1"], ["box"])
    assert "pickled" in told["recognised"].lower()
    assert "dictionaries" in told["why"]
    assert [one["path"].rpartition(" ")[2] for one in told["skipped"]] == ["03"]
    assert told["unused"] == []
    assert main(["--home", str(tmp_path / "home"), "import", str(path), "--name", "y", "--option", "label=box"]) == 2

"""NumPy's files in the inspector: arrays and what belongs to them, archives, objects that are never executed."""

from __future__ import annotations

import os
import pickle
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_contract import SHAPE, write

from core.base.errors import InputError
from core.inspect import identify, inspect_file
from core.inspect.opened_file import OpenedFile

IMAGES = (np.indices((12, 10, 9)).sum(axis=0) * 7 % 256).astype(np.uint8)[..., None].repeat(3, axis=3)
"""uint8 (12, 10, 9, 3), smooth."""

LABELS = np.arange(12) % 4


def opened(path: Path) -> OpenedFile:
    """As the reader process has it."""
    return OpenedFile(identify(path).kind, str(path), None)


def findings(file: OpenedFile) -> list[tuple[str, int]]:
    return [(one.kind, one.count) for one in file.findings()]


def test_one_array_of_images(tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    np.save(path, IMAGES)
    told = inspect_file(path, index=3)
    assert (told["kind"], told["schema"], told["entries"]) == ("npy", "npy-samples", 12)
    assert told["sample"]["key"] == "images[3]"
    assert told["structure"]["arrays"][0]["shape"] == [12, 10, 9, 3]
    assert told["structure"]["read_cost"]["random_bytes"] == 270
    np.testing.assert_array_equal(opened(path).records.read(5).pixels, IMAGES[5])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_splits_of_an_archive_follow_each_other(tmp_path: Path, save: Any, order: Any) -> None:
    path = tmp_path / "mnist.npz"
    digits = np.asarray(IMAGES[..., 0], order=order)
    save(path, x_train=digits, y_train=LABELS, x_test=digits[::-1][:4], y_test=LABELS[::-1][:4])
    file = opened(path)
    records = file.records
    assert (file.file.kind, len(records)) == ("npz", 16)
    assert [records.label(index) for index in (1, 11, 12)] == [1, 3, 3]
    assert records.numbers().tolist() == [*LABELS, *LABELS[::-1][:4]]
    np.testing.assert_array_equal(records.read(2).pixels[:, :, 0], IMAGES[2, :, :, 0])
    np.testing.assert_array_equal(records.read(12).pixels[:, :, 0], IMAGES[11, :, :, 0])
    assert (file.file.structure()["compressed"] > 0) is (save is np.savez_compressed)


def test_a_folder_of_arrays_is_one(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    np.save(tmp_path / "masks.npy", IMAGES[..., 0])
    np.save(tmp_path / "class_names.npy", np.array(["a", "b", "c", "d"]))
    records = opened(tmp_path).records
    assert (len(records), records.classes) == (12, ["a", "b", "c", "d"])
    record = records.read(6)
    assert (record.label, record.image_name, [one.name for one in record.images]) == (2, "images", ["masks"])


@pytest.mark.parametrize("shape", [None, SHAPE])
def test_a_split_that_was_built_here(tmp_path: Path, shape: Any) -> None:
    path = write(tmp_path, "npy", {}, [bytes(60)] * 5, shape=shape)
    file = opened(path)
    assert (file.schema, len(file.records)) == ("own-npy", 5)


def test_fields_of_structures_are_arrays(tmp_path: Path) -> None:
    table = np.zeros(12, [("image", np.uint8, (10, 9, 3)), ("label", "<i4"), ("name", "S5")])
    table["image"], table["label"], table["name"] = IMAGES, LABELS, b"abc"
    np.save(tmp_path / "table.npy", table)
    record = opened(tmp_path / "table.npy").records.read(7)
    assert record.fields is not None
    np.testing.assert_array_equal(record.pixels, IMAGES[7])
    assert (record.label, record.fields["name"]) == (3, "abc")


def test_objects_are_plain_data_and_never_executed(tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", np.array({"x": IMAGES, "y": LABELS}, object), allow_pickle=True)
    good = opened(tmp_path / "good.npy")
    assert (len(good.records), good.records.label(2), findings(good)) == (12, 2, [("pickled", 1)])
    target = tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {target}",)

    np.save(tmp_path / "evil.npy", np.array([Evil()], object), allow_pickle=True)
    np.savez(tmp_path / "evil.npz", images=IMAGES, evil=np.array([Evil()], object))
    evil = opened(tmp_path / "evil.npz")
    assert (len(evil.records), evil.records.read(1).shape) == (12, (10, 9, 3))
    for file in (evil, opened(tmp_path / "evil.npy")):
        assert "posix.system" in str(file.summary()["warnings"])
        assert ("pickled", 1) in findings(file)
    assert not target.exists()
    assert pickle.dumps(Evil())  # it would


def test_an_array_that_is_cut_short_shows_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    np.save(path, IMAGES)
    path.write_bytes(path.read_bytes()[:-500])
    file = opened(path)
    assert (len(file.records), findings(file)) == (10, [("truncated", 2)])
    np.testing.assert_array_equal(file.records.read(9).pixels, IMAGES[9])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="it is cut short"):
        opened(path)


def test_hostile_numbers_are_refused_before_anything_is_taken_for_them(tmp_path: Path) -> None:
    for shape in ("(1000000000000, 1000, 1000)", "(-1, 2)", "(True, 2)", "4", "(2.0, 3)"):
        text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
        (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + text + bytes(100))
        with pytest.raises(InputError, match=r"is damaged: x cannot be read: its (shape|header)|cut short"):
            opened(tmp_path / "x.npy")


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4096, 512, 512), }".ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("images.npy", "w") as member:
        member.write(b"\x93NUMPY\x01\x00v\x00" + head)
        for _ in range(64):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 200_000
    told = inspect_file(path, index=2)
    assert told["entries"] == 256


def test_members_that_are_none_cost_themselves(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, images=IMAGES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("note.txt", "words")
        archive.writestr("broken.npy", b"\x93NUMPY\x09")
        archive.writestr("odd.npy", b"\x93NUMPY", zipfile.ZIP_BZIP2)
    file = opened(path)
    assert len(file.records) == 12
    warnings = str(file.summary()["warnings"])
    assert "broken cannot be read" in warnings
    assert "compressed with bzip2" in warnings


def test_mangled_files_are_told(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    np.save(tmp_path / "a.npy", IMAGES)
    draw = random.Random(0)
    for name in ("a.npz", "a.npy"):
        whole = (tmp_path / name).read_bytes()
        for number in range(60):
            data = bytearray(whole)
            for _ in range(draw.choice([1, 4, 40])):
                data[draw.randrange(len(data) if number % 2 else min(len(data), 300))] = draw.randrange(256)
            if number % 5 == 0:
                del data[draw.randrange(len(data)) :]
            path = tmp_path / f"m{number}{name[1:]}"
            path.write_bytes(data)
            try:
                records = opened(path).records
                for index in range(min(len(records), 20)):
                    records.read(index)
            except (InputError, ValueError):
                continue

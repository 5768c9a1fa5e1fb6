"""Values that were never written or lie in files that have gone: said of each entry, in `scan` and in the warnings."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from hdf5_fixtures import IMAGES, PNGS, SAMPLES

from core.base.events import finish
from core.inspect.files import inspect_file
from core.inspect.hdf5.file import Hdf5File
from core.inspect.records import Records
from core.inspect.schemas import understand
from core.inspect.task import Scan

HELD = [0, 1, 2, 5, 6, 7]


def opened(path: Path) -> tuple[Hdf5File, Records]:
    file = Hdf5File(path)
    return file, understand(file)[1]


def holes(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        images = file.create_dataset("images", IMAGES[:8].shape, np.uint8, chunks=(1, *IMAGES.shape[1:]))
        for place in HELD:
            images[place] = IMAGES[place]
        file["labels"] = np.arange(8)
    return path


def test_an_entry_that_was_never_written_is_no_black_image(tmp_path: Path) -> None:
    file, records = opened(holes(tmp_path / "made.h5"))
    for index in range(8):
        record = records.read(index)
        assert record.label == index
        if index in HELD:
            assert record.problem is None
            assert np.array_equal(record.pixels, IMAGES[index])
        else:
            assert record.pixels is None
            assert record.problem.startswith(f"images[{index}] was never written")
    assert file.warnings() == ["images: 2 of its 8 chunks were never written; HDF5 answers with a fill value for them"]


def test_scan_and_inspect_tell_it(tmp_path: Path) -> None:
    told = finish(Scan(str(holes(tmp_path / "made.h5"))).run())
    assert (told["entries"], told["decoded"]) == (8, 6)
    assert [bad["key"] for bad in told["bad"]] == ["images[3]", "images[4]"]
    about = inspect_file(tmp_path / "made.h5", index=3)
    assert about["sample"]["shape"] is None
    assert "never written" in about["sample"]["problem"]


def test_a_part_that_is_missing_is_shown_and_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        images = file.create_dataset("images", IMAGES.shape, np.uint8, chunks=(1, 12, 16, 3), fillvalue=7)
        images[:, :12] = IMAGES[:, :12]
        images[4] = IMAGES[4]
    _, records = opened(tmp_path / "made.h5")
    record = records.read(3)
    assert record.problem == "2 of the 4 chunks of images[3] were never written; there the fill value (7) stands"
    assert np.array_equal(record.pixels[:12], IMAGES[3][:12])
    assert (record.pixels[12:] == 7).all()
    assert records.read(4).problem is None


def test_many_images_of_a_chunk_share_its_fate(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        images = file.create_dataset("images", IMAGES.shape, np.uint8, chunks=(5, *IMAGES.shape[1:]), compression=1)
        images[:5] = IMAGES[:5]
    _, records = opened(tmp_path / "made.h5")
    assert [records.read(index).problem is None for index in range(SAMPLES)] == [True] * 5 + [False] * 7


def test_contiguous_data_that_was_never_written(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_dataset("images", IMAGES.shape, np.uint8)
        file["labels"] = np.arange(SAMPLES)
    file, records = opened(tmp_path / "made.h5")
    assert all(records.read(index).pixels is None for index in range(SAMPLES))
    assert file.warnings() == ["images was never written: its shape is there, its values are not"]


def test_labels_that_were_never_written_are_none(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES
        labels = file.create_dataset("labels", (SAMPLES,), np.int64, chunks=(4,))
        labels[:8] = 1 + np.arange(8)
    _, records = opened(tmp_path / "made.h5")
    assert [records.label(index) for index in range(SAMPLES)] == [*range(1, 9), None, None, None, None]
    assert records.numbers() is None
    with h5py.File(tmp_path / "none.h5", "w") as file:
        file["images"] = IMAGES
        file.create_dataset("labels", (SAMPLES,), np.int64)
    file, records = opened(tmp_path / "none.h5")
    assert {records.label(index) for index in range(SAMPLES)} == {None}
    assert file.warnings() == ["labels was never written: its shape is there, its values are not"]


def test_an_image_a_dataset_and_rows_of_files(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        for place in range(4):
            file.create_dataset(f"shots/{place}", IMAGES[0].shape, np.uint8, data=None if place == 2 else IMAGES[place])
    _, records = opened(tmp_path / "made.h5")
    assert [records.read(index).pixels is None for index in range(4)] == [False, False, True, False]
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        rows = file.create_dataset("images", (4,), h5py.vlen_dtype(np.uint8), chunks=(2,))
        rows[0] = np.frombuffer(PNGS[0], np.uint8)
    _, records = opened(tmp_path / "rows.h5")
    problems = [records.read(index).problem for index in range(4)]
    assert problems[0] is None
    assert problems[1] == "it is empty: no byte of an image lies there"
    assert all(problem is not None for problem in problems[2:])


def test_virtual_data_whose_source_has_gone(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout(IMAGES.shape, np.uint8)
    layout[:] = h5py.VirtualSource("source.h5", "images", IMAGES.shape)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_virtual_dataset("images", layout)
        outside = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        outside.set_external(b"raw.bin", 0, 64)
        h5py.h5d.create(file.id, b"raw", h5py.h5t.NATIVE_UINT8, h5py.h5s.create_simple((64,)), outside)
    notes = Hdf5File(tmp_path / "made.h5").warnings()
    assert notes == [
        "/images lies in other files (the first is 'source.h5'), and that one is not there",
        "/raw lies in other files (the first is 'raw.bin'), and that one is not there",
    ]
    (tmp_path / "source.h5").touch()
    first = Hdf5File(tmp_path / "made.h5").warnings()[0]
    assert first == "/images lies in other files (the first is 'source.h5'), which are not opened"
    assert len(finish(Scan(str(tmp_path / "made.h5")).run())["bad"]) >= 1


def test_rows_of_virtual_data_that_nothing_fills(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout(IMAGES.shape, np.uint8)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["a/part"] = IMAGES[:5]
        layout[2:7] = h5py.VirtualSource(file["a/part"])
        file.create_virtual_dataset("images", layout)
    _, records = opened(tmp_path / "made.h5")
    found = {records.key(index): records.read(index).problem for index in range(len(records))}
    assert [found[f"images[{place}]"] is None for place in range(8)] == [False, False, *[True] * 5, False]

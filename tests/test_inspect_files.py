"""What a file is, told from its content; files that are none of ours; what is asked for and is not there."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import h5py
import lmdb
import numpy as np
import pytest
from inspect_fixtures import IMAGES, LABELS, SAMPLES, png, write_lmdb, write_many_hdf5, write_objects

from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.inspect import inspect_file, open_foreign, scan_file
from core.stores.store import open_store


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("a.txt", "a")
    return file.getvalue()


STRANGERS = {
    "Access": (b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(4096), "Microsoft Access"),
    "new Access": (b"\x00\x01\x00\x00Standard ACE DB\x00" + bytes(4096), "Microsoft Access"),
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
    "tar": (bytes(257) + b"ustar\x0000" + bytes(400), "tar archive"),
    "zip": (archive(), "zip archive"),
    "gzip": (b"\x1f\x8b\x08\x00" + bytes(64), "gzip"),
    "png": (png(IMAGES[0]), "PNG image"),
    "MATLAB 4": (struct.pack("<5I", 0, 1, 2, 0, 2) + b"x\x00" + bytes(16), "MATLAB 4"),
    "lock file": (b"\xde\xc0\xef\xbe\x02\x00\x00\x00" + bytes(8184), "data.mdb beside it"),
    "SQLite": (b"SQLite format 3\x00" + bytes(84), "sqlite3"),
    "empty": (b"", "empty"),
    "zeros": (bytes(8192), "zeros"),
    "text": (b"hello\n" * 9, "text"),
    "noise": (np.random.default_rng(5).bytes(9000), "no format known"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_file_that_is_none_of_ours_is_named(name: str, tmp_path: Path) -> None:
    data, word = STRANGERS[name]
    (tmp_path / "data.mdb").write_bytes(data)
    with pytest.raises(InputError, match=word) as told:
        inspect_file(tmp_path / "data.mdb")
    assert "\n" not in str(told.value)
    assert str(tmp_path) in str(told.value)


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    write_many_hdf5(tmp_path / "picture.png")
    assert inspect_file(tmp_path / "picture.png")["kind"] == "hdf5"
    write_objects(tmp_path / "made")
    (tmp_path / "made" / "data.mdb").rename(tmp_path / "table.csv")
    assert inspect_file(tmp_path / "table.csv")["kind"] == "lmdb"


def test_hdf5_behind_a_user_block(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "block.mat", "w", userblock_size=1024) as file:
        file["images"], file["labels"] = IMAGES, LABELS
    about = inspect_file(tmp_path / "block.mat", index=3)
    assert (about["kind"], about["sample"]["label"]) == ("hdf5", int(LABELS[3]))
    assert about["structure"]["user_block_bytes"] == 1024


@pytest.mark.parametrize(("files", "word"), [(["CURRENT", "MANIFEST-000001"], "LevelDB"), (["lock.mdb"], "missing")])
def test_a_folder_that_is_another_database(files: list[str], word: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=word):
        inspect_file(tmp_path)


@pytest.mark.parametrize("missing", ["nothing", "empty"])
def test_a_path_with_nothing_there(missing: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=missing):
        inspect_file(tmp_path / missing)


def test_what_is_asked_for_and_is_not_there(tmp_path: Path) -> None:
    path = write_objects(tmp_path / "made")
    with pytest.raises(InputError, match="no entry 12"):
        inspect_file(path, index=SAMPLES)
    with pytest.raises(InputError, match="no entry -13"):
        inspect_file(path, index=-SAMPLES - 1)
    with pytest.raises(InputError, match="no key 'nobody'"):
        inspect_file(path, key="nobody")
    with pytest.raises(InputError, match="unknown schema"):
        inspect_file(path, schema="nobody")
    with pytest.raises(InputError, match="cannot be read as"):
        inspect_file(path, schema="own-lmdb")
    with pytest.raises(InputError, match="does not exist"):
        inspect_file(path, image=tmp_path / "no" / "out.png")


def test_the_inspected_file_is_never_the_target(tmp_path: Path) -> None:
    path = write_many_hdf5(tmp_path / "many.h5")
    before = path.read_bytes()
    with pytest.raises(InputError, match="inspected file itself"):
        inspect_file(path, image=path)
    assert path.read_bytes() == before


# ---------------------------------------------------------------- generic contents


def test_lmdb_of_image_files(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "made", lambda index: png(IMAGES[index]))
    about = inspect_file(path, index=2)
    assert (about["schema"], about["sample"]["encoding"], about["sample"]["label"]) == ("encoded-values", "png", None)
    assert np.array_equal(open_foreign(path)[2][0], IMAGES[2])


def test_lmdb_of_anything_is_shown_as_what_it_is(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "made", lambda index: f"line {index}".encode(), {b"\xff\x00": b"\x00\xfe"})
    about = inspect_file(path, index=1)
    assert (about["schema"], about["sample"]["encoding"], about["sample"]["text"]) == ("text", "text", "line 1")
    assert inspect_file(path, key="0xff00")["sample"]["encoding"] == "bytes"
    with pytest.raises(InputError, match="not an image"):
        inspect_file(path, image=tmp_path / "out.png")


def test_an_empty_lmdb_has_no_sample(tmp_path: Path) -> None:
    about = inspect_file(write_lmdb(tmp_path / "made", lambda index: b"", samples=0))
    assert (about["entries"], about["keys"], about["sample"]) == (0, [], None)


def test_reserved_and_used_are_told_apart(tmp_path: Path) -> None:
    structure = inspect_file(write_objects(tmp_path / "made"))["structure"]
    assert structure["map_bytes"] == 1 << 30
    assert structure["used_bytes"] <= structure["apparent_bytes"] < 1 << 20


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("NHWC uint8", IMAGES),
        ("NCHW uint8", IMAGES.transpose(0, 3, 1, 2)),
        ("NHWC float", IMAGES.astype(np.float32) / 255),
        ("NHWC 16-bit", IMAGES.astype(np.uint16) * 257),
        ("NHWC int64", IMAGES.astype(np.int64)),
    ],
)
def test_hdf5_arrays_of_many_kinds(kind: str, values: np.ndarray, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["train/x"], file["train/y"], file["other"] = values, LABELS, np.arange(3)
    store = open_foreign(tmp_path / "made.h5")
    assert store.about["structure"]["datasets"] == 3
    assert np.array_equal(store[5][0], IMAGES[5])
    assert store.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("names", [("images", "labels"), ("train_set_x", "train_set_y"), ("data", "target")])
def test_hdf5_arrays_of_many_names(names: tuple[str, str], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file[names[0]], file[names[1]], file["weights"] = IMAGES, LABELS, np.arange(SAMPLES)
    sample = inspect_file(tmp_path / "made.h5", index=4)["sample"]
    assert (sample["key"], sample["label"]) == (f"{names[0]}[4]", int(LABELS[4]))


def test_greyscale_images_become_rgb(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES[:, :, :, 0]
    pixels, label = open_foreign(tmp_path / "made.h5")[1]
    assert np.array_equal(pixels, np.repeat(IMAGES[1, :, :, :1], 3, axis=2))
    assert label == -1


def test_hdf5_of_image_files_of_variable_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        entries = file.create_dataset("images", (SAMPLES,), h5py.vlen_dtype(np.uint8))
        for index in range(SAMPLES):
            entries[index] = np.frombuffer(png(IMAGES[index]), np.uint8)
        file["labels"] = LABELS
    assert np.array_equal(open_foreign(tmp_path / "made.h5")[7][0], IMAGES[7])


def test_a_dataset_with_two_names_is_counted_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES
        file["again"] = file["images"]
        file["loop"] = h5py.SoftLink("/")
    assert inspect_file(tmp_path / "made.h5")["structure"]["datasets"] == 1


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(range(256)) * 12)
    write_many_hdf5(tmp_path / "other.h5")
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/images")
        file.create_dataset("images", (1, 32, 32, 3), "u1", external=[(str(tmp_path / "secret.bin"), 0, 3072)])
    about = inspect_file(tmp_path / "made.h5")
    assert any("other.h5" in warning for warning in about["warnings"])
    with pytest.raises(InputError, match="lies in other files"):
        inspect_file(tmp_path / "made.h5", index=0)


# ---------------------------------------------------------------- what is built here


@pytest.mark.parametrize(
    ("format", "encoding", "compression", "options", "container"),
    [
        ("disk", "original", "none", {}, "train"),
        ("disk", "png", "zstd", {}, "train"),
        ("lmdb", "raw", "none", {}, "train.lmdb"),
        ("lmdb", "original", "zstd-dict", {"group": "4"}, "train.lmdb"),
        ("hdf5", "raw", "none", {}, "train.h5"),
        ("hdf5", "jpeg", "lz4", {"layout": "vlen"}, "train.h5"),
    ],
)
def test_a_store_and_its_container(
    format: str, encoding: str, compression: str, options: dict[str, str], container: str, home: Home, dataset: object
) -> None:
    made = finish(Build("shapes", format, encoding, compression, options).run())
    truth = open_store(made["store"], "train")
    whole = inspect_file(made["store"], index=-1)
    assert (whole["kind"], whole["entries"], whole["sample"]["key"][:4]) == ("store", 60, "val/")
    assert whole["structure"]["format"] == format

    alone = Path(made["store"]) / container
    about = inspect_file(alone, index=7)
    assert (about["schema"], about["entries"]) == (f"own-{format}", 50)
    assert about["sample"]["class"] == truth.classes[truth.labels[7]]
    assert inspect_file(alone, key=about["sample"]["key"])["sample"] == about["sample"]
    assert sum(decoded for _, decoded, _, _ in scan_file(alone)) == 50

    foreign = open_foreign(alone)
    assert foreign.labels.tolist() == truth.labels.tolist()
    assert np.array_equal(foreign[7][0], truth[7][0])


def test_a_folder_that_leads_out_of_itself(home: Home, dataset: object, tmp_path: Path) -> None:
    folder = Path(finish(Build("shapes", "disk").run())["store"]) / "train"
    (tmp_path / "secret.png").write_bytes(png(IMAGES[0]))
    first = next(folder.glob("*/00000000.*"))
    first.unlink()
    first.symlink_to(tmp_path / "secret.png")
    told = [bad for _, _, batch, _ in scan_file(folder) for bad in batch]
    assert [bad["key"] for bad in told] == [f"{first.parent.name}/{first.name}"]
    assert "outside of the folder" in told[0]["reason"]

    manifest = folder / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(f"{first.parent.name}/{first.name}", "../00000000.png", 1))
    about = inspect_file(folder)  # what is left of it: a table of image files
    assert any("not read as own-disk" in warning and "damaged" in warning for warning in about["warnings"])
    assert any("'../00000000.png' leads out of the folder" in warning for warning in about["warnings"])
    assert about["sample"] is None


def test_a_million_entries_cost_no_more_than_a_few(tmp_path: Path) -> None:
    environment = lmdb.open(str(tmp_path / "made"), map_size=1 << 30, sync=False)
    with environment.begin(write=True) as transaction:
        transaction.cursor().putmulti(((b"%08d" % i, b"x") for i in range(200_000)), append=True)
    environment.close()
    about = inspect_file(tmp_path / "made", key="00199999")
    assert (about["entries"], about["sample"]["key"]) == (200_000, "00199999")
    assert inspect_file(tmp_path / "made", index=123_456)["sample"]["key"] == "00123456"

"""HDF5 files that lead elsewhere, go in circles, promise too much or are broken: what is whole is still read."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5_fixtures import IMAGES, LABELS, PNGS, SAMPLES
from inspect_fixtures import Hostile

from core.base.errors import InputError
from core.base.events import finish
from core.inspect import inspect_file
from core.inspect.hdf5.file import Hdf5File
from core.inspect.task import Scan


def write(path: Path, **datasets: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


def tree(path: Path) -> dict[str, dict]:
    return {row["name"]: row for row in inspect_file(path)["structure"]["tree"]}


# ---------------------------------------------------------------- links


def test_every_link_is_told_for_what_it_is(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = IMAGES
        file["again"] = file["images"]
        file["group/inner"] = LABELS
        file["group/parent"] = file["/"]
        file["soft"] = h5py.SoftLink("/group/inner")
        file["relative"] = h5py.SoftLink("group/inner")
        file["one"], file["two"] = h5py.SoftLink("/two"), h5py.SoftLink("/one")
        file["gone"] = h5py.SoftLink("/nowhere")
        file["other"] = h5py.ExternalLink("other.h5", "/images")
        file["through"] = h5py.SoftLink("/other/deeper")
        file["kind"] = np.dtype("i4")
    found = tree(tmp_path / "made.h5")
    kinds = {name: (row["kind"], row["target"]) for name, row in found.items()}
    assert kinds["again"] == ("dataset", None)
    assert kinds["images"] == ("dataset", "/again")
    assert kinds["group"] == ("group", None)
    assert kinds["group/parent"] == ("group", "/")
    assert kinds["soft"] == ("soft link", "/group/inner")
    assert kinds["relative"] == ("soft link", "group/inner")
    assert kinds["one"] == kinds["one"] == ("broken link", "/two")
    assert kinds["gone"] == ("broken link", "/nowhere")
    assert kinds["other"] == ("external link", "other.h5:/images")
    assert kinds["kind"] == ("datatype", None)
    assert inspect_file(tmp_path / "made.h5")["structure"]["datasets"] == 2


def test_a_soft_link_does_not_lead_out_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "other.h5", images=IMAGES)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["door"] = h5py.ExternalLink("other.h5", "/")
        file["images"] = h5py.SoftLink("/door/images")
    about = inspect_file(tmp_path / "made.h5")
    assert about["entries"] == 0
    assert any("other.h5" in warning for warning in about["warnings"])


def test_other_files_are_followed_where_that_is_allowed(tmp_path: Path) -> None:
    write(tmp_path / "other.h5", pictures=IMAGES)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["door"] = h5py.ExternalLink("other.h5", "/")
    assert list(Hdf5File(tmp_path / "made.h5").datasets) == []
    followed = Hdf5File(tmp_path / "made.h5", follow_external=True)
    assert list(followed.datasets) == ["door/pictures"]
    assert np.array_equal(followed.rows(followed.datasets["door/pictures"], 2, 3)[0], IMAGES[2])
    followed.close()


def test_values_of_other_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(24 * 32 * 3))
    write(tmp_path / "other.h5", images=IMAGES)
    virtual = h5py.VirtualLayout(IMAGES.shape, "u1")
    virtual[:] = h5py.VirtualSource("other.h5", "images", IMAGES.shape)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_virtual_dataset("images", virtual)
        file.create_dataset("raw", (1, 24, 32, 3), "u1", external=[(str(tmp_path / "secret.bin"), 0, 24 * 32 * 3)])
    layouts = {name: row["layout"] for name, row in tree(tmp_path / "made.h5").items()}
    assert layouts == {"images": "virtual", "raw": "external"}
    for index in (0, SAMPLES):
        with pytest.raises(InputError, match="other files"):
            inspect_file(tmp_path / "made.h5", schema="hdf5-arrays", index=index)


def test_a_virtual_dataset_of_its_own_file_is_read(tmp_path: Path) -> None:
    virtual = h5py.VirtualLayout(IMAGES.shape, "u1")
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["parts/a"], file["parts/b"] = IMAGES[:5], IMAGES[5:]
        virtual[:5], virtual[5:] = h5py.VirtualSource(file["parts/a"]), h5py.VirtualSource(file["parts/b"])
        file.create_virtual_dataset("images", virtual)
    file = Hdf5File(tmp_path / "made.h5")
    assert np.array_equal(file.rows(file.datasets["images"], 0, SAMPLES), IMAGES)
    file.close()


def test_virtual_datasets_that_go_in_circles_end(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        for name, other in (("images", "more"), ("more", "images")):
            layout = h5py.VirtualLayout(IMAGES.shape, "u1")
            layout[:] = h5py.VirtualSource(".", other, IMAGES.shape)
            file.create_virtual_dataset(name, layout)
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert told["decoded"] == 0
    assert "from itself" in told["bad"][0]["reason"]


def test_references_that_go_in_circles_end(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        table = file.create_dataset("images", (2,), h5py.ref_dtype)
        table[0], table[1] = table.ref, file.ref
    assert inspect_file(tmp_path / "made.h5")["schema"] == "hdf5-datasets"


def test_what_looks_like_a_store_does_not_lead_out_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "other.h5", images=IMAGES)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.attrs["metadata"] = '{"encoding": "raw", "compression": "none", "payload_shape": [24, 32, 3]}'
        file["labels"], file["classes"] = LABELS, np.array(["a", "b"], "S1")
        file["images"] = h5py.ExternalLink("other.h5", "/images")
    assert inspect_file(tmp_path / "made.h5")["schema"] == "hdf5-datasets"


# ---------------------------------------------------------------- filters


def test_filters_of_hdf5plugin_are_undone(tmp_path: Path) -> None:
    import hdf5plugin

    filters = {
        "zstd": hdf5plugin.Zstd(),
        "lz4": hdf5plugin.LZ4(),
        "blosc": hdf5plugin.Blosc(),
        "bitshuffle": hdf5plugin.Bitshuffle(),
        "bzip2": hdf5plugin.BZip2(),
        "blosc2": hdf5plugin.Blosc2(),
    }
    for name, options in filters.items():
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file.create_dataset("images", data=IMAGES, chunks=(5, 24, 32, 3), **options)
        about = inspect_file(tmp_path / f"{name}.h5", index=SAMPLES - 1)
        assert about["sample"]["shape"] == [24, 32, 3]
        row = about["structure"]["tree"][0]
        assert (row["layout"], row["chunk"]) == ("chunked", [5, 24, 32, 3])
        assert row["ratio"] == pytest.approx(row["logical_bytes"] / row["stored_bytes"], abs=1e-3)
        assert row["filter"].lower().startswith(name[:3])


def with_filter(path: Path, code: int) -> Path:
    """A chunk that is said to have gone through a filter nobody has, beside a dataset that is plain."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk(IMAGES.shape)
    properties.set_filter(code, h5py.h5z.FLAG_OPTIONAL)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple(IMAGES.shape)
        dataset = h5py.h5d.create(file.id, b"images", h5py.h5t.STD_U8LE, space, properties)
        dataset.write_direct_chunk((0, 0, 0, 0), b"who knows")
        file["labels"] = LABELS
        file["more/x"] = IMAGES
    return path


@pytest.mark.parametrize(("code", "words"), [(305, "LZO.*pip install tables"), (32020, "VBZ"), (31999, "31999")])
def test_a_missing_filter_is_named_with_what_brings_it(code: int, words: str, tmp_path: Path) -> None:
    path = with_filter(tmp_path / "made.h5", code)
    with pytest.raises(InputError, match=words):
        inspect_file(path, key="images[3]")
    assert inspect_file(path, key="more/x[3]")["sample"]["shape"] == [24, 32, 3]


# ---------------------------------------------------------------- promises


def test_a_chunk_that_inflates_beyond_its_size_is_a_bomb(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(200 << 20), 9)
    with h5py.File(tmp_path / "made.h5", "w") as file:
        dataset = file.create_dataset("images", (2, 8, 8, 3), "u1", chunks=(1, 8, 8, 3), compression="gzip")
        dataset.id.write_direct_chunk((0, 0, 0, 0), bomb)
        dataset[1] = IMAGES[1, :8, :8]
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert (told["decoded"], len(told["bad"])) == (1, 1)
    assert "not to be trusted" in told["bad"][0]["reason"]


def test_a_chunk_of_gigabytes_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_dataset("images", (4, 20_000, 20_000, 3), "u1", chunks=(1, 20_000, 20_000, 3))
        file["labels"] = np.arange(4)
    with pytest.raises(InputError, match="MiB"):
        inspect_file(tmp_path / "made.h5", index=0)


@pytest.mark.parametrize("chunks", [None, (1, 64, 64, 3)])
def test_images_that_were_never_written_do_not_keep_anybody(chunks: tuple[int, ...] | None, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_dataset("images", (10**11, 64, 64, 3), "u1", chunks=chunks, fillvalue=9)
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert (told["entries"], told["decoded"]) == (10**11, 0)
    assert "never written" in told["bad"][0]["reason"]


def test_a_dataset_as_large_as_can_be_said(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        space = h5py.h5s.create_simple((2**63 - 1, 8, 8), (2**63 - 1, 8, 8))
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((1 << 20, 8, 8))
        h5py.h5d.create(file.id, b"images", h5py.h5t.STD_U8LE, space, properties)
        file["x"] = IMAGES
    assert inspect_file(tmp_path / "made.h5")["sample"]["key"] == "x[0]"


def test_a_length_that_lies_is_stopped(tmp_path: Path) -> None:
    """A reference that says a thousand million bytes."""
    with h5py.File(tmp_path / "made.h5", "w") as file:
        rows = file.create_dataset("images", (SAMPLES,), h5py.vlen_dtype(np.uint8))
        for place, data in enumerate(PNGS):
            rows[place] = np.frombuffer(data, np.uint8)
        offset = rows.id.get_offset()
    with (tmp_path / "made.h5").open("r+b") as raw:
        raw.seek(offset + 16 * 3)
        raw.write((10**9).to_bytes(4, "little"))
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert (told["decoded"], len(told["bad"])) == (SAMPLES - 1, 1)
    assert "more than the" in told["bad"][0]["reason"]


# ---------------------------------------------------------------- pickles, damage


def test_pickles_in_opaque_values_are_shown_and_never_executed(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    evil = pickle.dumps(Hostile(marker))
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["images"] = np.array([np.void(evil)] * 3)
        file["scalar"] = np.void(evil)
        file["scalar"].attrs["label"] = np.void(evil)
        rows = file.create_dataset("rows", (1,), h5py.vlen_dtype(np.uint8))
        rows[0] = np.frombuffer(evil, np.uint8)
        file.attrs["FLAVOR"] = np.void(evil)
    about = inspect_file(tmp_path / "made.h5", key="scalar")
    assert about["sample"]["encoding"] == "pickle"
    finish(Scan(str(tmp_path / "made.h5")).run())
    assert not marker.exists()


def test_what_is_whole_of_a_truncated_file_is_read(tmp_path: Path) -> None:
    """HDF5 itself refuses a file that is shorter than its superblock says."""
    path = write(tmp_path / "made.h5", a=IMAGES, images=IMAGES)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5 * 24 * 32 * 3)
    about = inspect_file(path)
    assert any("cut short" in warning for warning in about["warnings"])
    told = finish(Scan(str(path)).run())
    assert told["decoded"] == told["entries"] - 5
    assert "beyond the end" in told["bad"][0]["reason"]


def test_a_damaged_chunk_spoils_only_its_own_images(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        dataset = file.create_dataset("images", data=IMAGES, chunks=(4, 24, 32, 3), compression="gzip", fletcher32=True)
        place = dataset.id.get_chunk_info(1).byte_offset
    with (tmp_path / "made.h5").open("r+b") as file:
        file.seek(place + 50)
        file.write(b"\xff\x00\xff\x00")
    told = finish(Scan(str(tmp_path / "made.h5")).run())
    assert [bad["key"] for bad in told["bad"]] == [f"images[{index}]" for index in range(4, 8)]


def test_nothing_is_written_beside_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "made.h5", images=IMAGES)
    path.chmod(0o400)
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir()))
    finish(Scan(str(path)).run())
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


# ---------------------------------------------------------------- where the pieces lie


@pytest.mark.parametrize("block", [0, 512])
@pytest.mark.parametrize("chunks", [None, (5, 24, 32, 3), (1, 12, 16, 3)])
def test_where_the_chunks_lie(chunks: tuple[int, ...] | None, block: int, tmp_path: Path) -> None:
    """What is told of each piece, read from the file without HDF5, is the piece."""
    path = tmp_path / "made.h5"
    with h5py.File(path, "w", userblock_size=block) as file:
        file.create_dataset("images", data=IMAGES, chunks=chunks)
    opened, data = Hdf5File(path), path.read_bytes()
    told = opened.chunk_map("images")
    opened.close()
    assert told["file_bytes"] == len(data)
    assert told["contiguous"] == (chunks is None)
    assert told["total"] == len(told["chunks"]) == {None: 1, (5, 24, 32, 3): 3, (1, 12, 16, 3): 48}[chunks]
    for offset, size, *index in told["chunks"]:
        shape = chunks or IMAGES.shape
        place = tuple(slice(i * length, (i + 1) * length) for i, length in zip(index, shape, strict=True))
        piece = IMAGES[place]
        if piece.shape == tuple(shape):
            assert data[offset : offset + size] == piece.tobytes()


def test_of_very_many_chunks_some_are_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file.create_dataset("table", data=np.arange(9_000), chunks=(1,))
    opened = Hdf5File(tmp_path / "made.h5")
    told = opened.chunk_map("/table")
    assert (told["total"], told["complete"]) == (9_000, True)
    assert 2_000 < len(told["chunks"]) <= 4_000
    assert [row[2] for row in told["chunks"][:3]] == [0, 3, 6]
    with pytest.raises(InputError, match="no dataset"):
        opened.chunk_map("nothing")
    opened.close()


@pytest.mark.parametrize("kind", ["bytes", "text"])
def test_a_heap_that_goes_in_circles_is_not_entered(kind: str, tmp_path: Path) -> None:
    """Free space of no size: the library steps over it for ever."""
    with h5py.File(tmp_path / "made.h5", "w") as file:
        rows = file.create_dataset(
            "images", (1,), h5py.vlen_dtype(np.uint8) if kind == "bytes" else h5py.string_dtype()
        )
        rows[0] = np.frombuffer(PNGS[0], np.uint8) if kind == "bytes" else "words"
    data = bytearray((tmp_path / "made.h5").read_bytes())
    heap = data.index(b"GCOL")
    size = int.from_bytes(data[heap + 24 : heap + 32], "little")
    free = heap + 32 + (size + 7) // 8 * 8
    data[free : free + 16] = bytes(16)
    (tmp_path / "made.h5").write_bytes(data)
    assert finish(Scan(str(tmp_path / "made.h5")).run())["bad"][0]["reason"].endswith("leads to a heap that is damaged")

"""Entry points into JPEGs: a crop decoded from the nearest one has the pixels that decoding from the start gives."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")

from core.base import checksums
from core.base.contracts import Extents
from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify
from core.building.estimate import estimate
from core.importing.task import Import
from core.loading.batch_sampler import BatchSpec
from core.loading.fused import fuse
from core.loading.jpeg.noting import records_of
from core.loading.jpeg_index import EntryPoints
from core.loading.normalise import Normalise
from core.loading.noted_points import INTERVAL, NotedEntryPoints
from core.loading.pipeline import staged
from core.stores.jpeg_index import JpegIndex, JpegIndexWriter, index_file
from core.stores.store import Manifest, open_store
from tests.loading_fixtures import MemoryStore, memory_store, picture


def jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def store_of(payloads: Sequence[bytes]) -> MemoryStore:
    store = memory_store([(8, 8)] * len(payloads), "original")
    store.reader.payloads[:] = payloads
    return store


def written(folder: Path, payloads: Sequence[bytes], records: Sequence[bytes], interval: int) -> EntryPoints:
    sums = np.array([checksums.of_bytes(payload) for payload in payloads], "<u8")
    (folder / "train.checksums").write_bytes(sums.tobytes())
    writer = JpegIndexWriter(folder, "train", len(payloads), interval)
    writer.write(records)
    writer.close()
    return EntryPoints(JpegIndex(folder, "train", len(payloads)), "memory/train")


def viewed(payloads: Sequence[bytes], entry_points: EntryPoints | None, epoch: int) -> np.ndarray:
    """train224 of every payload, as uint8. A sample that is left to Pillow fails."""
    store = store_of(payloads)
    pipeline = fuse(store, staged(store, "train224", 3, Normalise("uint8"), entry_points=entry_points))
    out = np.zeros((len(payloads), 3, 224, 224), np.uint8)
    pipeline.fill(BatchSpec(epoch, 0, np.arange(len(payloads))), out)
    return out


KINDS: list[dict[str, Any]] = [
    {"subsampling": "4:4:4"},
    {"subsampling": "4:2:2"},
    {"subsampling": "4:2:0"},
    {"grey": True},
    {"subsampling": "4:2:0", "restart_marker_blocks": 1},
    {"subsampling": "4:4:4", "restart_marker_blocks": 7},
    {"subsampling": "4:2:0", "restart_marker_rows": 2},
    {"subsampling": "4:2:2", "restart_marker_blocks": 5, "optimize": True, "quality": 100},
]


def pictures() -> list[bytes]:
    payloads = []
    for seed, (kind, size) in enumerate((kind, size) for kind in KINDS for size in ((190, 270), (333, 137))):
        options = dict(kind)
        pixels = picture(*size, seed)
        payloads.append(jpeg(pixels[:, :, 0] if options.pop("grey", False) else pixels, **options))
    return payloads


@pytest.mark.parametrize("interval", [1, 3, 12, 200])
def test_crops_have_the_same_pixels_with_an_index(interval: int, tmp_path: Path) -> None:
    payloads = pictures()
    records = records_of(payloads, interval)
    assert all(records)
    entry_points = written(tmp_path, payloads, records, interval)
    for epoch in range(10):  # a record that is of no use would be told, and a warning is an error here
        assert np.array_equal(viewed(payloads, entry_points, epoch), viewed(payloads, None, epoch)), epoch


def test_what_lies_before_a_crop_is_not_decoded(tmp_path: Path) -> None:
    """With other bytes there decoding from the start gives another picture; from an entry point it does not."""
    payload = jpeg(picture(900, 300, 1), subsampling="4:2:0")
    entry_points = written(tmp_path, [payload], records_of([payload], 4), 4)
    spoiled = bytearray(payload)
    place = spoiled.index(b"\xff\xda") + len(payload) // 8
    spoiled[place : place + 4] = b"\x55\xaa\x33\xcc"
    found = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of crops that show the other bytes
        for epoch in range(12):
            wanted = viewed([payload], None, epoch)
            if not np.array_equal(viewed([bytes(spoiled)], None, epoch), wanted):
                found += np.array_equal(viewed([bytes(spoiled)], entry_points, epoch), wanted)
    assert found


def test_only_large_baseline_files_have_records() -> None:
    pixels = picture(160, 160, 0)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    kinds = [
        jpeg(pixels, progressive=True),
        jpeg(pixels[:32, :32]),
        png.getvalue(),
        jpeg(pixels)[:-300],
        jpeg(pixels)[:-2],
        b"",
    ]
    assert records_of(kinds, 8) == [b""] * len(kinds)
    assert records_of([jpeg(pixels)], 8)[0]


def test_a_wrong_record_changes_no_picture(tmp_path: Path) -> None:
    """Whatever it says, with a checksum that is right: it is noticed, told once, and the image decoded as a whole."""
    payloads = pictures()[::2]
    records = records_of(payloads, 6)
    draw = random.Random(7)
    told = 0
    for epoch in range(30):
        mangled = []
        for record in records:
            spoiled = bytearray(record)
            for _ in range(draw.choice([1, 1, 2, 5])):
                spoiled[draw.randrange(len(spoiled))] ^= 1 << draw.randrange(8)
            mangled.append(bytes(spoiled[: draw.choice([len(spoiled)] * 5 + [draw.randrange(len(spoiled))])]))
        entry_points = written(tmp_path, payloads, mangled, 6)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert np.array_equal(viewed(payloads, entry_points, epoch), viewed(payloads, None, epoch)), epoch
        told += len(caught)
        assert len(caught) <= 1
    assert told > 25


@pytest.mark.parametrize("interval", [5, 7])
def test_records_of_another_image_or_interval_are_noticed(interval: int, tmp_path: Path) -> None:
    payloads = [jpeg(picture(200, 200, seed), subsampling="4:2:0") for seed in range(3)]
    length = max(map(len, payloads))
    payloads = [payload[:-2] + bytes(length - len(payload)) + payload[-2:] for payload in payloads]  # as long
    records = records_of(payloads, 5)
    entry_points = written(tmp_path, payloads, records[1:] + records[:1], interval)
    with pytest.warns(RuntimeWarning, match="sample 0 .* their pixels are right; verify the store"):
        assert np.array_equal(viewed(payloads, entry_points, 0), viewed(payloads, None, 0))


# ---------------------------------------------------------------- in stores


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("photos")
    for number in range(6):
        folder = root / "images" / "train" / ("cat" if number % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(jpeg(picture(220, 180 + number, number), quality=90))
    (root / "images" / "train" / "cat" / "small.jpg").write_bytes(jpeg(picture(24, 24, 9)))
    Image.fromarray(picture(120, 120, 10)).save(root / "images" / "train" / "dog" / "one.png")
    (root / "images" / "val" / "cat").mkdir(parents=True)
    (root / "images" / "val" / "cat" / "seen.jpg").write_bytes(jpeg(picture(150, 150, 11)))
    home = Home(root / "home")
    home.root.mkdir()
    finish(Import(str(root / "images"), "photos", home=str(home.root)).run())
    return home


def build(home: Home, format: str = "lmdb", compression: str = "none", **options: Any) -> dict[str, Any]:
    made = Build("photos", format, "original", compression, options, home=str(home.root), force=True, workers=0)
    told: dict[str, Any] = finish(made.run())
    return told


def epoch(store: Path, **settings: Any) -> np.ndarray:
    opened = open_store(store)
    with opened.loader(batch_size=3, transform="train224", output="uint8", seed=1, **settings) as loader:
        images = np.concatenate([images.numpy().copy() for images, _ in loader])
    opened.close()
    return images


@pytest.mark.parametrize(("format", "compression"), [("disk", "none"), ("lmdb", "zstd"), ("hdf5", "none")])
def test_a_store_with_an_index(photos: Home, format: str, compression: str) -> None:
    plain, told = build(photos, format, compression), build(photos, format, compression, jpeg_index=4)
    store, split = Path(told["store"]), told["splits"]["train"]
    assert store.name.startswith("original-jpeg_index4")
    assert told["checksum"] == plain["checksum"]
    size = index_file(store, "train").stat().st_size
    assert split["jpeg_index"] == {**split["jpeg_index"], "samples": 6, "bytes": size}
    for name in ("payload_bytes", "used_bytes", "apparent_bytes"):
        assert split[name] == plain["splits"]["train"][name] + size, name
    assert split["files"] == plain["splits"]["train"]["files"] + 1
    assert Manifest.load(store).splits["train"]["jpeg_index"]["bytes"] == size
    assert finish(Verify(str(store)).run()) == {
        "ok": True, "store": str(store), "samples": 9, "mismatches": [], "against_source": True,
    }  # fmt: skip
    assert np.array_equal(epoch(store, workers=0), epoch(Path(plain["store"]), workers=0))


@pytest.mark.parametrize("workers", ["threads:2", "processes:1"])
def test_every_kind_of_worker_uses_it(photos: Home, workers: str) -> None:
    store = Path(build(photos, jpeg_index=8)["store"])
    wanted = epoch(store, workers=0, jpeg_index=False)
    assert np.array_equal(epoch(store, workers=workers), wanted)


def test_an_index_that_is_missing_or_damaged_is_told_when_a_loader_is_made(photos: Home) -> None:
    store = Path(build(photos, jpeg_index=8)["store"])
    wanted, file = epoch(store, workers=0), index_file(store, "train")
    whole = file.read_bytes()
    spoiled = {
        "it is no JPEG index": b"rubbish",
        "its header is damaged": whole[:20] + b"\x09" + whole[21:],
        "its table is damaged": whole[:70] + b"\x01\x01" + whole[72:],
        "No such file": None,
    }
    for reason, data in spoiled.items():
        file.unlink(missing_ok=True)
        if data is not None:
            file.write_bytes(data)
        with pytest.raises(WorkError, match=rf"photos/lmdb/.*{reason}.*verify the store.*jpeg_index=False"):
            epoch(store, workers=0)
    assert np.array_equal(epoch(store, workers=0, jpeg_index=False), wanted)
    assert not finish(Verify(str(store)).run())["ok"]


def test_the_index_of_other_payloads_is_refused(photos: Home) -> None:
    store = Path(build(photos, jpeg_index=8)["store"])
    sums = store / "train.checksums"
    sums.write_bytes(sums.read_bytes()[::-1])
    with pytest.raises(InputError, match="it belongs to other payloads"):
        JpegIndex(store, "train", 8)


def test_a_damaged_record_is_told_and_found_by_verify(photos: Home) -> None:
    store = Path(build(photos, jpeg_index=8)["store"])
    wanted, file = epoch(store, workers=0), index_file(store, "train")
    whole = bytearray(file.read_bytes())
    whole[-30] ^= 4
    file.write_bytes(whole)
    with pytest.warns(RuntimeWarning, match=r"JPEG index of photos/lmdb/.* is wrong for sample \d \(its checksum"):
        assert np.array_equal(epoch(store, workers=0), wanted)
    (found,) = finish(Verify(str(store)).run())["mismatches"]
    assert found["reason"] == "its record in the JPEG index is damaged: its checksum differs"


def test_verify_notes_the_entry_points_again(photos: Home) -> None:
    """A record that is whole and says something else than its payload."""
    told = build(photos, jpeg_index=8)
    store = open_store(told["store"])
    payloads = [bytes(payload) for payload in store.read(range(len(store)))]
    records = records_of(payloads, 8)
    wrong = bytearray(records[1])
    wrong[8] ^= 1
    records[1] = bytes(wrong)
    writer = JpegIndexWriter(store.path, "train", len(store), 8)
    writer.write(records)
    writer.close()
    found = finish(Verify(told["store"]).run())["mismatches"]
    assert [(one["index"], one["reason"]) for one in found] == [
        (1, "its record in the JPEG index is not what its payload gives")
    ]


def test_an_estimate_counts_the_index(photos: Home) -> None:
    plain, with_index = (
        estimate(Build("photos", "lmdb", options=options, home=str(photos.root))) for options in ({}, {"jpeg_index": 4})
    )
    told = build(photos, jpeg_index=4)
    added = with_index["payload_bytes"]["train"] - plain["payload_bytes"]["train"]
    assert added == pytest.approx(told["splits"]["train"]["jpeg_index"]["bytes"], rel=0.2)
    assert with_index["index_bytes"]["train"] == added


@pytest.mark.parametrize("value", ["0", "-3", "many", "5000"])
def test_the_option_is_checked(photos: Home, value: str) -> None:
    with pytest.raises(InputError, match="jpeg_index="):
        build(photos, jpeg_index=value)


def test_a_copy_of_the_index_reads_for_itself(tmp_path: Path) -> None:
    import pickle

    payloads = pictures()[:2]
    entry_points = written(tmp_path, payloads, records_of(payloads, 8), 8)
    store = store_of(payloads)
    stages = staged(store, "train224", 3, Normalise("uint8"), entry_points=entry_points)
    copy = pickle.loads(pickle.dumps(replace(stages, name="copied"))).entry_points
    both, nothing = np.arange(2), Extents(np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64))
    for one, other in zip(copy.of_batch(both, nothing), entry_points.of_batch(both, nothing), strict=True):
        assert np.array_equal(one, other)


def test_entry_points_that_are_noted_on_the_way_change_no_picture(tmp_path: Path) -> None:
    payloads = pictures()
    noting = NotedEntryPoints(len(payloads))
    for epoch in range(3):
        assert np.array_equal(viewed(payloads, noting, epoch), viewed(payloads, None, epoch)), epoch
    assert noting.size == sum(map(len, records_of(payloads, INTERVAL)))
    others = [*payloads[1:], payloads[0]]  # bytes that changed since are noticed, and noted anew
    for epoch in range(2):
        assert np.array_equal(viewed(others, noting, epoch), viewed(others, None, epoch)), epoch


def test_noting_is_asked_for_by_name(photos: Home) -> None:
    told = finish(Build("photos", "lmdb", home=str(photos.root)).run())
    store = open_store(told["store"])
    settings: dict[str, Any] = {"transform": "train224", "batch_size": 4, "workers": 0, "output": "uint8"}
    noting, plain = (store.loader(jpeg_index=choice, **settings) for choice in ("note", True))
    for _ in range(2):
        for (one, _), (other, _) in zip(noting, plain, strict=True):
            assert np.array_equal(one.numpy(), other.numpy())
    with pytest.raises(InputError, match="True, False or 'note'"):
        store.loader(jpeg_index="yes")

"""JPEGs that are not as they should be: Pillow's pixels or Pillow's refusal, whatever image came before."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.fuzz_jpeg import findings_of
from benchmarks.jpeg_files import Parts
from core.base.errors import WorkError
from core.images.pixels import BadImage, decode
from core.loading.batch_sampler import BatchSpec
from core.loading.fused import fuse
from core.loading.jpeg.batch import jpeg_batch, jpeg_views
from core.loading.jpeg.records import no_records
from core.loading.jpeg.state import new_state
from core.loading.loader import make_loader
from core.loading.normalise import Normalise
from core.loading.output import PLANAR_U8, Output
from core.loading.pipeline import staged
from core.loading.resample import new_workspace
from core.loading.statuses import OK, UNSUPPORTED
from core.loading.transform import Transform, apply
from tests.loading_fixtures import picture
from tests.test_loading_jpeg import jpeg, psnr, store_of

DHT, SOF0, SOS, DQT, DRI, APP0, APP14 = 0xC4, 0xC0, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE
SIZE = (48, 48)

PLAIN = jpeg(picture(*SIZE, 1), quality=85)
RESTARTS = jpeg(picture(*SIZE, 1), quality=85, restart_marker_blocks=1)
FOREIGN = jpeg(picture(*SIZE, 7), quality=12, optimize=True)
"""An image with tables of its own, which must not be those of the next."""

ADOBE_RGB = b"Adobe\0\x64\0\0\0\0\0"

Edit = Callable[[Parts], object]


def edited(edit: Edit, data: bytes = PLAIN) -> bytes:
    parts = Parts.of(data)
    edit(parts)
    return parts.file()


def without(marker: int) -> Edit:
    def drop(parts: Parts) -> None:
        parts.segments[:] = [segment for segment in parts.segments if segment[0] != marker]

    return drop


def body(marker: int, place: int, value: int) -> Edit:
    """Set one byte of the first segment with this marker."""

    def put(parts: Parts) -> None:
        parts.segments[parts.numbers(marker)[0]][1][place] = value

    return put


def before_the_frame(marker: int, content: bytes) -> Edit:
    def insert(parts: Parts) -> None:
        parts.segments.insert(parts.numbers(SOF0)[0], (marker, bytearray(content)))

    return insert


def both(one: Edit, other: Edit) -> Edit:
    return lambda parts: (one(parts), other(parts))


def shorter(marker: int, size: int) -> Edit:
    def cut(parts: Parts) -> None:
        del parts.segments[parts.numbers(marker)[0]][1][size:]

    return cut


def exif_with(tag: int, kind: int, count: int, value: int) -> bytes:
    """EXIF of one entry."""
    return b"Exif\0\0II*\0" + struct.pack("<IHHHII", 8, 1, tag, kind, count, value) + bytes(4)


def large_quantisers(parts: Parts) -> None:
    """16 bits each, and so large that no decoder's arithmetic is meant for it."""
    for number in parts.numbers(DQT):
        content = parts.segments[number][1]
        content[:] = bytes([0x10 | content[0]]) + struct.pack(">64H", *[40_000] * 64)


def without_frame_header(*names: bytes) -> Edit:
    def rename(parts: Parts) -> None:
        without(APP0)(parts)
        frame, scan = (parts.segments[parts.numbers(marker)[0]][1] for marker in (SOF0, SOS))
        for number, name in enumerate(names):
            frame[6 + 3 * number] = scan[1 + 2 * number] = name[0]

    return rename


def scan_bytes(change: Callable[[bytearray], object]) -> Edit:
    return lambda parts: change(parts.scan)


def swap_restarts(scan: bytearray) -> None:
    places = [place for place in range(len(scan) - 1) if scan[place] == 0xFF and scan[place + 1] & 0xF8 == 0xD0]
    one, other = places[1] + 1, places[4] + 1
    scan[one], scan[other] = scan[other], scan[one]


def all_ones(parts: Parts) -> None:
    """A Huffman table, not one that the image uses first, whose last code is all ones."""
    number = parts.numbers(DHT)[0]
    parts.segments[number][1][:] = bytes([0, 3, 2, *[0] * 14]) + bytes([0, 1, 2, 3, 4])


def end_of_scan(tail: bytes) -> Edit:
    return scan_bytes(lambda scan: scan.__setitem__(slice(len(scan) - 2, None), tail))


DAMAGED = {
    "no quantisers": edited(without(DQT)),
    "one quantiser of two": edited(lambda parts: parts.segments.pop(parts.numbers(DQT)[1])),
    "no restart interval": edited(without(DRI), RESTARTS),
    "restarts swapped": edited(scan_bytes(swap_restarts), RESTARTS),
    "an id in the scan": edited(body(SOS, 3, 9)),
    "ids twice": edited(without_frame_header(b"\1", b"\2", b"\2")),
    "no end": PLAIN[:-2],
    "cut": PLAIN[:-40],
    "another scan at the end": edited(end_of_scan(b"\xff\xda\0\x02\xff\xd9")),
    "coefficients left out": edited(body(SOS, -2, 20)),
    "short JFIF, Adobe's RGB": edited(both(shorter(APP0, 10), before_the_frame(APP14, ADOBE_RGB))),
    "Adobe's RGB alone": edited(both(without(APP0), before_the_frame(APP14, ADOBE_RGB))),
    "a short Adobe": edited(before_the_frame(APP14, b"Adobe")),
    "a short profile": edited(before_the_frame(0xE2, b"ICC_PROFILE\0")),
    "a marker that nobody knows": edited(before_the_frame(0xF3, b"abc")),
    "quantisers of 16 bits": edited(large_quantisers),
    "quantisers of zero": edited(body(DQT, 1, 0)),
    "a code of all ones": edited(all_ones),
    "a quantiser that is not there": edited(body(SOF0, 8, 3)),
    "a Huffman table that is not there": edited(body(SOS, 2, 0x22)),
    "a resolution of one byte": edited(before_the_frame(0xE1, exif_with(0x011A, 1, 1, 72))),
    "an orientation in 32 bits": edited(before_the_frame(0xE1, exif_with(0x0112, 4, 1, 1))),
    "too many rows": edited(both(body(SOF0, 1, 255), body(SOF0, 2, 255))),
}
"""Files that our decoder must leave to Pillow, which refuses some and shows others."""

GOOD = {
    "no Huffman tables": edited(without(DHT)),
    "no Huffman tables, with restarts": edited(without(DHT), RESTARTS),
    "the second table alone": edited(lambda parts: parts.segments.pop(parts.numbers(DHT)[0])),
    "an upright orientation": edited(before_the_frame(0xE1, exif_with(0x0112, 3, 1, 1))),
    "something behind the end": PLAIN + b"rubbish",
    "other ids": edited(without_frame_header(b"\0", b"\1", b"\2")),
    "quantisers in 16 bits": edited(
        lambda parts: [
            content.__setitem__(slice(None), bytes([0x10 | content[0]]) + struct.pack(">64H", *content[1:65]))
            for marker, content in parts.segments
            if marker == DQT
        ]
    ),
}
"""Files that are in order, if unusual."""


def wanted(data: bytes) -> np.ndarray | None:
    try:
        return decode(data)
    except BadImage:
        return None


def answer(data: bytes, *before: bytes) -> tuple[int, np.ndarray]:
    """How our decoder alone ends on these bytes when it has seen others before, and the pixels."""
    state = new_state(1 << 16, 1 << 16)
    out = np.zeros((1, 3 * 48 * 48), np.uint8)
    output = Output(out, PLANAR_U8, np.array([1, 0.5] * 3, np.float32))
    status = np.zeros(1, np.uint8)
    zero = np.zeros(1, np.int64)
    for payload in (*before, data):
        memory = np.frombuffer(payload, np.uint8)
        jpeg_batch(memory, zero, np.array([len(payload)]), zero, *SIZE, state, output, status)
    return int(status[0]), out.reshape(3, *SIZE).transpose(1, 2, 0)


@pytest.mark.parametrize("before", [(), (FOREIGN,), (PLAIN,)], ids=["fresh", "foreign", "alike"])
@pytest.mark.parametrize("name", GOOD)
def test_unusual_files_are_decoded_by_what_they_say(name: str, before: tuple[bytes, ...]) -> None:
    status, pixels = answer(GOOD[name], *before)
    assert status == OK
    assert np.array_equal(pixels, decode(GOOD[name]))


@pytest.mark.parametrize("before", [(), (FOREIGN,), (PLAIN,)], ids=["fresh", "foreign", "alike"])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_left_to_pillow(name: str, before: tuple[bytes, ...]) -> None:
    assert answer(DAMAGED[name], *before)[0] == UNSUPPORTED


@pytest.mark.parametrize("transform", ["none", "eval224"])
@pytest.mark.parametrize("kind", ["fast", "torch", "naive"])
def test_every_loader_gives_pillows_pixels_or_its_refusal(kind: str, transform: str) -> None:
    """Between two other images, whose tables must not matter."""
    refused = 0
    for name, data in {**DAMAGED, **GOOD}.items():
        if name == "too many rows":
            continue  # its size is another
        store = store_of(FOREIGN, data, PLAIN)
        options = {"shuffle": False, "output": "uint8", "workers": 0, "loader": kind, "transform": transform}
        pixels = wanted(data)
        if pixels is None:
            refused += 1
            with pytest.raises(WorkError, match=r"^sample 1 of memory/train cannot be decoded: "):
                next(iter(make_loader(store, **options)))
            continue
        (images, _) = next(iter(make_loader(store, **options)))
        if transform == "none":
            assert np.array_equal(images[1].permute(1, 2, 0).numpy(), pixels), name
        else:
            (view,) = Transform(transform, 0).views(BatchSpec(0, 0, np.ones(1, np.int64)), [SIZE])
            assert psnr(images[1].permute(1, 2, 0).numpy(), apply(view, pixels)) > 40, name
    assert refused >= 6


def test_a_view_of_a_file_that_is_cut_below_the_view_is_refused_as_well() -> None:
    """What the view does not show is not decoded, but the file has to be whole."""
    tall = jpeg(picture(400, 60, 2), restart_marker_rows=1)
    for data in (tall[:-2], tall[: len(tall) * 9 // 10], tall.replace(b"\xff\xd5", b"\xff\xd6")):
        loader = make_loader(store_of(tall, data), shuffle=False, output="uint8", workers=0, transform="eval224")
        try:
            decode(data)
        except BadImage:
            with pytest.raises(WorkError, match=r"^sample 1 of memory/train cannot be decoded"):
                next(iter(loader))
        else:
            next(iter(loader))


def test_views_are_made_only_for_the_size_that_the_header_has() -> None:
    """The sizes come from another look at the file; where the two differ the image is Pillow's."""
    data = np.frombuffer(PLAIN, np.uint8)
    status = np.zeros(2, np.uint8)
    output = Output(np.zeros((2, 3 * 224 * 224), np.uint8), PLANAR_U8, np.array([1, 0.5] * 3, np.float32))
    axes = np.tile(np.array([0, 480, 0.0, 480 / 224]), (2, 2, 1))
    ends = np.array([len(data)] * 2)
    state = new_state(1 << 16, 1 << 16)
    sizes = np.array([[480, 480], [48, 480]])
    jpeg_views(
        data, np.zeros(2, np.int64), ends, no_records(2), np.arange(2), sizes, axes, np.zeros(2, bool), state,
        new_workspace(), output, status,
    )  # fmt: skip
    assert status.tolist() == [UNSUPPORTED] * 2


def test_a_batch_does_not_depend_on_the_batch_before() -> None:
    """The same thread's memory serves image after image; its tables are no image's but the one's that defines them."""
    payloads = [FOREIGN, GOOD["no Huffman tables"], PLAIN, FOREIGN, GOOD["no Huffman tables"]]
    store = store_of(*payloads)
    pipeline = fuse(store, staged(store, "none", 0, Normalise("uint8")))
    for order in ([0, 1, 2, 3, 4], [1, 0, 4, 3, 2], [4], [1]):
        out = np.zeros((len(order), 3, *SIZE), np.uint8)
        pipeline.fill(BatchSpec(0, 0, np.array(order)), out)
        for image, index in zip(out, order, strict=True):
            assert np.array_equal(image.transpose(1, 2, 0), decode(payloads[index]))


def test_images_that_cannot_have_the_bytes_they_need_take_no_memory() -> None:
    """A header may claim 65,500 x 2,000 pixels; a hundred bytes are not that."""
    claimed = edited(both(body(SOF0, 1, 7), body(SOF0, 3, 0xFF)))
    state = new_state(0, 0)
    status = np.zeros(1, np.uint8)
    zero = np.zeros(1, np.int64)
    memory = np.frombuffer(claimed, np.uint8)
    height, width = 7 * 256 + 48, 0xFF * 256 + 48
    output = Output(np.zeros((1, 3), np.uint8), PLANAR_U8, np.array([1, 0.5] * 3, np.float32))
    jpeg_batch(memory, zero, np.array([len(claimed)]), zero, height, width, state, output, status)
    assert status[0] == UNSUPPORTED, "not TOO_SMALL"


def test_mutated_files_never_crash_and_never_differ() -> None:
    """A short piece of `python -m benchmarks.fuzz_jpeg`, in a process of its own: see there what it looks for."""
    counts, found = findings_of(5_000_000, 250)
    assert not found
    assert counts["images"] == 250
    assert counts["equal to Pillow's"] > 30
    assert counts["views like Pillow's"] > 10

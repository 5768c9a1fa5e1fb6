"""Our PNG decoder against Pillow: the same pixels to the bit, or left to Pillow; never a crash."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")

from benchmarks.png_files import (
    AVERAGE,
    GREY,
    GREY_ALPHA,
    PAETH,
    PALETTE,
    RGB,
    RGBA,
    Chunk,
    chunks_of,
    file_of,
    header,
    palette,
    png,
    rows_of,
    samples_of,
    with_data,
)
from core.base.errors import InputError, WorkError
from core.images.pixels import decode
from core.loading.batch_sampler import BatchSpec
from core.loading.fused import fuse
from core.loading.fused.jpeg import JpegPipeline
from core.loading.fused.png import PngPipeline
from core.loading.loader import make_loader
from core.loading.normalise import Normalise
from core.loading.output import PLANAR_U8, Output
from core.loading.pipeline import staged
from core.loading.png.batch import png_batch
from core.loading.png.state import PngState, new_png_state
from core.loading.statuses import OK, TOO_SMALL, UNSUPPORTED
from core.loading.transform import Transform, apply
from tests.loading_fixtures import picture
from tests.test_loading_jpeg import jpeg, psnr, store_of

KINDS = [
    (GREY, 1), (GREY, 2), (GREY, 4), (GREY, 8), (RGB, 8), (PALETTE, 1), (PALETTE, 2), (PALETTE, 4), (PALETTE, 8),
    (GREY_ALPHA, 8), (RGBA, 8),
]  # fmt: skip
"""Colour types and depths that are decoded here; those of 16 bits are Pillow's."""

SIZES = [
    (1, 16), (16, 1), (1, 33), (33, 1), (2, 8), (6, 3), (4, 31), (32, 32),
    *((3, width) for width in range(15, 34)),
]  # fmt: skip

FILTERS = [[0], [1], [2], [3], [4], [4, 3, 2, 1, 0, 3, 1, 4, 2], [3, 4], [2, 0, 1]]


def answer(data: bytes, size: tuple[int, int], state: PngState | None = None) -> tuple[int, np.ndarray]:
    """How our decoder alone ends on these bytes, and the pixels."""
    out = np.zeros((1, 3 * size[0] * size[1]), np.uint8)
    output = Output(out, PLANAR_U8, np.array([1, 0.5] * 3, np.float32))
    status, zero = np.zeros(1, np.uint8), np.zeros(1, np.int64)
    memory = np.frombuffer(data, np.uint8)
    state = state or new_png_state(1 << 16, 1 << 18)
    png_batch(memory, zero, np.array([len(data)]), zero, *size, state, output, status)
    return int(status[0]), out.reshape(3, *size).transpose(1, 2, 0)


def plain(size: tuple[int, int], colour: int = RGB, depth: int = 8, seed: int = 0, **options: Any) -> bytes:
    """A file with some of all filters; a palette of all the colours that its samples can name."""
    if colour == PALETTE:
        options["before"] = [*options.get("before", ()), palette(1 << depth)]
    return png(samples_of(*size, colour, depth, seed), colour, depth, **{"filters": FILTERS[5], **options})


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_pixels_are_pillows(colour: int, depth: int, filters: list[int]) -> None:
    state = new_png_state(1 << 16, 1 << 18)
    for seed, size in enumerate(SIZES):
        data = plain(size, colour, depth, seed, filters=filters)
        status, pixels = answer(data, size, state)
        assert status == OK, size
        assert np.array_equal(pixels, decode(data)), size


@pytest.mark.parametrize("kind", [AVERAGE, PAETH])
@pytest.mark.parametrize("colour", [GREY, GREY_ALPHA, RGB, RGBA])
def test_filters_of_noise(colour: int, kind: int) -> None:
    channels = {GREY: 1, GREY_ALPHA: 2, RGB: 3, RGBA: 4}[colour]
    noise = np.random.default_rng(kind).integers(0, 256, (150, 150, channels))
    noise[75:] = noise[75:] // 200 * 255  # many that are as near as others
    data = png(noise, colour, filters=[kind])
    status, pixels = answer(data, (150, 150))
    assert status == OK
    assert np.array_equal(pixels, decode(data))


@pytest.mark.parametrize("colour", [GREY_ALPHA, RGBA])
def test_every_alpha_over_white(colour: int) -> None:
    values, alpha = np.divmod(np.arange(1 << 16), 256)
    colours = [values] if colour == GREY_ALPHA else [values, 255 - values, values ^ alpha]
    data = png(np.stack([*colours, alpha], 1).reshape(256, 256, -1), colour)
    status, pixels = answer(data, (256, 256), new_png_state(1 << 20, 1 << 20))
    assert status == OK
    assert np.array_equal(pixels, decode(data))


@pytest.mark.parametrize("parts", [2, 7, 100])
@pytest.mark.parametrize("colour", [RGB, PALETTE])
def test_data_in_several_chunks_some_of_them_empty(colour: int, parts: int) -> None:
    data = plain((17, 20), colour, parts=parts)
    empty = Chunk(b"IDAT", b"")
    chunks = chunks_of(data)
    first = next(number for number, chunk in enumerate(chunks) if chunk.name == b"IDAT")
    for file in (data, file_of([*chunks[:first], empty, *chunks[first:-1], empty, chunks[-1]])):
        status, pixels = answer(file, (17, 20))
        assert status == OK
        assert np.array_equal(pixels, decode(file))


@pytest.mark.parametrize("level", range(10))
def test_files_that_pillow_writes(level: int) -> None:
    for pixels in (picture(32, 32, 0), picture(61, 83, level)[:, :, 0]):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=level, dpi=(300, 300))
        status, ours = answer(file.getvalue(), pixels.shape[:2])
        assert status == OK
        assert np.array_equal(ours, decode(file.getvalue()))


@pytest.mark.parametrize("output", ["float32", "uint8"])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("size", [(20, 37), (3, 3), (3, 16), (16, 3)])
def test_every_layout_of_the_output(output: str, channels_last: bool, size: tuple[int, int]) -> None:
    store = store_of(*(plain(size, colour, seed=colour) for colour in (RGB, GREY, PALETTE, RGBA)))
    options = {"shuffle": False, "output": output, "channels_last": channels_last, "workers": 0}
    images, _ = next(iter(make_loader(store, mean=(0, 0.25, 0.5), std=(1, 0.5, 2), **options)))
    pixels = np.stack([store.pixels(index) for index in range(4)]).astype(np.float64)
    if output == "float32":
        pixels = (pixels / 255 - (0, 0.25, 0.5)) / (1, 0.5, 2)
    np.testing.assert_allclose(images.permute(0, 2, 3, 1).numpy(), pixels, atol=1e-6)


def wide(colour: int) -> bytes:
    return png(samples_of(40, 50, colour, 16, 0), colour, 16)


FOREIGN = {
    "interlaced": plain((40, 50), interlaced=True),
    "16 bits": wide(RGB),
    "16 bits of grey": wide(GREY),
    "16 bits with alpha": wide(RGBA),
    "transparent": plain((40, 50), PALETTE, before=[Chunk(b"tRNS", b"\0\x80")]),
    "jpeg": jpeg(picture(40, 50, 0)),
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("transform", ["none", "eval224"])
def test_what_it_does_not_know_is_left_to_pillow(name: str, transform: str) -> None:
    store = store_of(plain((40, 50)), FOREIGN[name], plain((40, 50), seed=1))
    loader = make_loader(store, shuffle=False, output="uint8", transform=transform, workers=0)
    images, _ = next(iter(loader))
    wanted = decode(FOREIGN[name])
    if transform != "none":
        (view,) = Transform(transform, 0).views(BatchSpec(0, 0, np.array([1])), [wanted.shape[:2]])
        wanted = apply(view, wanted)
    assert answer(FOREIGN[name], (40, 50))[0] == UNSUPPORTED
    assert np.array_equal(images[1].numpy().transpose(1, 2, 0), wanted)


def test_the_first_payload_chooses_and_the_others_are_right_all_the_same() -> None:
    payloads = [plain((40, 50)), jpeg(picture(40, 50, 0)), plain((40, 50), GREY), jpeg(picture(40, 50, 1))]
    for order, kind in (([0, 1, 2, 3], PngPipeline), ([1, 0, 3, 2], JpegPipeline)):
        store = store_of(*(payloads[number] for number in order))
        pipeline = fuse(store, staged(store, "none", 0, Normalise("uint8")))
        assert isinstance(pipeline, kind)
        assert pipeline.native
        out = np.zeros((4, 3, 40, 50), np.uint8)
        pipeline.fill(BatchSpec(0, 0, np.arange(4)), out)
        for image, number in zip(out, order, strict=True):
            assert np.array_equal(image.transpose(1, 2, 0), decode(payloads[number]))


def test_images_of_differing_sizes_do_not_stack() -> None:
    store = store_of(*[plain((20, 30))] * 40)
    store.reader.payloads[7] = plain((20, 31))  # not one of the probes
    with pytest.raises(InputError, match="20x30 and 20x31"):
        list(make_loader(store, shuffle=False, workers=0))


@pytest.mark.parametrize("size", [(1, 1), (1, 15), (15, 1), (3, 5)])
def test_images_of_less_than_sixteen_pixels_are_pillows(size: tuple[int, int]) -> None:
    data = plain(size)
    assert answer(data, size)[0] == UNSUPPORTED
    images, _ = next(iter(make_loader(store_of(data), output="uint8", workers=0)))
    assert np.array_equal(images[0].numpy().transpose(1, 2, 0), decode(data))


def test_large_images_get_the_memory_they_need() -> None:
    payloads = [plain((16, 24)), plain((500, 700), parts=2, filters=[1]), plain((16, 24), RGBA)]
    loader = make_loader(store_of(*payloads), transform="eval224", shuffle=False, output="uint8", workers=0)
    images, _ = next(iter(loader))
    sizes = [decode(payload).shape[:2] for payload in payloads]
    views = Transform("eval224", 0).views(BatchSpec(0, 0, np.arange(3)), sizes)
    for image, view, payload in zip(images.numpy(), views, payloads, strict=True):
        assert psnr(image.transpose(1, 2, 0), apply(view, decode(payload))) > 45


def test_memory_that_is_too_small_is_asked_for() -> None:
    data = plain((32, 32))
    for stream, samples in ((1 << 16, 1000), (1 << 16, 3168)):
        assert answer(data, (32, 32), new_png_state(stream, samples))[0] == TOO_SMALL
    assert answer(plain((32, 32), parts=2), (32, 32), new_png_state(0, 1 << 16))[0] == TOO_SMALL
    assert answer(data, (32, 32), new_png_state(0, 1 << 16))[0] == OK, "one chunk is read where it lies"


def test_images_that_cannot_have_the_bytes_they_need_take_no_memory() -> None:
    claimed = file_of([header(1 << 13, 1 << 13, 8, RGB), *chunks_of(plain((32, 32)))[1:]])
    assert answer(claimed, (1 << 13, 1 << 13), new_png_state(0, 0))[0] == UNSUPPORTED, "not TOO_SMALL"


@pytest.mark.parametrize(("colour", "depth"), [(RGB, 8), (GREY, 8), (PALETTE, 4), (RGBA, 8)])
@pytest.mark.parametrize("size", [(40, 30), (224, 224), (310, 270), (64, 900), (5, 300), (300, 5)])
def test_views_look_as_pillows(size: tuple[int, int], colour: int, depth: int) -> None:
    smooth = picture(*size, 0)[:, :, :1] if colour in (GREY, PALETTE) else picture(*size, 0)
    samples = smooth.astype(np.int64) >> (8 - depth)
    if colour == RGBA:
        samples = np.concatenate([samples, 255 - samples[:, :, :1] // 2], axis=2)
    store = store_of(png(samples, colour, depth, filters=FILTERS[5], before=[palette(16)] if colour == PALETTE else []))
    for transform in ("train224", "eval224"):
        stages = staged(store, transform, 5, Normalise("uint8"))
        ours, pillows = np.zeros((2, 1, 3, 224, 224), np.uint8)
        for epoch in range(3):
            spec = BatchSpec(epoch, 0, np.zeros(1, np.int64))
            fuse(store, stages).fill(spec, ours)
            stages.fill(spec, pillows)
            assert psnr(ours, pillows) > 40


def test_rows_below_a_view_are_looked_at_as_well() -> None:
    """What is not shown is not unfiltered, but the file has to be whole, and every filter one that there is."""
    samples = samples_of(400, 60, RGB, 8, 0)
    rows = rows_of(samples, 8, [4])
    head = header(400, 60, 8, RGB)
    good = with_data(zlib.compress(rows), head)
    sixth_filter = bytearray(rows)
    sixth_filter[-181] = 5
    for data in (with_data(zlib.compress(sixth_filter), head), with_data(zlib.compress(rows)[:-8], head), good[:-400]):
        loader = make_loader(store_of(good, data), shuffle=False, output="uint8", workers=0, transform="eval224")
        with pytest.raises(WorkError, match=r"^sample 1 of memory/train cannot be decoded"):
            next(iter(loader))


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_every_kind_of_worker(kind: str) -> None:
    payloads = [plain((32, 32), seed=seed) for seed in range(20)]
    loader = make_loader(store_of(*payloads), batch_size=4, shuffle=False, output="uint8", workers=f"{kind}:2")
    with loader:
        images = np.concatenate([images.numpy() for images, _ in loader])
    for image, payload in zip(images, payloads, strict=True):
        assert np.array_equal(image.transpose(1, 2, 0), decode(payload))

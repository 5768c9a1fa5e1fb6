"""Our JPEG decoder against Pillow's libjpeg-turbo: the same pixels to the bit, or left to Pillow; never a crash."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

pytest.importorskip("numba")

from core.base.errors import WorkError
from core.images.pixels import decode
from core.loading.batch_sampler import BatchSpec
from core.loading.fused import fuse
from core.loading.fused.jpeg import JpegPipeline
from core.loading.loader import make_loader
from core.loading.normalise import Normalise
from core.loading.pipeline import staged
from core.loading.transform import Transform, apply
from tests.loading_fixtures import MemoryStore, memory_store, picture


def jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def exif(tags: dict[int, Any]) -> Image.Exif:
    made = Image.Exif()
    for tag, value in tags.items():
        made[tag] = value
    return made


def store_of(*payloads: bytes) -> MemoryStore:
    store = memory_store([(8, 8)] * len(payloads), "original")
    store.reader.payloads[:] = payloads
    return store


def decoded(payload: bytes, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Pixels from our decoder alone. Fails where it leaves the image to Pillow."""
    store = store_of(payload)
    pipeline = fuse(store, staged(store, "none", 0, Normalise("uint8")))
    assert isinstance(pipeline, JpegPipeline)
    monkeypatch.setattr(type(pipeline.stages), "fill", _must_not_be_called)
    out = np.zeros((1, 3, *shape[:2]), np.uint8)
    pipeline.fill(BatchSpec(0, 0, np.zeros(1, np.int64)), out)
    return out[0].transpose(1, 2, 0)


def _must_not_be_called(*_: Any) -> None:
    raise AssertionError("left to Pillow")


SIZES = [(1, 16), (1, 17), (2, 18), (3, 31), (9, 47), (15, 16), (16, 16), (17, 33), (32, 32), (33, 64), (61, 83)]


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("quality", [1, 30, 75, 95, 100])
def test_pixels_are_libjpegs(subsampling: str, quality: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, (height, width) in enumerate(SIZES):
        pixels = picture(height, width, seed)
        payload = jpeg(pixels, quality=quality, subsampling=subsampling)
        assert np.array_equal(decoded(payload, pixels.shape, monkeypatch), decode(payload)), (height, width)


@pytest.mark.parametrize(
    "options",
    [
        {"optimize": True},
        {"restart_marker_blocks": 1},
        {"restart_marker_blocks": 7},
        {"restart_marker_rows": 1},
        {"comment": b"x" * 5000},
        {"icc_profile": b"y" * 70_000},
        {"dpi": (300, 300)},
        {"exif": exif({0x010F: "Maker"})},
        {"exif": exif({0x010F: "Maker", 0x0112: 1})},
    ],
)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_every_way_to_write_a_baseline_file(options: Any, subsampling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = picture(70, 90, 1)
    payload = jpeg(pixels, subsampling=subsampling, **options)
    assert np.array_equal(decoded(payload, pixels.shape, monkeypatch), decode(payload))


def test_noise_of_every_code_length(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for quality in (5, 50, 100):
        payload = jpeg(noise, quality=quality)
        assert np.array_equal(decoded(payload, noise.shape, monkeypatch), decode(payload))


def test_greyscale(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = picture(19, 30, 0)
    payload = jpeg(pixels[:, :, 0])
    assert np.array_equal(decoded(payload, pixels.shape, monkeypatch), decode(payload))


@pytest.mark.parametrize("output", ["float32", "uint8"])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("size", [(20, 37), (3, 3), (3, 16), (16, 3)])
def test_every_layout_of_the_output(output: str, channels_last: bool, size: tuple[int, int]) -> None:
    payloads = [jpeg(picture(*size, seed)) for seed in range(3)]
    options = {"shuffle": False, "output": output, "channels_last": channels_last, "workers": 0}
    for store in (store_of(*payloads), memory_store([size] * 3)):
        images, _ = next(iter(make_loader(store, mean=(0, 0.25, 0.5), std=(1, 0.5, 2), **options)))
        pixels = np.stack([store.pixels(index) for index in range(3)]).astype(np.float64)
        if output == "float32":
            pixels = (pixels / 255 - (0, 0.25, 0.5)) / (1, 0.5, 2)
        np.testing.assert_allclose(images.permute(0, 2, 3, 1).numpy(), pixels, atol=1e-6)


def unusual() -> Iterator[bytes]:
    pixels = picture(40, 50, 0)
    yield jpeg(pixels, progressive=True)
    yield _cmyk(pixels)
    yield jpeg(pixels.transpose(1, 0, 2), exif=exif({0x010F: "Maker", 0x0112: 6}))
    yield jpeg(pixels.transpose(1, 0, 2), xmp=b'<rdf:Description tiff:Orientation="6"/>')
    yield jpeg(pixels, keep_rgb=True)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    yield file.getvalue()


def _cmyk(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert("CMYK").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("payload", list(unusual()), ids=["progressive", "cmyk", "exif", "xmp", "rgb", "png"])
@pytest.mark.parametrize("transform", ["none", "eval224"])
def test_what_it_does_not_know_is_left_to_pillow(payload: bytes, transform: str) -> None:
    plain = jpeg(picture(40, 50, 1))
    loader = make_loader(store_of(plain, payload, plain), shuffle=False, output="uint8", transform=transform, workers=0)
    images, _ = next(iter(loader))
    wanted = decode(payload)
    if transform != "none":
        (view,) = Transform(transform, 0).views(BatchSpec(0, 0, np.array([1])), [wanted.shape[:2]])
        wanted = apply(view, wanted)
    assert np.array_equal(images[1].numpy().transpose(1, 2, 0), wanted)


def test_tables_are_not_mixed_up_between_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers that are the same are read once; others are not taken for them."""
    pixels = picture(32, 32, 3)
    payloads = [jpeg(pixels, quality=quality, optimize=quality == 50) for quality in (90, 90, 50, 90, 20, 50)]
    loader = make_loader(store_of(*payloads), shuffle=False, output="uint8", workers=0)
    images, _ = next(iter(loader))
    for image, payload in zip(images.numpy(), payloads, strict=True):
        assert np.array_equal(image.transpose(1, 2, 0), decode(payload))


def test_large_images_get_the_memory_they_need() -> None:
    payloads = [jpeg(picture(16, 24, 0)), jpeg(picture(900, 1300, 1)), jpeg(picture(16, 24, 2))]
    loader = make_loader(store_of(*payloads), transform="eval224", shuffle=False, output="uint8", workers=0)
    images, _ = next(iter(loader))
    views = Transform("eval224", 0).views(
        BatchSpec(0, 0, np.arange(3)), [decode(payload).shape[:2] for payload in payloads]
    )
    for image, view, payload in zip(images.numpy(), views, payloads, strict=True):
        assert psnr(image.transpose(1, 2, 0), apply(view, decode(payload))) > 45


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((one.astype(np.float64) - other) ** 2), 1e-9)))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("size", [(40, 30), (224, 224), (300, 500), (700, 310), (64, 2000), (5, 300), (300, 5)])
@pytest.mark.parametrize("transform", ["train224", "eval224"])
def test_views_look_as_pillows(subsampling: str, size: tuple[int, int], transform: str) -> None:
    store = store_of(*(jpeg(picture(*size, seed), subsampling=subsampling) for seed in range(4)))
    stages = staged(store, transform, 5, Normalise("uint8"))
    ours, pillows = np.zeros((2, 4, 3, 224, 224), np.uint8)
    for epoch in range(2):
        spec = BatchSpec(epoch, 0, np.arange(4))
        fuse(store, stages).fill(spec, ours)
        stages.fill(spec, pillows)
        for one, other in zip(ours, pillows, strict=True):
            assert psnr(one, other) > 40


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_never_crash_it(data: st.DataObject) -> None:
    """Whatever a damaged file does, it ends as pixels or as an error that names the sample, in bounded memory."""
    sampling = data.draw(st.sampled_from(["4:4:4", "4:2:0"]))
    payload = bytearray(
        jpeg(
            picture(24, 40, 0),
            subsampling=sampling,
            restart_marker_blocks=data.draw(st.integers(0, 3)),
            exif=exif({0x0112: 1}),
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(2, len(payload) - 1))] = data.draw(st.integers(0, 255))
    payload = payload[: data.draw(st.integers(4, len(payload)))]
    transform = data.draw(st.sampled_from(["train224", "eval224"]))
    store = store_of(bytes(payload), bytes(payload))
    out = np.zeros((2, 3, 224, 224), np.uint8)
    with suppress(WorkError):  # Pillow's verdict on what was left to it
        fuse(store, staged(store, transform, 0, Normalise("uint8"))).fill(BatchSpec(0, 0, np.arange(2)), out)
        assert np.array_equal(out[0], out[1]) or transform == "train224"


def test_a_truncated_file_is_pillows_error() -> None:
    payload = jpeg(picture(64, 64, 0))
    store = store_of(payload, payload[:-200], payload)
    loader = make_loader(store, shuffle=False, transform="eval224", workers=0)
    with pytest.raises(WorkError, match=r"^sample 1 of memory/train cannot be decoded: broken image"):
        next(iter(loader))

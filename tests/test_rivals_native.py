"""What the rivals of native code are given, where that is plain Python: their libraries are not installed here."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.rivals.dali.payloads import ShuffledPayloads, write_payloads
from core.rivals.ffcv import source
from core.rivals.ffcv.source import FfcvSamples, refuse_large
from core.rivals.inside.samples import ABOUT, OFFSETS, PAYLOADS, TICKETS, Samples
from core.rivals.spdl.batches import ShuffledBatches, crop_filter


@pytest.fixture
def samples_of(tmp_path: Path) -> Callable[..., Samples]:
    def made(payloads: list[bytes], encoding: str, shape: tuple[int, int] | None = None) -> Samples:
        folder = tmp_path / "samples"
        folder.mkdir()
        (folder / ABOUT).write_text(json.dumps({"classes": 3, "encoding": encoding, "shape": shape}))
        (folder / PAYLOADS).write_bytes(b"".join(payloads))
        np.save(folder / OFFSETS, np.cumsum([0, *map(len, payloads)]))
        np.save(folder / TICKETS, np.arange(len(payloads)) * 3 + 1)
        return Samples(folder)

    return made


def jpeg(side: int, seed: int = 0) -> bytes:
    file = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side + 2, 3), np.uint8)
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def test_dali_gets_every_sample_once_an_epoch_in_another_order_each_time(
    samples_of: Callable[..., Samples], tmp_path: Path
) -> None:
    payloads = [bytes([index]) * (index + 1) for index in range(11)]
    samples = samples_of(payloads, "png")
    write_payloads(samples, tmp_path)
    epochs = ShuffledPayloads(tmp_path, None, batch_size=4, seed=0)
    orders = []
    for _ in range(2):
        batches = list(epochs)
        assert [len(data) for data, _ in batches] == [4, 4, 3]
        pairs = [(bytes(one), int(ticket)) for data, told in batches for one, ticket in zip(data, told, strict=True)]
        assert sorted(pairs, key=lambda pair: pair[1]) == list(samples.in_order())
        orders.append([ticket for _, ticket in pairs])
    assert orders[0] != orders[1]


def test_dali_gets_bare_pixels_as_one_array(samples_of: Callable[..., Samples], tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 2, 3, 3), np.uint8)
    write_payloads(samples_of([one.tobytes() for one in pixels], "raw", (2, 3)), tmp_path)
    for images, tickets in ShuffledPayloads(tmp_path, (2, 3), batch_size=4, seed=0):
        assert np.array_equal(images, pixels[tickets // 3])


def test_ffcvs_writer_gets_pixels_or_the_files_bytes(samples_of: Callable[..., Samples]) -> None:
    samples = samples_of([jpeg(6, 1), jpeg(4, 2)], "jpeg")
    image, ticket = FfcvSamples(samples, original=False)[1]
    assert (image.shape, image.dtype, ticket) == ((4, 6, 3), np.uint8, 4)
    kept = FfcvSamples(samples, original=True)
    assert [kept[index] for index in range(len(kept))] == list(samples.in_order())


def test_ffcv_refuses_what_would_make_its_writer_wait_for_ever(
    samples_of: Callable[..., Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = samples_of([jpeg(6), jpeg(40)], "jpeg")
    sizes = [len(data) for data, _ in samples.in_order()]
    monkeypatch.setattr(source, "PAGE_BYTES", sizes[1])
    refuse_large(samples, None)
    monkeypatch.setattr(source, "PAGE_BYTES", sizes[1] - 1)
    with pytest.raises(ValueError, match=f"sample 1 takes {sizes[1]:,} bytes"):
        refuse_large(samples, None)
    asked: list[int] = []
    refuse_large(samples, lambda data, _: asked.append(len(data)) or 5)  # type: ignore[func-returns-value]
    assert asked == [sizes[1]]  # the other's pixels fit a page, whatever they are encoded to
    with pytest.raises(ValueError, match="sample 1 takes 9,000,000 bytes"):
        refuse_large(samples, lambda *_: 9_000_000)


def test_spdl_gets_every_index_once_an_epoch_in_another_order_each_time() -> None:
    epochs = ShuffledBatches(11, batch_size=4, seed=0)
    first, second = list(epochs), list(epochs)
    assert [len(batch) for batch in first] == [4, 4, 3]
    for batches in (first, second):
        assert sorted(index for batch in batches for index in batch) == list(range(11))
    assert first != second


def test_ffmpeg_is_told_crops_that_lie_in_the_image() -> None:
    random.seed(0)
    flips, areas = 0, []
    for _ in range(300):
        crop, scale, *rest = crop_filter(60, 40).split(",")
        width, height, left, top = map(int, crop.removeprefix("crop=").removesuffix(":exact=1").split(":"))
        assert 0 <= left <= 60 - width
        assert 0 <= top <= 40 - height
        areas.append(width * height / 2400)
        assert scale == "scale=224:224:flags=bilinear"
        assert rest[-1] == "format=pix_fmts=rgb24"
        flips += rest[:-1] == ["hflip"]
    assert 110 < flips < 190
    assert min(areas) < 0.15
    assert max(areas) > 0.85

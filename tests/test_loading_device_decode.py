"""Decoding on the device, with a decoder of the host's in its place: everything but nvJPEG's own arithmetic."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.base.errors import InputError, WorkError
from core.images.pixels import OriginalImage
from core.loading import device_decode, device_resample
from core.loading.decode import plain_size
from core.loading.device_decode import DeviceEngine, find_decoder
from core.loading.device_resample import resample
from core.loading.loader import make_loader
from core.loading.transform import apply, eval_view, random_numbers, train_view
from tests.loading_fixtures import MemoryStore, memory_store, picture


class Standing:
    """Decodes as the device would, and remembers how many it was given at once."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def __call__(self, payloads: list[torch.Tensor]) -> list[torch.Tensor]:
        self.counts.append(len(payloads))
        return [self._one(payload.numpy().tobytes()) for payload in payloads]

    def _one(self, payload: bytes) -> torch.Tensor:
        try:
            pixels = np.array(Image.open(io.BytesIO(payload)).convert("RGB"))
        except OSError as error:
            raise RuntimeError(str(error)) from None
        return torch.from_numpy(pixels).permute(2, 0, 1)


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Standing:
    decoder = Standing()
    monkeypatch.setattr(device_decode, "find_decoder", lambda device: decoder)
    return decoder


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(10 * torch.log10(255.0**2 / (one.double() - other.double()).square().mean().clamp(min=1e-9)))


@pytest.mark.parametrize("workers", [0, "auto"])
@pytest.mark.parametrize("output", ["uint8", "float32"])
def test_without_resizing_it_gives_the_hosts_batches(standing: Standing, workers: int | str, output: str) -> None:
    store = memory_store([(20, 24)] * 10, "jpeg", "zstd")
    with make_loader(store, batch_size=4, workers=workers, output=output, decode="device") as loader:
        assert isinstance(loader._engine, DeviceEngine)
        made = [batch for _ in range(2) for batch in loader]
    host = make_loader(store, batch_size=4, workers=0, output=output)
    for (images, labels), (wanted, wanted_labels) in zip(made, [b for _ in range(2) for b in host], strict=True):
        torch.testing.assert_close(images, wanted, atol=2e-6, rtol=0)
        assert torch.equal(labels, wanted_labels)
    assert sorted(standing.counts) == [2, 2, 4, 4, 4, 4]  # two threads hand them over
    assert set(loader.stages) == {"fetch", "decompress", "decode+transform+normalise"}


@pytest.mark.parametrize("transform", ["train224", "eval224"])
def test_resizing_is_pillows(standing: Standing, transform: str) -> None:
    store = memory_store([(300, 400), (260, 231), (500, 333), (100, 120)], "jpeg")
    settings = {"batch_size": 4, "transform": transform, "output": "uint8", "workers": 0}
    ((images, _),) = make_loader(store, decode="device", channels_last=True, **settings)
    ((wanted, _),) = make_loader(store, loader="torch", **settings)
    assert images.is_contiguous(memory_format=torch.channels_last)
    for one, other in zip(images, wanted, strict=True):
        assert psnr(one, other) > 45


@pytest.mark.parametrize("size", [(300, 400), (90, 110), (224, 224), (1, 7)])
def test_views_are_resampled_to_the_level(size: tuple[int, int]) -> None:
    pixels = picture(*size, 3)
    image = torch.from_numpy(pixels).permute(2, 0, 1)
    for view in (eval_view(*size), train_view(*size, random_numbers(0, 0, np.array([5]))[0])):
        wanted = torch.from_numpy(np.array(apply(view, pixels))).permute(2, 0, 1)
        (shown,) = resample([image], [view])
        assert (shown.int() - wanted.int()).abs().max() <= 1


def test_what_the_device_cannot_do_the_host_does(standing: Standing) -> None:
    store = memory_store([(16, 20)] * 6, "original")
    replace(store, 1, turned())
    replace(store, 3, jpeg_of(Image.new("CMYK", (20, 16), (10, 200, 30, 40))))
    replace(store, 4, jpeg_of(Image.new("L", (20, 16), 77)))
    replace(store, 0, jpeg_of(Image.new("RGB", (20, 16), (9, 8, 7))))
    settings = {"batch_size": 6, "shuffle": False, "output": "uint8", "workers": 0}
    ((images, _),) = make_loader(store, decode="auto", **settings)
    ((wanted, _),) = make_loader(store, loader="torch", **settings)
    assert torch.equal(images, wanted)
    assert standing.counts == [2]  # the RGB and the grey JPEG; PNGs, CMYK and the turned one are the host's


def test_a_colour_profile_keeps_no_photo_from_the_device(standing: Standing) -> None:
    image = Image.fromarray(picture(16, 20, 1))
    whole, (first, last) = (
        jpeg_of(image, icc_profile=b"p" * 70_000),
        (jpeg_of(image, icc_profile=b"p" * n) for n in (9, 1)),
    )
    marker = first.index(b"ICC_PROFILE") - 4
    short = first[:marker] + b"\xff\xe2\0\x0eICC_PROFILE\0" + first[marker + 4 + 23 :]
    elsewhere = last.replace(b"\xff\xe2", b"\xff\xe3", 1)
    assert [plain_size(one) for one in (whole, first, short, elsewhere)] == [(16, 20), (16, 20), None, None]

    store = memory_store([(16, 20)] * 6, "original")
    for index, payload in enumerate((whole, first, jpeg_of(image), last)):
        replace(store, index, payload)
    settings = {"batch_size": 4, "shuffle": False, "output": "uint8", "workers": 0}
    (images, _), _ = make_loader(store, decode="device", **settings)
    (wanted, _), _ = make_loader(store, loader="torch", **settings)
    assert torch.equal(images, wanted)
    assert standing.counts == [4]


def test_images_of_many_sizes_are_resampled_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [(300, 400), (90, 110), (1, 7), (700, 41), (224, 224)]
    images = [torch.from_numpy(picture(*size, number)).permute(2, 0, 1) for number, size in enumerate(sizes)]
    views = [eval_view(*sizes[0]), eval_view(*sizes[1])]
    views += [train_view(*size, random_numbers(0, 0, np.array([5]))[0]) for size in sizes[2:]]
    alone = torch.cat([resample([image], [view]) for image, view in zip(images, views, strict=True)])
    assert torch.equal(resample(images, views), alone)
    monkeypatch.setattr(device_resample, "ROWS", 310)  # an image that has more is resampled all the same
    assert torch.equal(resample(images, views), alone)


def test_a_broken_image_is_named(standing: Standing) -> None:
    store = memory_store([(16, 20)] * 6, "jpeg")
    store.reader.payloads[4] = store.reader.payloads[4][:-300]
    with pytest.raises(WorkError, match="sample 4 of memory"):
        list(make_loader(store, batch_size=6, decode="device"))


def test_differing_shapes_are_refused_without_a_transform(standing: Standing) -> None:
    store = memory_store([(16, 20)] * 40 + [(20, 16)] + [(16, 20)] * 40, "jpeg")
    with pytest.raises(InputError, match="differing shapes"):
        list(make_loader(store, batch_size=81, decode="device"))


def test_it_is_asked_for_by_name() -> None:
    store = memory_store([(16, 20)] * 2, "jpeg")
    assert find_decoder(torch.device("cpu")) is None
    with pytest.raises(InputError, match="unknown decode='gpu'"):
        make_loader(store, decode="gpu")
    with pytest.raises(InputError, match="cpu has no decoder here"):
        make_loader(store, decode="device")
    with pytest.raises(InputError, match="is for the fast loader"):
        make_loader(store, decode="device", loader="torch")
    with pytest.raises(InputError, match="no JPEGs"):
        make_loader(memory_store([(16, 20)] * 2), decode="device")
    ((images, _),) = make_loader(store, batch_size=2, decode="auto", output="uint8")
    assert images.shape == (2, 3, 16, 20)


CUDA = torch.device("cuda")
needs_nvjpeg = pytest.mark.skipif(
    not torch.cuda.is_available() or find_decoder(CUDA) is None, reason="no CUDA GPU with torchvision here"
)


@needs_nvjpeg
@pytest.mark.parametrize("transform", ["none", "train224", "eval224"])
@pytest.mark.parametrize("workers", [0, "auto"])
def test_nvjpeg_shows_what_the_host_shows(transform: str, workers: int | str) -> None:
    store = memory_store([(240, 260)] * 40, "jpeg")
    settings: dict[str, Any] = {"batch_size": 8, "transform": transform, "output": "uint8"}
    with make_loader(store, decode="device", device="cuda", workers=workers, **settings) as loader:
        made = [batch for _ in range(2) for batch in loader]
    host = make_loader(store, workers=0, **settings)
    for (images, labels), (wanted, wanted_labels) in zip(made, [b for _ in range(2) for b in host], strict=True):
        assert images.is_cuda
        assert torch.equal(labels.cpu(), wanted_labels)
        assert psnr(images.cpu(), wanted) > 35


@needs_nvjpeg
def test_what_nvjpeg_cannot_do_the_host_does() -> None:
    store = memory_store([(16, 20)] * 6, "original")
    replace(store, 1, turned())
    replace(store, 3, jpeg_of(Image.new("CMYK", (20, 16), (10, 200, 30, 40))))
    replace(store, 4, jpeg_of(Image.new("L", (20, 16), 77)))
    replace(store, 0, jpeg_of(Image.fromarray(picture(16, 20, 1)), progressive=True, quality=95, subsampling=0))
    settings: dict[str, Any] = {"batch_size": 6, "shuffle": False, "output": "uint8", "workers": 0}
    ((images, _),) = make_loader(store, decode="device", device="cuda", **settings)
    ((wanted, _),) = make_loader(store, **settings)
    for one, other in zip(images.cpu(), wanted, strict=True):
        assert psnr(one, other) > 35


@needs_nvjpeg
def test_a_jpeg_that_nvjpeg_gets_damaged_is_named() -> None:
    store = memory_store([(16, 20)] * 6, "jpeg")
    store.reader.payloads[4] = store.reader.payloads[4][:200]
    with pytest.raises(WorkError, match="sample 4 of memory"):
        list(make_loader(store, batch_size=6, decode="device", device="cuda"))


def replace(store: MemoryStore, index: int, payload: bytes) -> None:
    store.reader.payloads[index] = store.compression.compress(store.encoding.encode(OriginalImage(payload)))


def jpeg_of(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def turned() -> bytes:
    """A JPEG of 16 x 20 that EXIF says lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg_of(Image.fromarray(picture(20, 16, 8)), exif=exif)

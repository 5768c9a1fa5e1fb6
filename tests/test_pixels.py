"""The one rule for pixels, on every kind of image that people bring."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.images import pixels
from core.images.pixels import BadImage, decode, resize


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def gradient(mode: str, size: tuple[int, int] = (6, 4)) -> Image.Image:
    values = np.linspace(0, 255, size[0] * size[1] * 3).reshape(size[1], size[0], 3).astype(np.uint8)
    return Image.fromarray(values).convert(mode)


def test_rgb_is_left_as_it_is() -> None:
    image = gradient("RGB")
    found = decode(encoded(image, "PNG"))
    assert (found.dtype, found.shape, found.flags.c_contiguous) == (np.uint8, (4, 6, 3), True)
    np.testing.assert_array_equal(found, np.asarray(image))


@pytest.mark.parametrize(
    ("mode", "format"), [("L", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("1", "PNG"), ("L", "JPEG")]
)
def test_other_modes_become_rgb(mode: str, format: str) -> None:
    data = encoded(gradient(mode), format)
    found = decode(data)
    assert found.shape == (4, 6, 3)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(found, np.asarray(image.convert("RGB")))


def test_16_bit_is_scaled_not_clipped() -> None:
    values = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    found = decode(encoded(Image.fromarray(values), "PNG"))
    assert found[0, :, 0].tolist() == [0, 1, 1, 128, 255]
    assert (found[..., 0] == found[..., 2]).all()


def test_floats_between_0_and_1_are_scaled() -> None:
    found = decode(encoded(Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)), "TIFF"))
    assert found[0, :, 1].tolist() == [0, 128, 255]


def test_alpha_lies_over_white() -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 200, 255))
    assert decode(encoded(image, "PNG"))[0].tolist() == [[255, 255, 255], [0, 0, 200]]
    half = Image.new("LA", (1, 1), (0, 128))
    assert decode(encoded(half, "PNG"))[0, 0, 0] == pytest.approx(127, abs=1)


def test_a_transparent_palette_entry_lies_over_white() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert decode(encoded(image, "PNG", transparency=0))[0].tolist() == [[255, 255, 255], [40, 50, 60]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    image = gradient("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(encoded(image, "PNG", exif=exif))
    assert found.shape == ((4, 6, 3) if orientation < 5 else (6, 4, 3))
    if orientation == 3:
        np.testing.assert_array_equal(found, np.asarray(image)[::-1, ::-1])


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (3, 3), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"not an image at all", "not an image"),
        (encoded(gradient("RGB", (64, 64)), "PNG")[:300], "broken image"),
        (encoded(gradient("RGB", (64, 64)), "JPEG")[:-200], "broken image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image"),
    ],
)
def test_broken_images_say_why(data: bytes, told: str) -> None:
    with pytest.raises(BadImage, match=told):
        decode(data)


def test_a_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MAX_PIXELS", 100)
    with pytest.raises(BadImage, match="decompression bomb"):
        decode(encoded(gradient("RGB", (20, 20)), "PNG"))


def test_resize_is_bilinear_and_leaves_what_fits() -> None:
    image = np.asarray(gradient("RGB", (8, 8)))
    assert resize(image, 8, 8) is image
    assert resize(image, 5, 3).shape == (5, 3, 3)

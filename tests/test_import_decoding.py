"""What an import decodes many files with gives what Pillow gives, for each of them: pixels, values or the refusal."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")

from core.base import checksums
from core.images import pixels
from core.importing import decoding
from core.importing.decoding import Examined, examine_many
from core.loading.kernel_cache import Compiled
from tests.loading_fixtures import picture
from tests.test_loading_jpeg import jpeg, unusual
from tests.test_loading_jpeg_damage import DAMAGED
from tests.test_loading_jpeg_damage import GOOD as GOOD_JPEGS
from tests.test_loading_png_suite import GOOD as GOOD_PNGS
from tests.test_loading_png_suite import ODD

PLAIN = [jpeg(picture(40, 50, number), quality=80) for number in range(3)]


def files() -> list[bytes]:
    narrow = [jpeg(picture(8, 8, 1)), jpeg(picture(20, 9, 1))]
    others = [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"not an image",
        *map(_saved, ("GIF", "BMP", "WEBP")),
    ]
    cut = [PLAIN[0][: len(PLAIN[0]) // 2], PLAIN[0][:30]]
    made = [*DAMAGED.values(), *GOOD_JPEGS.values(), *GOOD_PNGS.values(), *ODD.values(), *unusual()]
    return [*PLAIN, *made, *narrow, *others, *cut, *PLAIN, _wide()]


def _saved(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(20, 30, 4)).save(file, kind)
    return file.getvalue()


def _wide() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)).save(file, "PNG")
    return file.getvalue()


def by_pillow(file: bytes) -> Examined | str:
    try:
        decoded, values = pixels.examine(file)
    except pixels.BadImage as error:
        return str(error)
    return Examined(*decoded.shape[:2], checksums.of_bytes(decoded), values)


@pytest.fixture(params=["compiled", "not compiled"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    sets = ("jpeg/whole", "png/whole") if request.param == "compiled" else ()
    monkeypatch.setattr(decoding, "compiled", lambda: Compiled(sets))
    monkeypatch.setattr(decoding, "WORTH_LOADING", -1)
    decoding._kernels.cache_clear()
    yield request.param
    decoding._kernels.cache_clear()


def test_every_file_is_what_pillow_finds_in_it(kernels: str) -> None:
    given = files()
    found = [str(one) if isinstance(one, pixels.BadImage) else one for one in examine_many(given)]
    assert found == [by_pillow(file) for file in given]


def test_pillow_is_not_asked_for_what_is_known(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "examine", None)
    given = [*PLAIN, GOOD_PNGS["stored"]] if kernels == "compiled" else PLAIN
    assert all(isinstance(one, Examined) for one in examine_many(given))


def test_images_of_one_size_may_be_more_than_are_decoded_at_a_time(
    kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MOST_PIXELS", 2 * 40 * 50)
    assert examine_many(PLAIN) == [by_pillow(file) for file in PLAIN]

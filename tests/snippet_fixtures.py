"""Small stores of every kind, written by their formats alone, and images that show whether a program keeps to the rule
for pixels."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.base.contracts import Contents, Original, SplitPart
from core.compressions import COMPRESSIONS
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.images.pixels import OriginalImage
from core.images.value_range import DEFAULT, ValueRange
from core.stores.manifest import MANIFEST, Manifest
from core.stores.shards import container_name, labels_file, write_labels

CLASSES = ("ant", "bee", "cow 🐄")
HEIGHT, WIDTH = 12, 10
ORIENTATION = 0x0112

Samples = Sequence[tuple[bytes, int]]
"""Image files and their class numbers."""


def _noise(seed: int, height: int = HEIGHT, width: int = WIDTH, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def one_shape() -> Samples:
    """Image files that all show 12 x 10 pixels: on its side by EXIF, with alpha, with a palette, grey, and plain."""
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    palette = Image.fromarray(_noise(4)).quantize(8)
    files = [
        _saved(Image.fromarray(_noise(0)), "jpeg", quality=90),
        _saved(Image.fromarray(_noise(1, WIDTH, HEIGHT)), "jpeg", exif=turned),
        _saved(Image.fromarray(_noise(2, channels=4), "RGBA"), "png"),
        _saved(Image.fromarray(_noise(3)[:, :, 0]), "png"),
        _saved(palette, "png", transparency=3),
        _saved(Image.fromarray(_noise(5)), "bmp"),
        _saved(Image.fromarray(_noise(6)), "png"),
        _saved(Image.fromarray(_noise(7)), "webp", lossless=True),
    ]
    return [(data, index % 3) for index, data in enumerate(files)]


def several_shapes() -> Samples:
    sizes = [(9, 7), (5, 8), (16, 3), (4, 4)]
    return [(_saved(Image.fromarray(_noise(at, *size)), "jpeg"), at % 2) for at, size in enumerate(sizes)]


def of_16_bits() -> Samples:
    """Grey, with the values of a 12-bit camera."""
    return [
        (_saved(Image.fromarray(np.arange(at, at + 120 * 30, 30, np.uint16).reshape(12, 10)), "png"), at % 3)
        for at in range(5)
    ]


def written(
    store: Path,
    format: str,
    encoding: str,
    compression: str = "none",
    *,
    samples: Samples | None = None,
    splits: Sequence[str] = ("train", "val"),
    values: ValueRange = DEFAULT,
    parts: int = 1,
    **options: Any,
) -> Path:
    """A store of these samples in each split, the second one with them in another order; `parts` containers a split."""
    given = list(one_shape() if samples is None else samples)
    of_split = {name: given if at == 0 else given[::-1] for at, name in enumerate(splits)}
    images = {name: [OriginalImage(data, values) for data, _ in told] for name, told in of_split.items()}
    coder = ENCODINGS.make(encoding, {}).bind(_shapes(images, encoding), values)
    payloads = {name: [bytes(coder.encode(image)) for image in told] for name, told in images.items()}
    chosen = {"dictionary_kib": 1} if compression == "zstd-dict" else {}
    packer = COMPRESSIONS.make(compression, chosen).train([one for told in payloads.values() for one in told] * 4)
    made, shape = FORMATS.make(format, options), coder.payload_shape
    told_range = {"range": values.to_json()} if encoding == "original" and values.to_json() else {}
    shards: dict[str, list[dict[str, Any]]] = {}
    store.mkdir(parents=True)
    for name, told in payloads.items():
        labels = [label for _, label in of_split[name]]
        bounds = [len(told) * part // parts for part in range(parts + 1)]
        for number, (first, stop) in enumerate(pairwise(bounds)):
            part = SplitPart(number, parts, first) if parts > 1 else None
            path = store / container_name(name, part, made) if part else store / f"{name}{made.ending}"
            about = {"dataset": "some shapes", "split": name, "encoding": encoding, **told_range}
            contents = Contents(
                samples=stop - first, classes=CLASSES, payload_shape=shape if packer.identity else None,
                dictionary=packer.dictionary, part=part,
                metadata={**about, "compression": compression, "payload_shape": list(shape) if shape else None},
            )  # fmt: skip
            writer = made.writer(path, contents)
            stored = [bytes(packer.compress(one)) for one in told[first:stop]]
            endings = [coder.suffix(one) + packer.suffix for one in told[first:stop]]
            writer.write(stored, labels[first:stop], endings)
            writer.close()
            shards.setdefault(name, []).append({"path": path.name, "samples": stop - first, "bytes": 1, "checksum": ""})
        if parts > 1:
            write_labels(labels_file(store, name), np.array(labels, np.int64))
    sizes = dict.fromkeys(("payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes", "files"), 1)
    Manifest(
        "some shapes", "", format, "variant", {"name": encoding, "options": {}, **told_range},
        {"name": compression, "options": chosen}, options, shape, list(CLASSES),
        {name: {"samples": len(told), **sizes, "seconds": 0.1} for name, told in payloads.items()},
        "", {}, "", {}, shards=shards,
    ).save(store / MANIFEST)  # fmt: skip
    return store


def _shapes(images: Mapping[str, Sequence[Original]], encoding: str) -> list[tuple[int, int, int]]:
    """Of encoding raw alone, which is made for one."""
    if encoding != "raw":
        return []
    return [image.pixels.shape for told in images.values() for image in told]  # type: ignore[misc]

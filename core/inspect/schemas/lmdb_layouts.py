"""LMDB layouts told by their keys: LSUN, StyleGAN2, BasicSR, tensorpack, Efficient-PyTorch, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from ..contents.unpacked import thing_of
from ..lmdb.bookkeeping import is_bookkeeping
from ..lmdb.file import LmdbView
from ..lmdb.records import LmdbRecords, encodings, mostly

_LARGEST = 1 << 26
_SHA1 = re.compile(rb"[0-9a-f]{40}")
_SIZE_AND_NUMBER = re.compile(rb"(\d{1,5})-(\d{5,})")
_META_LINE = re.compile(r"^(\S.*?)\s+\((\d+),\s*(\d+)(?:,\s*(\d+))?\)(?:\s+(\d+))?\s*$")
_PATH = re.compile(rb"[^\x00]*[/\\][^/\\\x00]+|[^\x00]+\.(?i:jpe?g|png|webp|bmp|tiff?|gif|npy|ppm|pgm)")


def _all_match(file: LmdbView, pattern: re.Pattern[bytes], but: Iterable[bytes] = ()) -> bool:
    keys = [key for key, _ in file.sample if not is_bookkeeping(key) and key not in file.bookkeeping and key not in but]
    return bool(keys) and all(pattern.fullmatch(key) for key in keys)


class Lsun(LmdbRecords):
    """LSUN: keys are hashes, values are JPEG or WebP files. The category is the name of the file itself."""

    kinds = ("image-file",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        found = mostly(file, cls.kinds)
        if not found or not _all_match(file, _SHA1):
            return None
        return cls(file, f"the keys are hashes of 40 digits and the values {encodings(found)} files, as LSUN has them")


class StyleGan2(LmdbRecords):
    """StyleGAN2 in PyTorch: keys are "256-00000", the size and the number, and `length` counts the images."""

    kinds = ("image-file",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        length = file.get(b"length")
        found = mostly(file, cls.kinds)
        if length is None or not length.isdigit() or not found or not _all_match(file, _SIZE_AND_NUMBER):
            return None
        sizes = sorted({int(key.split(b"-")[0]) for key, _ in file.sample if key != b"length"})
        why = f"the keys are a size and a number, and length counts {int(length):,} images, as StyleGAN2's do; sizes: "
        records = cls(file, why + ", ".join(map(str, sizes)), [b"length"])
        if len(records) % max(int(length), 1):
            records.warnings.append(f"length says {int(length):,}, but there are {len(records):,} images")
        return records


class BasicSr(LmdbRecords):
    """BasicSR, MMEditing: image files, and a meta_info.txt beside them with a line "name.png (h,w,c) level" each."""

    kinds = ("image-file",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        lines = _meta_info(file.path.parent / "meta_info.txt")
        if not lines or not mostly(file, cls.kinds):
            return None
        return cls(
            file, "the values are image files that the meta_info.txt beside them lists, as BasicSR does"
        )._checked(lines)

    def _checked(self, lines: dict[str, tuple[int, ...]]) -> Self:
        """Say where the list and the entries do not agree."""
        if len(lines) != len(self):
            self.warnings.append(f"meta_info.txt lists {len(lines):,} images, but there are {len(self):,}")
        missing = [name for name in list(lines)[:1000] if self.find(name) is None]
        if missing:
            self.warnings.append(f"meta_info.txt lists {missing[0]!r}, which is not there")
        return self


def _meta_info(path: Path) -> dict[str, tuple[int, ...]]:
    """Key -> shape, from the lines of a meta_info.txt; empty where there is none."""
    if not path.is_file() or path.stat().st_size > _LARGEST:
        return {}
    matches = map(_META_LINE.match, path.read_text("utf-8", "replace").splitlines())
    return {
        found[1].rpartition(".")[0] or found[1]: tuple(int(part) for part in found.groups()[1:4] if part)
        for found in matches
        if found is not None
    }


class Tensorpack(LmdbRecords):
    """tensorpack: datapoints [image, label] in msgpack (arrays as msgpack-numpy has them), and `__keys__`."""

    kinds = ("msgpack",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        found = [content for content in mostly(file, cls.kinds) if content.is_image]
        if not found or file.get(b"__keys__") is None or file.get(b"__len__") is not None:
            return None
        return cls(
            file, f"the values are msgpack datapoints ({encodings(found)}) and __keys__ lists them, as tensorpack's"
        )


class EfficientPyTorch(LmdbRecords):
    """Efficient-PyTorch's folder2lmdb: pairs of image file and label, pickled or by pyarrow, with `__len__`."""

    kinds = ("pickled", "msgpack", "wrapped")

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        length, keys = file.get(b"__len__"), file.get(b"__keys__")
        if length is None or keys is None:
            return None
        found = [content for content in mostly(file, cls.kinds) if content.is_image or content.problem]
        if not found:
            return None
        said = {"wrapped": "by pyarrow"}.get(found[0].kind, found[0].kind)
        records = cls(file, f"the values are pairs of image and label ({said}), beside __len__ and __keys__")
        number = thing_of(length)
        if isinstance(number, int) and number != len(records):
            records.warnings.append(f"__len__ says {number:,}, but there are {len(records):,} entries")
        return records


class PathKeys(LmdbRecords):
    """Values are image files and keys their paths, as mmcv's backends read them."""

    kinds = ("image-file",)

    @classmethod
    def recognise(cls, file: LmdbView) -> Self | None:
        found = mostly(file, cls.kinds)
        if not found or not _all_match(file, _PATH):
            return None
        return cls(file, f"the keys are paths and the values {encodings(found)} files")

"""Zstandard with a dictionary: what small payloads share (headers, tables) is kept once instead of in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from ..base.contracts import Buffer, Extents
from ..base.errors import InputError
from ..base.options import option
from .zstd import ZstdFrames


@dataclass(frozen=True)
class ZstdDict(ZstdFrames):
    """Each payload on its own, with a dictionary trained on a sample of them."""

    level: int = option(3, "Effort: 1 is fastest, 19 and more smallest", minimum=1, maximum=22)
    dictionary_kib: int = option(
        16, "The dictionary's largest size, in KiB", minimum=1, maximum=1024, title="Dictionary size (KiB)"
    )
    dictionary: bytes | None = None

    learns = True

    def train(self, payloads: Sequence[bytes]) -> ZstdDict:
        """Raises InputError where there are too few payloads to learn from."""
        try:
            trained = zstandard.train_dictionary(self.dictionary_kib * 1024, list(payloads)).as_bytes()
        except zstandard.ZstdError:
            raise InputError(
                f"{len(payloads):,} payloads are too few (or too small) to train a zstd dictionary on: "
                "choose zstd, or a larger dataset"
            ) from None
        return ZstdDict(self.level, self.dictionary_kib, trained)

    def with_dictionary(self, dictionary: bytes | None) -> ZstdDict:
        return ZstdDict(self.level, self.dictionary_kib, dictionary)

    def compress(self, payload: Buffer) -> bytes:
        self._need_dictionary()
        return super().compress(payload)

    def decompress(self, payload: Buffer) -> bytes:
        self._need_dictionary()
        return super().decompress(payload)

    def decompress_many(self, stored: Extents) -> Sequence[Buffer]:
        self._need_dictionary()
        return super().decompress_many(stored)

    def _need_dictionary(self) -> None:
        if self.dictionary is None:
            raise ValueError("zstd-dict without its dictionary: train() or with_dictionary() comes first")

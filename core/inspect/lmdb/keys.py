"""Keys as text: what people see, type and search.

Most keys are text. Some end with the NUL that C strings have, some are numbers in binary, in the order of bytes of the
writing system (INTEGERKEY) or with the high byte first, so that they sort; anything else is shown in hexadecimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

HEXADECIMAL = "0x"
_LARGEST_NUMBER = 1 << 40
"""Keys of 4 or 8 bytes that are all smaller are taken for numbers."""


@dataclass(frozen=True, slots=True)
class KeyText:
    """How the keys of one database are written as text. `order` is "little" or "big" for numbers, else None."""

    order: Literal["little", "big"] | None = None
    terminated: bool = False

    @property
    def why(self) -> str | None:
        """What is said of keys that are not simply text."""
        if self.order is not None:
            return f"the keys are binary numbers ({self.order}-endian)"
        return "the keys end with a NUL, which is not shown" if self.terminated else None

    def text(self, key: bytes) -> str:
        if self.order is not None and len(key) in (4, 8):
            return str(int.from_bytes(key, self.order))
        return key_text(key.removesuffix(b"\x00") if self.terminated else key)

    def candidates(self, text: str, lengths: Sequence[int] = (4, 8)) -> list[bytes]:
        """The keys that may be written as this text, the likeliest first."""
        plain = key_bytes(text)
        found = [plain + b"\x00", plain] if self.terminated else [plain, plain + b"\x00"]
        if self.order is not None and text.isascii() and text.isdigit() and len(text) < 20:
            number = int(text)
            found = [number.to_bytes(n, self.order) for n in lengths if number < 1 << 8 * n] + found
        return found


def key_text_of(keys: Sequence[bytes], native: Literal["little", "big"] | None) -> KeyText:
    """How to write keys like these; `native` is the writing system's order of bytes where the keys are integers."""
    if native is not None:
        return KeyText(native)
    if not keys or all(_is_text(key) for key in keys):
        return KeyText()
    if all(key.endswith(b"\x00") and _is_text(key[:-1]) for key in keys):
        return KeyText(terminated=True)
    if len(keys) > 1 and {len(key) for key in keys} in ({4}, {8}):
        orders: tuple[Literal["little", "big"], ...] = ("big", "little")
        largest, order = min((max(int.from_bytes(key, order) for key in keys), order) for order in orders)
        if largest < _LARGEST_NUMBER:
            return KeyText(order)
    return KeyText()


def _is_text(key: bytes) -> bool:
    return bool(key) and not key_text(key).startswith(HEXADECIMAL)


def key_text(key: bytes) -> str:
    """A key as text: itself where it is printable, else 0x and its hexadecimal digits."""
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        return HEXADECIMAL + key.hex()
    return text if text.isprintable() and not text.startswith(HEXADECIMAL) else HEXADECIMAL + key.hex()


def key_bytes(text: str) -> bytes:
    """Inverse of `key_text`."""
    if text.startswith(HEXADECIMAL):
        try:
            return bytes.fromhex(text[len(HEXADECIMAL) :])
        except ValueError:
            return text.encode()
    return text.encode("utf-8", "surrogatepass")

"""The code that is shown to a class: drawn anew for each serving, easy to type, hopeless to guess."""

from __future__ import annotations

import hmac
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters, without those that are taken for one another: 0 and O, 1, I and L."""

LENGTH = 8
"""31 to the power of 8 is 8.5e11: with the 30 wrong codes per minute that are looked at (`guesses`), a day of guessing
finds the code with a probability of 5e-8."""

GROUP = 4


def new_code() -> str:
    """`LENGTH` characters of `ALPHABET`, from the system's random numbers."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """As people read it: "K7M4-QX9P"."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def typed(text: str) -> str:
    """What somebody typed, or a link carried, without what does not count: small letters, spaces and dashes."""
    return "".join(letter for letter in text[: 8 * LENGTH].upper() if letter.isalnum())


def is_code(text: str, code: str) -> bool:
    """Whether `text` is the code; it takes the same time wherever they differ."""
    return hmac.compare_digest(typed(text).encode("utf-8"), code.encode("utf-8"))

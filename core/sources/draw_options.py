"""The options of a source that may draw a validation split."""

from __future__ import annotations

from typing import Any

from ..base.options import option


def fraction_option(default: float | None, where: str) -> Any:
    """Which part of each class becomes the validation split, `where` that is done."""
    text = f"part of each class that becomes the validation split, {where}"
    return option(default, text, minimum=0.0, maximum=0.9, title="Validation fraction")


def seed_option() -> Any:
    """What decides every draw."""
    text = "decides the draw of the validation split and of a limit"
    return option(0, text, minimum=0, maximum=2**63 - 1)

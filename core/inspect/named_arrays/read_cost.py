"""What one sample costs to read, as a file tells it in its structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..records import ReadCost


class Costed(Protocol):
    """A file whose records have found out what one of them costs to read, where it has samples."""

    read_cost: ReadCost | None


def read_cost_of(file: Costed) -> Mapping[str, Any]:
    """The part of `structure()` that tells it."""
    return {} if file.read_cost is None else {"read_cost": file.read_cost.to_json()}

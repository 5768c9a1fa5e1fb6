"""What is said of a rival that hands out something else than the dataset."""

from __future__ import annotations

from ...base.errors import WorkError


class RivalRefused(WorkError):
    """A rival that is not timed, or whose times do not count; the text says what it hands out."""

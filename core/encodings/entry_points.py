"""The option of the encodings whose payloads may be JPEG files: an index beside them, for loaders that crop."""

from __future__ import annotations

from typing import Any

from ..base.options import option

MOST_MCUS = 1024


def jpeg_index_option() -> Any:
    """A field `jpeg_index: int | None`: MCUs between two entry points of an MCU row, None for no index."""
    return option(
        None,
        "Note entry points into JPEGs beside them, one every so many MCUs (8 or 16 pixels each): random crops are "
        "decoded faster, the files stay as they are. 16 adds about 0.8% to photos, less adds more",
        minimum=1,
        maximum=MOST_MCUS,
        title="Entry points into JPEGs (MCUs)",
    )

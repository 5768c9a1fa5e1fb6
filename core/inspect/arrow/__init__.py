"""Arrow IPC files (Feather version 2) and streams, as `datasets` keeps them in its cache.

detect      whether a file is one
batches     where the record batches lie, without the library (`formats.arrow.messages`)
rows        rows, a batch at a time through pyarrow, from a map
file        one open file: its batches, columns, what a sample costs
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.arrow.file:ArrowFile",
    title="Arrow",
    needs=("pyarrow",),
    install_hint="pip install pyarrow",
    library="pyarrow",
    detects=".inspect.arrow.detect:is_arrow",
    shards=True,
    schemas=Registry(
        "schema for Arrow",
        {
            "arrow-pixels": Registration(".inspect.arrow_tables.records:PixelRows", "One column for each pixel"),
            "arrow-rows": Registration(".inspect.arrow_tables.records:ImageRows", "Rows with images in columns"),
        },
    ),
)

"""Parquet files that anybody may have written.

detect      whether a file is one
file        one open file: its footer, through pyarrow; structure: row groups, columns, what a sample costs
chunks      values of large flat columns, page by page (`formats.parquet.pages`), without the rest of the row group
rows        rows, from chunks and from pyarrow
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.parquet.file:ParquetFile",
    title="Parquet",
    needs=("pyarrow",),
    install_hint="pip install pyarrow",
    library="pyarrow",
    detects=".inspect.parquet.detect:has_signature",
    shards=True,
    schemas=Registry(
        "schema for Parquet",
        {
            "parquet-pixels": Registration(".inspect.arrow_tables.records:PixelRows", "One column for each pixel"),
            "parquet-rows": Registration(".inspect.arrow_tables.records:ImageRows", "Rows with images in columns"),
        },
    ),
)

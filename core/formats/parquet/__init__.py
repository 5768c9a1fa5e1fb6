"""Parquet: a folder a split, with files `train-00000-of-00001.parquet` as Hugging Face's hub has them.

Layout (docs/formats.md has it to the byte): columns `image` and `label` (`image_table`), image bytes in PLAIN pages
without dictionary, row groups of about 100 MB, page index on. Beside the files lie `index.npy`, which tells where each
payload lies in them, and the metadata (`core.formats.folder`). Reading takes no library: uncompressed payloads lie
bare in the pages and are served from a map, and of compressed pages one is read for a sample.
"""

from ..registration import ContainerSigns, FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.parquet.format:ParquetFormat",
    title="Parquet",
    noun="Parquet files",
    needs=("pyarrow",),
    install_hint="pip install pyarrow",
    sizes=".formats.parquet.sizes:occupied",
    usual=False,
    mapped=True,
    other_languages=True,
    signs=ContainerSigns(signature=b"PAR1"),
    inspector_kind="parquet",
)

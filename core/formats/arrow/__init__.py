"""Arrow: one Arrow IPC file a split (Feather version 2), with the columns that Hugging Face's `datasets` knows.

Layout (docs/formats.md has it to the byte): `<split>.arrow`, uncompressed record batches of bounded size, each a flat
message and the buffers of its columns; a footer lists the batches. Columns `image` and `label`: `image_table`.
Reading takes no library: payloads are served from a map, from the places that the batches' messages tell.
"""

from ..registration import ContainerSigns, FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.arrow.format:ArrowFormat",
    title="Arrow",
    noun="an Arrow file",
    needs=("pyarrow",),
    install_hint="pip install pyarrow",
    sizes=".formats.arrow.sizes:occupied",
    usual=False,
    mapped=True,
    other_languages=True,
    signs=ContainerSigns(signature=b"ARROW1\x00\x00"),
    inspector_kind="arrow",
)

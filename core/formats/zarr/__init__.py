"""Zarr, version 3, with shards: one folder (a Zarr group) a split.

Layout (docs/formats.md has it to the byte):
- payloads that are pixels of one shape: `images` (N, H, W, 3) uint8, chunks of whole images in shards;
- any other payloads: packed in `bytes` (uint8), sample i at `offsets[i]`, `lengths[i]` bytes long, never across shards;
- `labels` (N,) int64; what is said of them all stands in the group's attributes.

Zarr gives zeros for a chunk that is not there, without a word. This reader does not: such a chunk is an error.
"""

from ..registration import ArrayViewers, ContainerSigns, FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.zarr.format:ZarrFormat",
    title="Zarr",
    noun="a Zarr group",
    needs=("google_crc32c",),
    install_hint="pip install google-crc32c",
    sizes=".formats.zarr.sizes:occupied",
    usual=False,
    mapped=True,
    other_languages=True,
    array_viewers=ArrayViewers(encoding="raw"),
    signs=ContainerSigns(member="zarr.json"),
)

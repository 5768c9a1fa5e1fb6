"""NumPy's own files: one folder a split.

Layout (docs/formats.md has it to the byte):
- payloads that are pixels of one shape: `images.npy` (N, H, W, 3) uint8;
- any other payloads: packed end to end in `bytes.npy` (uint8) with `offsets.npy` (N + 1, int64);
- `labels.npy` (N,) int64, and `metadata.json`.
"""

from ..registration import ArrayViewers, ContainerSigns, FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.npy.format:NpyFormat",
    title="NumPy arrays",
    noun="NumPy files",
    sizes=".formats.npy.sizes:occupied",
    usual=False,
    mapped=True,
    other_languages=True,
    array_viewers=ArrayViewers(encoding="raw"),
    signs=ContainerSigns(signature=b"\x93NUMPY"),
)

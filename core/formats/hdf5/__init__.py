"""HDF5: one file a split.

Layout (docs/formats.md has it to the byte):
- payloads that are pixels of one shape: `images` (N, H, W, 3) uint8, contiguous or chunked (with a chunk filter), with
  the attributes of the HDF5 Image specification, so that viewers show colour;
- any other payloads: packed end to end in `bytes` (uint8) with `offsets` (N + 1, int64);
- with `layout=vlen`: `images` (N,) of variable-length uint8, a payload each.
`labels` (N,) int64 and `classes` (text) beside them; `metadata` is a JSON attribute of the file; a compression
dictionary, where there is one, is the dataset `dictionary`.
"""

from ..registration import ArrayViewers, ContainerSigns, FormatRegistration, TutorialCode

FORMAT = FormatRegistration(
    where=".formats.hdf5.format:Hdf5Format",
    title="HDF5",
    noun="an HDF5 file",
    needs=("h5py",),
    install_hint="pip install h5py hdf5plugin",
    sizes=".formats.hdf5.sizes:occupied",
    mapped=True,
    other_languages=True,
    array_viewers=ArrayViewers(
        encoding="raw",
        options={"filter": (("none", "gzip"), "its chunk filter {} needs a plugin")},
    ),
    tutorial=TutorialCode(".measure.storage.tutorials.hdf5_files:Hdf5Files", encoding="raw"),
    signs=ContainerSigns(signature=b"\x89HDF\r\n\x1a\n"),
    layout="One file of arrays: all images in one of them, end to end, and a second one says where each begins.",
    drawing="rows",
    inspector_kind="hdf5",
)

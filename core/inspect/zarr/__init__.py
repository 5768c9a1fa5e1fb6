"""Zarr stores, versions 2 and 3: a folder, or a zip archive, of arrays in chunks.

storage     the files of a store by their keys
metadata    what .zarray and zarr.json say of an array
codecs      chunks as they are stored, back to what they were
chunked     one array: some of its values, and which of its chunks are not there
detect      whether an archive is a store
file        one open store
records     its records, which never show a chunk that is not there
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.zarr.file:ZarrFile",
    title="Zarr",
    needs=("google_crc32c",),
    install_hint="pip install google-crc32c",
    member="zarr.json",
    other_members=(".zgroup", ".zarray"),
    detects=".inspect.zarr.detect:is_zipped_store",
    schemas=Registry(
        "schema for Zarr stores",
        {
            "own-zarr": Registration(".inspect.zarr.records:OwnZarr", "Group of a store built here"),
            "zarr-samples": Registration(
                ".inspect.zarr.records:ZarrSamples", "Arrays of images, and what belongs to each"
            ),
            "zarr-arrays": Registration(".inspect.named_arrays.records:SingleArrays", "The arrays themselves"),
        },
    ),
)

"""The chunk filters of a dataset: their names, whether they can be undone here, and who brings the missing ones.

Codes as registered with The HDF Group (https://github.com/HDFGroup/hdf5_plugins, RegisteredFilterPlugins).
"""

from __future__ import annotations

import contextlib
from functools import cache

import h5py

BUILT_IN = frozenset((1, 2, 3, 4, 5, 6, 32000))
"""deflate, shuffle, fletcher32, szip, nbit, scaleoffset, and LZF, which h5py brings."""

_PLUGIN = "pip install hdf5plugin"

KNOWN: dict[int, tuple[str, str]] = {
    1: ("gzip", ""),
    2: ("shuffle", ""),
    3: ("fletcher32", ""),
    4: ("szip", "an HDF5 library that was built with szip (libaec)"),
    5: ("nbit", ""),
    6: ("scaleoffset", ""),
    257: ("a filter of somebody's own, number 257", "the program that wrote the file"),
    305: ("LZO", "pip install tables"),
    307: ("bzip2", _PLUGIN),
    32000: ("lzf", "pip install h5py"),
    32001: ("Blosc", _PLUGIN),
    32002: ("MAFISC", "the MAFISC plugin"),
    32003: ("Snappy", "the Snappy plugin"),
    32004: ("LZ4", _PLUGIN),
    32006: ("CBF", "the CBF plugin"),
    32007: ("JPEG-XR", "the JPEG-XR plugin"),
    32008: ("Bitshuffle", _PLUGIN),
    32009: ("SPDP", "the SPDP plugin"),
    32010: ("LPC-Rice", "the LPC-Rice plugin"),
    32012: ("JPEG-LS", "the JPEG-LS plugin"),
    32013: ("ZFP", _PLUGIN),
    32014: ("fpzip", "the fpzip plugin"),
    32015: ("Zstandard", _PLUGIN),
    32016: ("B3D", "the B3D plugin"),
    32017: ("SZ", _PLUGIN),
    32018: ("FCIDECOMP", _PLUGIN),
    32019: ("JPEG", "the HDF5 JPEG plugin"),
    32020: ("VBZ", "the VBZ plugin of Oxford Nanopore"),
    32024: ("SZ3", _PLUGIN),
    32026: ("Blosc2", _PLUGIN),
    32028: ("SPERR", _PLUGIN),
}
"""Code: (name, what brings it)."""


def filters(dataset: h5py.Dataset) -> list[tuple[int, str]]:
    """(code, name) of a dataset's chunk filters, in the order in which they were applied."""
    properties = dataset.id.get_create_plist()
    found = (properties.get_filter(index) for index in range(properties.get_nfilters()))
    return [(int(code), _name(int(code), given)) for code, _, _, given in found]


def _name(code: int, given: bytes) -> str:
    """The registered name, or what the file calls it."""
    if code in KNOWN:
        return KNOWN[code][0]
    text = given.decode("utf-8", "replace").split("\x00")[0]
    return text if text and text.isprintable() else f"filter {code}"


def missing(dataset: h5py.Dataset) -> str | None:
    """A sentence about the first filter that cannot be undone here; None where all can."""
    for code, name in filters(dataset):
        if code in BUILT_IN and h5py.h5z.filter_avail(code):
            continue
        _load_plugins()
        if not h5py.h5z.filter_avail(code):
            remedy = KNOWN.get(code, ("", "the program that wrote the file, or its plugin"))[1]
            return f"{dataset.name} needs the chunk filter {name} (number {code}), which is missing here: {remedy}"
    return None


@cache
def _load_plugins() -> None:
    """Register hdf5plugin's filters; importing it takes a third of a second, so it is done where one is needed."""
    with contextlib.suppress(ImportError):
        import hdf5plugin  # noqa: F401

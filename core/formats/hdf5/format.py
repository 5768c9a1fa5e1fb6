"""HDF5 as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from ..shards import ShardOptions
from .checked import open_readonly
from .reader import Hdf5Reader
from .writer import Hdf5Writer


@dataclass(frozen=True)
class Hdf5Format(ShardOptions):
    """HDF5, plain: h5py alone reads every sample."""

    layout: str = option(
        "auto",
        "contiguous: one block; chunked: pieces that a filter can compress; vlen: a variable-length entry a sample; "
        "auto: chunked where a chunk or filter is given, else contiguous",
        choices=("auto", "contiguous", "chunked", "vlen"),
    )
    chunk: int = option(
        0, "Samples per chunk (0: as many as fit 64 KiB)", minimum=0, maximum=1 << 20, title="Samples per chunk"
    )
    filter: str = option(
        "none",
        "HDF5's own compression of each chunk, for raw pixels",
        choices=("none", "gzip", "lzf", "zstd", "lz4"),
    )
    ending = ".h5"

    def check(self, contents: Contents) -> None:
        """Raises InputError for options that contradict each other or these contents."""
        layout = self._layout
        if layout != "chunked" and (self.filter != "none" or self.chunk):
            raise InputError(f"layout={layout} has no chunks: leave out filter and chunk, or choose layout=chunked")
        if self.filter != "none" and contents.payload_shape is None:
            raise InputError(
                f"filter={self.filter} compresses chunks of raw pixels: choose encoding raw without a compression, "
                "or leave the filter out and choose a compression"
            )

    def writer(self, path: Path, contents: Contents) -> Hdf5Writer:
        self.check(contents)
        return Hdf5Writer(path, contents, self._layout, self.chunk, self.filter)

    def reader(self, path: Path) -> Hdf5Reader:
        return Hdf5Reader(path)

    def used_bytes(self, path: Path) -> int:
        """The file without the space that HDF5 holds free in it."""
        with open_readonly(path) as file:
            return int(file.id.get_filesize() - file.id.get_freespace())

    @property
    def _layout(self) -> str:
        if self.layout != "auto":
            return self.layout
        return "chunked" if self.chunk or self.filter != "none" else "contiguous"

"""WebDataset as a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...base.contracts import Contents
from ...base.errors import InputError
from ...base.options import option
from ..sharded_folder import ShardedFolder
from .reader import WebDatasetReader
from .tar_layout import MOST_SAMPLES
from .writer import WebDatasetWriter

USUAL_MB = 256


@dataclass(frozen=True)
class WebDatasetFormat(ShardedFolder):
    """Tar shards that any tar tool and the library webdataset read."""

    shard_mb: int = option(
        0,
        "MB per shard: 64, 256, 1024, ... (0: 256)",
        minimum=0,
        maximum=1_000_000,
        title="MB per shard",
    )
    shards: int = option(0, "Number of shards (0: as many as shard_mb makes)", minimum=0, maximum=100_000)
    compress: str = option(
        "none",
        "zst: every shard is a .tar.zst, in frames of about 256 KiB that are read alone, but not from a map",
        choices=("none", "zst"),
        title="Compression of whole shards",
    )
    ending = ""
    usual_mb = USUAL_MB

    @property
    def bare(self) -> bool:
        return self.compress == "none"

    def check(self, contents: Contents) -> None:
        """Raises InputError for options that contradict each other, and for samples that do not fit the keys."""
        self._limits(contents)
        if contents.first + contents.samples > MOST_SAMPLES:
            raise InputError(f"{contents.samples:,} samples do not fit keys of eight digits; split the dataset")

    def writer(self, path: Path, contents: Contents) -> WebDatasetWriter:
        self.check(contents)
        return WebDatasetWriter(path, contents, self._limits(contents), self.compress == "zst")

    def reader(self, path: Path) -> WebDatasetReader:
        return WebDatasetReader(path)

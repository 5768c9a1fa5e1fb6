"""What is measured, by name: which module, with which files and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """A module of this package, what its `prepare` and its `open_epochs` are given besides, and what it hands out."""

    module: str
    files: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    files_of: str | None = None
    """The entry whose files it reads, where these are the same."""
    output: str = "float32"


LMDB = {"format": "lmdb"}
HALF = "bfloat16"

OURS = {
    "ours": Entry("ours", LMDB),
    "ours_hdf5": Entry("ours", {"format": "hdf5"}),
    "ours_disk": Entry("ours", {"format": "disk"}),
    "ours_zstd_dict": Entry("ours", {"format": "lmdb", "compression": "zstd-dict"}),
    "ours_jpeg_index": Entry("ours", {"format": "lmdb", "options": {"jpeg_index": "true"}}),
    "ours_bfloat16": Entry("ours", LMDB, {"output": HALF}, "ours", HALF),
    "ours_hdf5_bfloat16": Entry("ours", {"format": "hdf5"}, {"output": HALF}, "ours_hdf5", HALF),
    "ours_torch": Entry("ours", LMDB, {"loader": "torch"}, "ours"),
    "tutorial": Entry("ours", LMDB, {"loader": "naive"}, "ours"),
}
OTHERS = {
    "ffcv": Entry("ffcv"),
    "ffcv_original": Entry("ffcv_original"),
    "dali": Entry("dali"),
    "torch_pillow": Entry("torch_files", settings={"decoder": "pillow"}),
    "torch_imagecodecs": Entry("torch_files", settings={"decoder": "imagecodecs"}),
    "torch_opencv": Entry("torch_files", settings={"decoder": "opencv"}),
    "lmdb_pillow": Entry("torch_lmdb", settings={"decoder": "pillow"}, files_of="torch_lmdb"),
    "lmdb_imagecodecs": Entry("torch_lmdb", settings={"decoder": "imagecodecs"}, files_of="torch_lmdb"),
    "lmdb_opencv": Entry("torch_lmdb", settings={"decoder": "opencv"}, files_of="torch_lmdb"),
    **{
        name: Entry(name)
        for name in ("h5py_single", "webdataset", "hf", "lance", "litdata", "mosaic", "deep_lake", "grain", "spdl")
    },
}
ENTRIES = OURS | OTHERS

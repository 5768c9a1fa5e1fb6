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
    workers: tuple[int, ...] = (0, 1, 2)
    """Those that are tried."""
    environment: Mapping[str, str] = field(default_factory=dict)


THREADS = (1, 2)
"""For those that never work in the consumer's thread, or where that was never the fastest."""
PROCESSES = (0, 1, 2, 4)


LMDB: dict[str, Any] = {"format": "lmdb"}
HDF5 = {"format": "hdf5"}
HALF = "bfloat16"

OURS = {
    "ours": Entry("ours", LMDB, workers=THREADS),
    "ours_hdf5": Entry("ours", HDF5, workers=THREADS),
    "ours_disk": Entry("ours", {"format": "disk"}, workers=THREADS),
    **{
        f"ours_{form}": Entry("ours", {"format": form}, workers=THREADS)
        for form in ("arrow", "npy", "webdataset", "tfrecord", "parquet")
    },
    "ours_zstd_dict": Entry("ours", LMDB | {"compression": "zstd-dict"}, workers=THREADS),
    "ours_jpeg_index": Entry("ours", LMDB | {"options": {"jpeg_index": "16"}}, workers=THREADS),
    "ours_bfloat16": Entry("ours", LMDB, {"output": HALF}, "ours", HALF, workers=THREADS),
    "ours_hdf5_bfloat16": Entry("ours", HDF5, {"output": HALF}, "ours_hdf5", HALF, workers=THREADS),
    "ours_torch": Entry("ours", LMDB, {"loader": "torch"}, "ours", workers=PROCESSES),
    "tutorial": Entry("ours", LMDB, {"loader": "naive"}, "ours", workers=PROCESSES),
}
OTHERS = {
    "ffcv": Entry("ffcv", workers=THREADS),
    # with two workers beside other work, threads of its OpenMP that spin while they wait take nine tenths of the time
    "ffcv_passive": Entry("ffcv", files_of="ffcv", workers=THREADS, environment={"OMP_WAIT_POLICY": "PASSIVE"}),
    "ffcv_original": Entry("ffcv_original", workers=THREADS),
    "dali": Entry("dali", workers=THREADS),
    **{
        f"torch_{decoder}": Entry("torch_files", settings={"decoder": decoder}, workers=PROCESSES)
        for decoder in ("pillow", "imagecodecs", "opencv")
    },
    **{
        f"lmdb_{decoder}": Entry("torch_lmdb", settings={"decoder": decoder}, files_of="torch_lmdb", workers=PROCESSES)
        for decoder in ("pillow", "imagecodecs", "opencv")
    },
    **{name: Entry(name, workers=PROCESSES) for name in ("webdataset", "webdataset_tutorial", "hf", "hf_tutorial")},
    **{name: Entry(name) for name in ("h5py_single", "lance", "litdata", "mosaic", "deep_lake", "grain", "spdl")},
}
ENTRIES = OURS | OTHERS

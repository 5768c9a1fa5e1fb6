"""Loaders of others, and ours, as rivals: each runs in a process and an environment of its own (docs/rivals.md).

A rival is a folder here: its `__init__` registers it, its `loader.py` is what runs in the rival's own process, where
nothing of ours is installed. This program never imports a `loader.py`.
"""

from __future__ import annotations

from ..base.registry import Registry
from .dali import RIVALS as DALI
from .deeplake import RIVALS as DEEPLAKE
from .ffcv import RIVALS as FFCV
from .files import RIVALS as FILES
from .files_torchvision import RIVALS as FILES_TORCHVISION
from .grain import RIVALS as GRAIN
from .hf_datasets import RIVALS as HF_DATASETS
from .lance import RIVALS as LANCE
from .litdata import RIVALS as LITDATA
from .mlx_data import RIVALS as MLX_DATA
from .ours import RIVALS as OURS
from .registration import RivalAdapter, RivalRegistration
from .spdl import RIVALS as SPDL
from .streaming import RIVALS as STREAMING
from .tfdata import RIVALS as TFDATA
from .tutorial import RIVALS as TUTORIAL
from .webdataset import RIVALS as WEBDATASET

RIVALS: Registry[RivalAdapter, RivalRegistration] = Registry(
    "rival",
    {
        **OURS,
        **FILES,
        **FILES_TORCHVISION,
        **TUTORIAL,
        **WEBDATASET,
        **STREAMING,
        **LITDATA,
        **HF_DATASETS,
        **LANCE,
        **DEEPLAKE,
        **GRAIN,
        **TFDATA,
        **FFCV,
        **DALI,
        **SPDL,
        **MLX_DATA,
    },
)

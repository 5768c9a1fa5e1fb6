"""Loaders of others, and ours, as rivals: each runs in a process and an environment of its own (docs/rivals.md).

A rival is a folder here: its `__init__` registers it, its `loader.py` is what runs in the rival's own process, where
nothing of ours is installed. This program never imports a `loader.py`.
"""

from __future__ import annotations

from ..base.registry import Registry
from .dali import RIVALS as DALI
from .ffcv import RIVALS as FFCV
from .grain import RIVALS as GRAIN
from .litdata import RIVALS as LITDATA
from .ours import RIVALS as OURS
from .registration import RivalAdapter, RivalRegistration
from .spdl import RIVALS as SPDL
from .streaming import RIVALS as STREAMING
from .tfdata import RIVALS as TFDATA
from .webdataset import RIVALS as WEBDATASET

RIVALS: Registry[RivalAdapter, RivalRegistration] = Registry(
    "rival",
    {
        **OURS,
        **WEBDATASET,
        **STREAMING,
        **LITDATA,
        **GRAIN,
        **TFDATA,
        **FFCV,
        **DALI,
        **SPDL,
    },
)

"""Loaders of others, and ours, as rivals: each runs in a process and an environment of its own (docs/rivals.md).

A rival is a folder here: its `__init__` registers it, its `loader.py` is what runs in the rival's own process, where
nothing of ours is installed. This program never imports a `loader.py`.
"""

from __future__ import annotations

from ..base.registry import Registry
from .dali import RIVALS as DALI
from .ffcv import RIVALS as FFCV
from .ours import RIVALS as OURS
from .registration import RivalAdapter, RivalRegistration
from .spdl import RIVALS as SPDL

RIVALS: Registry[RivalAdapter, RivalRegistration] = Registry("rival", {**OURS, **FFCV, **DALI, **SPDL})

"""What a rival has to do: the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
"""ImageNet's, of pixels from 0 to 1: what every rival normalises with, float64 (3,)."""

SIDE = 224
"""Height and width of an image after `train224`."""


@dataclass(frozen=True, kw_only=True)
class RivalWork:
    """One configuration.

    transform: of `registration.TRANSFORMS`. output: "float32" (normalised) and others of ours. workers: how many; 0 is
    the consumer's own thread. store, split: the built store that the samples come from, which only ours opens.
    """

    batch_size: int = 256
    transform: str = "none"
    output: str = "float32"
    workers: int = 0
    seed: int = 0
    device: str = "cpu"
    store: str = ""
    split: str = "train"

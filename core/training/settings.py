"""What can be chosen for a training run, and what may not be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..base.errors import InputError
from ..loading.loaders import DEFAULT_LOADER, LOADERS

MODELS: Mapping[str, str] = {"small": "Small CNN", "resnet18": "ResNet-18"}
"""Name -> what people call it."""

ORDERS: Mapping[str, str] = {"shuffled": "Shuffled", "blocks": "Blocks", "class-sorted": "Sorted by class"}
"""Name -> what people call it."""

TRANSFORMS = ("none", "train224", "eval224")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every training here shares. The defaults are those of the study that this one follows up: plain SGD.

    `limit` is how many training samples an epoch has (a random choice by `seed`, the same for every store and order;
    None: all), `val_limit` likewise for validation. `threads` is how many threads PyTorch computes with on the CPU
    (None: one a CPU, less one for the loader); losses are the same to the last bit only for the same number.
    `workers`, `loader` and `transform` are the loader's (see `core.loading.make_loader`).
    """

    model: str = "small"
    batch_size: int = 64
    lr: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 1e-4
    seed: int = 42
    device: str = "cpu"
    workers: str = "auto"
    loader: str = DEFAULT_LOADER
    transform: str = "none"
    limit: int | None = None
    val_limit: int | None = None
    threads: int | None = None
    home: str | None = None

    def check(self) -> None:
        """Raises InputError for a value that training cannot go with; the loader checks its own."""
        check_choice("model", self.model, MODELS)
        check_choice("loader", self.loader, LOADERS)
        check_choice("transform", self.transform, TRANSFORMS)
        for name, value in (("batch_size", self.batch_size), ("limit", self.limit), ("val_limit", self.val_limit),
                            ("threads", self.threads)):  # fmt: skip
            if value is not None and value < 1:
                raise InputError(f"{name}={value}: choose 1 or more")
        if not self.lr > 0:
            raise InputError(f"lr={self.lr:g}: the learning rate is more than 0, 0.001 say")
        if not 0 <= self.momentum < 1:
            raise InputError(f"momentum={self.momentum:g}: choose 0 or more and less than 1")
        if self.weight_decay < 0 or self.seed < 0:
            raise InputError("weight_decay and seed are 0 or more")


def check_choice(name: str, value: str, known: Collection[str]) -> None:
    """Raises InputError where `value` is not among the known ones."""
    if value not in known:
        raise InputError(f"unknown {name} {value!r}; there are: {', '.join(known)}")

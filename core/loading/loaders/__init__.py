"""Loaders: whatever turns the samples of a store into batches. Each is a folder, whose `__init__` describes it, and one
line here.

All of them are given the same inputs (`registration.EngineInputs`): the same order of samples, the same random numbers,
the same stages. So the same seed gives the same batches. Importing this package imports no torch.
"""

from __future__ import annotations

from ...base.registry import Registry
from .registration import LoaderBackend, LoaderRegistration, described_in

LOADERS: Registry[LoaderBackend, LoaderRegistration] = Registry(
    "loader",
    {
        "fast": described_in("fast"),
        "torch": described_in("torch_dataloader"),
        "naive": described_in("naive"),
    },
)

DEFAULT_LOADER = "fast"

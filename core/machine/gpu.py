"""How busy the GPUs are and how full their memory is, asked of NVIDIA's management library; none is no trouble."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple


class GpuUse(NamedTuple):
    """`util` in percent, of the busiest GPU, None where it is not told (a MIG slice); `memory_bytes` in use on all of
    them, by whatever process."""

    util: float | None
    memory_bytes: float


class Gpus:
    """The GPUs that this process may use (CUDA_VISIBLE_DEVICES), each opened once. About 0.1 ms a look."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = _library()
        self._handles = [] if self._nvml is None else _visible(self._nvml)

    def __bool__(self) -> bool:
        return bool(self._handles)

    def names(self) -> list[str]:
        """What each is called, with its memory: "NVIDIA H200, 150.8 GB"."""
        return [told for handle in self._handles if (told := self._ask(lambda nvml, h: _name(nvml, h), handle))]

    def driver(self) -> str | None:
        """The driver's version."""
        return None if self._nvml is None or not self else str(self._nvml.nvmlSystemGetDriverVersion())

    def look(self) -> GpuUse | None:
        """How they are now; None where there is none, or where it will not say."""
        used = [told for handle in self._handles if (told := self._ask(_use, handle)) is not None]
        if not used:
            return None
        busy = [one.util for one in used if one.util is not None]
        return GpuUse(max(busy, default=None), sum(one.memory_bytes for one in used))

    def _ask(self, question: Callable[[ModuleType, Any], Any], handle: Any) -> Any:
        assert self._nvml is not None
        try:
            return question(self._nvml, handle)
        except self._nvml.NVMLError:
            return None


def _use(nvml: ModuleType, handle: Any) -> GpuUse:
    memory = float(nvml.nvmlDeviceGetMemoryInfo(handle).used)
    try:
        return GpuUse(float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu), memory)
    except nvml.NVMLError:
        return GpuUse(None, memory)


def _name(nvml: ModuleType, handle: Any) -> str:
    return f"{nvml.nvmlDeviceGetName(handle)}, {nvml.nvmlDeviceGetMemoryInfo(handle).total / 1e9:.1f} GB"


def _library() -> ModuleType | None:
    try:
        nvml = import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None  # no driver on this machine
    return nvml


def _visible(nvml: ModuleType) -> list[Any]:
    """Handles of the GPUs that CUDA shows this process, all where it is not restricted."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    try:
        if chosen is None:
            return [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        return [_handle(nvml, name.strip()) for name in chosen.split(",") if name.strip() not in ("", "-1")]
    except nvml.NVMLError:
        return []


def _handle(nvml: ModuleType, name: str) -> Any:
    return nvml.nvmlDeviceGetHandleByIndex(int(name)) if name.isdecimal() else nvml.nvmlDeviceGetHandleByUUID(name)

"""GPUs through NVIDIA's management library, played by a small stand-in where there is no GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from core.machine.gpu import Gpus, GpuUse
from core.measure.monitor import Monitor, read_monitor


class NVMLError(Exception):
    """What the library raises."""


class Library(ModuleType):
    """Two GPUs, the second a slice that does not tell how busy it is."""

    NVMLError = NVMLError

    def __init__(self, driver: bool = True) -> None:
        super().__init__("pynvml")
        self._driver = driver
        self._gpus = {0: ("GPU zero", 40, 10e9, 80e9), 1: ("GPU one", None, 5e9, 20e9)}

    def nvmlInit(self) -> None:
        if not self._driver:
            raise NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self) -> int:
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        if index not in self._gpus:
            raise NVMLError("Invalid Argument")
        return index

    def nvmlDeviceGetHandleByUUID(self, name: str) -> int:
        return {"GPU-aaaa": 0, "MIG-bbbb": 1}[name]

    def nvmlDeviceGetName(self, handle: int) -> str:
        return self._gpus[handle][0]

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        if self._gpus[handle][1] is None:
            raise NVMLError("Not Supported")
        return SimpleNamespace(gpu=self._gpus[handle][1])

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(used=self._gpus[handle][2], total=self._gpus[handle][3])

    def nvmlSystemGetDriverVersion(self) -> str:
        return "555.1"


@pytest.fixture(autouse=True)
def _two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", Library())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_all_gpus_are_looked_at() -> None:
    gpus = Gpus()
    assert gpus.look() == GpuUse(40.0, 15e9)
    assert gpus.names() == ["GPU zero, 80.0 GB", "GPU one, 20.0 GB"]
    assert gpus.driver() == "555.1"


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("0", GpuUse(40.0, 10e9)),
        ("1", GpuUse(None, 5e9)),
        ("MIG-bbbb", GpuUse(None, 5e9)),
        ("GPU-aaaa, 1", GpuUse(40.0, 15e9)),
        ("", None),
        ("-1", None),
        ("7", None),
    ],
)
def test_only_those_that_the_process_may_use(
    visible: str, expected: GpuUse | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert Gpus().look() == expected


@pytest.mark.parametrize("library", [None, Library(driver=False)])
def test_no_library_or_no_driver_is_no_trouble(library: Library | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", library)
    gpus = Gpus()
    assert not gpus
    assert (gpus.look(), gpus.names(), gpus.driver()) == (None, [], None)


def test_the_monitor_writes_what_they_tell(tmp_path: Path) -> None:
    with Monitor(tmp_path / "monitor.csv") as monitor:
        pass
    [row] = read_monitor(monitor.path)
    assert (row["gpu_util"], row["gpu_mem_mb"]) == (40.0, 15_000.0)
    assert monitor.latest()["gpu_util"] == 40.0

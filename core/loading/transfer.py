"""Transfer: batches from the host's memory to the device, one ahead of the consumer where the device allows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch

from ..base.errors import InputError
from .batch_memory import batch_memory
from .normalise import Images, Normalise


class Batch(NamedTuple):
    """`images` (B, 3, H, W), one of `core.loading.normalise.OUTPUTS`; `labels` int64 (B,)."""

    images: torch.Tensor
    labels: torch.Tensor


def tensor_of(images: Images, normalise: Normalise) -> torch.Tensor:
    """The same memory as a tensor of the type that `normalise` writes."""
    return torch.from_numpy(images).view(torch_type(normalise))


def torch_type(normalise: Normalise) -> torch.dtype:
    """torch's type of the numbers that `normalise` makes."""
    found: torch.dtype = getattr(torch, normalise.output)
    return found


class Transfer(Protocol):
    """Moves batches to a device. `host_output` is what the host has to deliver for it."""

    @property
    def host_output(self) -> str: ...

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
        """Uninitialised host memory that this device likes to be fed from."""
        ...

    def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]: ...


def find_device(name: str) -> torch.device:
    """The device of this name. Raises InputError where there is no such device here."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"unknown device {name!r}: choose cpu, cuda or mps") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError("device 'cuda' is not there: this PyTorch sees no CUDA GPU; choose cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device {name!r} is not there: GPUs are numbered up to {torch.cuda.device_count() - 1}")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError("device 'mps' is not there: this PyTorch sees no Apple GPU; choose cpu")
    if device.type not in ("cpu", "cuda", "mps"):
        raise InputError(f"device {name!r} is none that batches are loaded to: choose cpu, cuda or mps")
    return device


def transfer_to(name: str, normalise: Normalise) -> Transfer:
    """The way to the device of this name. Raises InputError where there is no such device here."""
    device = find_device(name)
    if device.type == "cpu":
        return Stay(normalise)
    return Staged(device, normalise) if device.type == "cuda" else Copy(device, normalise)


class Stay:
    """The host is the device."""

    def __init__(self, normalise: Normalise) -> None:
        self.host_output = normalise.output

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
        return batch_memory(shape, dtype)

    def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        return batches


class Arrived(Stay):
    """Batches that were made on the device."""

    def __init__(self) -> None:
        super().__init__(Normalise())


class Copy:
    """A plain copy, uint8 across the bus, normalised where it arrives."""

    host_output = "uint8"

    def __init__(self, device: torch.device, normalise: Normalise) -> None:
        self._device = device
        self._finish = OnDevice(device, normalise)

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
        return batch_memory(shape, dtype)

    def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for images, labels in batches:
            yield Batch(self._finish(images.to(self._device)), labels.to(self._device))


class Staged:
    """CUDA: pinned host memory, copies on a stream of their own, one batch ahead; uint8 across the bus."""

    host_output = "uint8"

    def __init__(self, device: torch.device, normalise: Normalise) -> None:
        self._device = device
        self._finish = OnDevice(device, normalise)

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
        return torch.empty(shape, dtype=getattr(torch, np.dtype(dtype).name), pin_memory=True).numpy()

    def __call__(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        ahead: tuple[Batch, Batch, torch.cuda.Event] | None = None
        for host in batches:
            behind, ahead = ahead, self._send(host, stream)
            if behind is not None:
                yield self._arrived(*behind)
        if ahead is not None:
            yield self._arrived(*ahead)

    def _send(self, host: Batch, stream: torch.cuda.Stream) -> tuple[Batch, Batch, torch.cuda.Event]:
        with torch.cuda.stream(stream):
            images = self._finish(host.images.to(self._device, non_blocking=True))
            labels = host.labels.pin_memory().to(self._device, non_blocking=True)
            return host, Batch(images, labels), stream.record_event()

    def _arrived(self, host: Batch, batch: Batch, event: torch.cuda.Event) -> Batch:
        """Wait for the copy: only then may the host's memory be written again (when `host` is let go)."""
        event.synchronize()
        for tensor in batch:
            tensor.record_stream(torch.cuda.current_stream(self._device))
        return batch


class OnDevice:
    """Normalising where the batch has arrived; uint8 stays as it is."""

    def __init__(self, device: torch.device, normalise: Normalise) -> None:
        self._type = torch_type(normalise)
        self._scale = torch.from_numpy(normalise.scale).to(device)[:, None, None]
        self._shift = torch.from_numpy(normalise.shift).to(device)[:, None, None]

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        if self._type == torch.uint8:
            return images
        return torch.addcmul(self._shift, images.to(torch.float32), self._scale).to(self._type)

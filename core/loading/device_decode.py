"""JPEGs decoded on the device, where its maker's decoder is at hand: torchvision's door to nvJPEG.

Encoded bytes cross the bus, which are a tenth of the pixels, and the CPUs are left to others. The decoder rounds
otherwise than libjpeg does, so pixels differ from the host's (by up to 60 levels, docs/loading.md): it is used where it
is asked for.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch

from ..base.contracts import Buffer, Labels
from ..base.errors import InputError
from ..processes.cpus import usable_cpus
from .batch_sampler import BatchSpec, Indices
from .decode import JPEG, plain_size
from .device_resample import resample
from .executors import Executor, Inline, Threads, Whole
from .pipeline import Laps, StagedPipeline, Stopwatch, Stored, check_shapes, probes_of
from .transfer import Batch, OnDevice
from .workers import Workers, parse_workers

DECODERS = ("host", "device", "auto")


class DeviceDecode(Protocol):
    """Decodes many JPEGs at once."""

    def __call__(self, payloads: list[torch.Tensor]) -> list[torch.Tensor]:
        """uint8 (n,) on the host each in, uint8 (3, height, width) on the device out. Raises RuntimeError."""
        ...


def find_decoder(device: torch.device) -> DeviceDecode | None:
    """The decoder of this device, or None where there is none."""
    if device.type != "cuda" or importlib.util.find_spec("torchvision") is None:
        return None
    from torchvision.io import ImageReadMode, decode_jpeg

    return cast("DeviceDecode", partial(decode_jpeg, mode=ImageReadMode.RGB, device=device))


def choose_decoder(asked: str, store: Stored, device: torch.device) -> DeviceDecode | None:
    """The device's decoder if it is to be used for this store, None if the host decodes.

    Raises InputError for an unknown word, or "device" where the device does not decode this store.
    """
    if asked not in DECODERS:
        raise InputError(f"unknown decode={asked!r}; there are: {', '.join(DECODERS)}")
    if asked == "host":
        return None
    if not _begins_with_jpeg(store):
        found, why = None, "this store holds no JPEGs"
    else:
        found, why = find_decoder(device), f"{device} has no decoder here: it takes CUDA and torchvision"
    if asked == "device" and found is None:
        raise InputError(f'decode="device": {why}; choose decode="host"')
    return found


def _begins_with_jpeg(store: Stored) -> bool:
    (stored,) = store.reader.read(probes_of(store, 1).tolist())
    first = stored if store.compression.identity else store.compression.decompress(stored)
    return store.payload_shape is None and bytes(first[:3]) == JPEG


class Arriving(NamedTuple):
    """A batch on its way; it is there when the event has happened."""

    batch: Batch
    event: torch.cuda.Event | None
    laps: Laps


@dataclass(frozen=True)
class DevicePipeline:
    """Fetch and decompress on the host; decode, transform and normalise on the device.

    What the device's decoder does not show as every other one does (rotated by EXIF, CMYK, no JPEG) or refuses is
    decoded on the host, by the threads given.
    """

    stages: StagedPipeline
    decode: DeviceDecode
    device: torch.device
    channels_last: bool = False

    def __call__(self, spec: BatchSpec, hosts: ThreadPoolExecutor) -> tuple[torch.Tensor, Laps]:
        """The images of this batch, normalised as the stages say, on the device."""
        watch = Stopwatch()
        with self.stages.guarded(spec.indices):
            stored = self.stages.fetch(spec.indices)
            watch.lap("fetch")
            payloads = self.stages.decompressed(spec.indices, stored)
            watch.lap("decompress")
            samples = self._transformed(self._decoded(spec.indices, payloads, hosts), spec)
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        images = OnDevice(self.device, self.stages.normalise)(samples).contiguous(memory_format=layout)
        watch.lap("decode+transform+normalise")
        return images, watch.laps

    def _decoded(self, indices: Indices, payloads: Sequence[Buffer], hosts: ThreadPoolExecutor) -> list[torch.Tensor]:
        """uint8 (3, height, width) each."""
        images: list[torch.Tensor | None] = [None] * len(payloads)
        plain = [number for number, payload in enumerate(payloads) if plain_size(payload) is not None]
        plain = plain if self.stages.decode.as_usual else []
        encoded = [torch.from_numpy(np.array(np.frombuffer(payloads[number], np.uint8))) for number in plain]
        for number, image in zip(plain, self._on_device(encoded), strict=True):
            images[number] = image
        rest = [number for number, image in enumerate(images) if image is None]
        for number, image in zip(rest, hosts.map(self._on_host, [indices[n : n + 1] for n in rest]), strict=True):
            images[number] = image.to(self.device)
        return cast("list[torch.Tensor]", images)

    def _on_device(self, encoded: list[torch.Tensor]) -> Sequence[torch.Tensor | None]:
        """All at once; one by one where that fails, None for those that do not decode here."""
        if not encoded:
            return []
        try:
            return self.decode(encoded)
        except RuntimeError:
            if len(encoded) == 1:
                return [None]
            return [image for one in encoded for image in self._on_device([one])]

    def _on_host(self, index: Indices) -> torch.Tensor:
        """On the host: a stream of the device is the one thread's that hands over the batch."""
        (pixels,) = self.stages.pixels(index, Stopwatch())
        return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pixels, 2, 0)))

    def _transformed(self, images: list[torch.Tensor], spec: BatchSpec) -> torch.Tensor:
        """uint8 (n, 3, height, width)."""
        sizes = [(int(image.shape[1]), int(image.shape[2])) for image in images]
        if self.stages.transform.name == "none":
            check_shapes([np.empty((*size, 0), np.uint8) for size in sizes], sizes[0])
            return torch.stack(images)
        return resample(images, self.stages.transform.views(spec, sizes))


class DeviceEngine:
    """Threads that keep the device decoding ahead of the consumer, each on a stream of its own."""

    THREADS = 2
    """While the device decodes one thread's batch, the other one fetches and resamples."""
    AHEAD = 3

    def __init__(self, pipeline: DevicePipeline, labels: Labels, workers: int | str) -> None:
        asked = parse_workers(workers)
        inline = asked is not None and asked.kind == "inline"
        why = "as asked for" if inline else "the device decodes; these threads hand it the bytes"
        self.workers = Workers("inline" if inline else "threads", 0 if inline else self.THREADS, why)
        self.stages: dict[str, float] = {}
        self._pipeline = pipeline
        self._labels = labels
        self._executor: Executor = Inline() if inline else Threads(self.THREADS, self.AHEAD)
        self._streams = threading.local()

    def batches(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]:
        with (
            ThreadPoolExecutor(usable_cpus()) as hosts,  # it begins threads as they are needed
            closing(self._executor.run(specs, partial(self._begin, hosts))) as every,
        ):
            for made in every:
                for stage, seconds in made.laps.items():
                    self.stages[stage] = self.stages.get(stage, 0.0) + seconds
                yield self._arrived(made)

    def close(self) -> None:
        self._executor.close()

    def _begin(self, hosts: ThreadPoolExecutor, spec: BatchSpec, idle: int) -> Whole[Arriving]:
        return Whole(partial(self._make, hosts), spec)

    def _make(self, hosts: ThreadPoolExecutor, spec: BatchSpec) -> Arriving:
        labels = torch.from_numpy(self._labels[spec.indices])
        stream = self._stream()
        with torch.cuda.stream(stream):  # of None: as if it were not there
            images, laps = self._pipeline(spec, hosts)
            batch = Batch(images, labels.to(images.device))
        return Arriving(batch, None if stream is None else stream.record_event(), laps)

    def _stream(self) -> torch.cuda.Stream | None:
        """This thread's."""
        if self._pipeline.device.type != "cuda":
            return None
        if not hasattr(self._streams, "own"):
            self._streams.own = torch.cuda.Stream(self._pipeline.device)  # type: ignore[no-untyped-call]
        return cast("torch.cuda.Stream", self._streams.own)

    def _arrived(self, made: Arriving) -> Batch:
        if made.event is not None:
            current = torch.cuda.current_stream(self._pipeline.device)
            current.wait_event(made.event)
            for tensor in made.batch:
                tensor.record_stream(current)
        return made.batch

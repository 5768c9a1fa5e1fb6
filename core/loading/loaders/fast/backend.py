"""Which engine the fast loader takes: the device's decoder where that is asked for, else the host's kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from ....processes.cpus import usable_cpus
from ...awaited import await_kernels
from ...collate import BufferPool
from ...device_decode import DeviceEngine, DevicePipeline, choose_decoder
from ...engine import Engine
from ...kept_workers import kept_for
from ...pipeline import at_hand
from ...transfer import Arrived, Transfer, find_device
from ..registration import EngineInputs
from .engine import FastEngine, fastest


@dataclass(frozen=True, slots=True)
class FastLoader:
    """See `core.loading.loaders.registration.LoaderBackend`."""

    def engine(self, inputs: EngineInputs) -> tuple[Engine, Transfer]:
        return _on_device(inputs) or (_on_host(inputs), inputs.transfer)


def _on_device(inputs: EngineInputs) -> tuple[Engine, Transfer] | None:
    """None where the host is to decode."""
    device = find_device(inputs.device)
    decoder = choose_decoder(inputs.decode, inputs.store, device)
    if decoder is None:
        return None
    stages = replace(inputs.stages, normalise=inputs.normalise)
    pipeline = DevicePipeline(stages, decoder, device, inputs.channels_last)
    return DeviceEngine(pipeline, inputs.labels, inputs.workers), Arrived()


def _on_host(inputs: EngineInputs) -> Engine:
    largest = min(inputs.sampler.batch_size, max(inputs.sampler.share, 1))
    ahead = inputs.prefetch or 2 * usable_cpus()
    pool = BufferPool(
        (largest, *inputs.size),
        inputs.stages.normalise.dtype,
        keep=ahead + 2,
        channels_last=inputs.channels_last,
        allocate=inputs.transfer.allocate,
    )
    awaited = await_kernels(inputs.store, inputs.stages)
    return FastEngine(
        inputs.stages if awaited else fastest(inputs.store, inputs.stages),
        pool,
        inputs.labels,
        inputs.stages.normalise,
        batch_size=largest,
        workers=inputs.workers,
        kept=kept_for(inputs.store, inputs.stages, largest, inputs.workers),
        prefetch=inputs.prefetch,
        awaited=awaited,
        at_hand=partial(at_hand, inputs.store),
    )

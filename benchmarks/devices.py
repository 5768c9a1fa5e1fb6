"""What a device costs: a store loaded to each device, in each output, with each decoder, in turns.

    python -m benchmarks.devices STORE [--devices cpu cuda] [--outputs float32 bfloat16] [--decoders host device]
                                 [--transform T] [--batch-size N] [--rounds N] [--seconds S]

Decoder `device` is the GPU's (nvJPEG): it takes JPEGs and CUDA, and is left out elsewhere. A turn is as many epochs as
fill `--seconds`, and ends when the last batch is complete on the device; medians of all turns but the first. Processor
time is the whole process's, in microseconds per image. The first batch is compared with the CPU's as float32: the
largest and the mean difference of a number, in levels of a pixel (0 to 255).
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack
from itertools import product
from time import perf_counter, process_time
from typing import NamedTuple

import torch

from core.loading.device_decode import find_decoder
from core.loading.loader import Loader, make_loader
from core.loading.normalise import IMAGENET_STD
from core.loading.pipeline import Stored
from core.stores.store import open_store


class Work(NamedTuple):
    """One way to load: a row of the table."""

    device: str
    decoder: str
    output: str


class Turn(NamedTuple):
    """Images a second, and microseconds of processor time per image."""

    rate: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--devices", nargs="+", default=["cpu", "cuda"])
    parser.add_argument("--outputs", nargs="+", default=["float32", "bfloat16", "float16"])
    parser.add_argument("--decoders", nargs="+", default=["host"])
    parser.add_argument("--transform", default="none")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    given = parser.parse_args()
    works = [work for work in map(Work._make, product(given.devices, given.decoders, given.outputs)) if can(work)]
    store = open_store(given.store)
    settings = {"transform": given.transform, "batch_size": given.batch_size}
    differences = {work: difference(store, work, settings) for work in works}
    turns: dict[Work, list[Turn]] = {work: [] for work in works}
    with ExitStack() as opened:
        loaders = {work: opened.enter_context(loader_of(store, work, settings)) for work in works}
        for _ in range(given.rounds + 1):
            for work, loader in loaders.items():
                turns[work].append(turn(loader, given.seconds))
        workers = {work: loader.workers for work, loader in loaders.items()}
    print("| device | decoder | output | images/s | lowest - highest | us of processor time | workers | levels apart |")
    print("|---|---|---|---|---|---|---|---|")
    for work, (_, *found) in turns.items():
        rates = [one.rate for one in found]
        most, mean = differences[work]
        print(
            f"| {work.device} | {work.decoder} | {work.output} | {statistics.median(rates):,.0f} "
            f"| {min(rates):,.0f} - {max(rates):,.0f} | {statistics.median(one.processor for one in found):.2f} "
            f"| {workers[work].kind} {workers[work].count} | {most:.3g}, mean {mean:.2g} |"
        )


def can(work: Work) -> bool:
    """Whether there is such a decoder."""
    return work.decoder == "host" or find_decoder(torch.device(work.device)) is not None


def loader_of(store: Stored, work: Work, settings: dict[str, object]) -> Loader:
    """Each compares no checksums: that has a budget of its own."""
    return make_loader(store, device=work.device, decode=work.decoder, output=work.output, verify="never", **settings)  # type: ignore[arg-type]


def turn(loader: Loader, seconds: float) -> Turn:
    """Whole epochs for about so many seconds."""
    begun, spent, samples = perf_counter(), process_time(), 0
    while perf_counter() - begun < seconds:
        for batch in loader:
            samples += len(batch.labels)
            last = batch.images
    if last.is_cuda:
        torch.cuda.synchronize(last.device)
    return Turn(samples / (perf_counter() - begun), 1e6 * (process_time() - spent) / samples)


def difference(store: Stored, work: Work, settings: dict[str, object]) -> tuple[float, float]:
    """The largest and the mean difference between this work's first batch and the CPU's, in levels."""
    with loader_of(store, work, settings) as one, loader_of(store, Work("cpu", "host", "float32"), settings) as other:
        (found, labels), (wanted, wanted_labels) = next(iter(one)), next(iter(other))
        if not torch.equal(labels.cpu(), wanted_labels):
            raise SystemExit(f"{work}: other labels than the CPU's")
        levels = 255 * torch.tensor(IMAGENET_STD)[:, None, None]
        apart = (found.to("cpu", torch.float32) - wanted).abs() * levels
    return float(apart.max()), float(apart.mean())


if __name__ == "__main__":
    main()

"""Does `train` tell waiting from computing rightly? The same training once by it, once by a loop instrumented by hand.

    python -m benchmarks.wait_share STORE [--rounds 3] [--steps 60] [--model small]

Ways of loading that wait little and ways that wait much are measured in interleaved rounds. The figures are the share
of the time after the first batch that was spent waiting for the next one, and how many points they are apart.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import torch
from torch.nn.functional import cross_entropy

from core.base.events import finish
from core.loading import compile_now
from core.loading.normalise import IMAGENET_MEAN, IMAGENET_STD
from core.stores.store import open_store
from core.training.determinism import default_threads
from core.training.models import make_model
from core.training.task import Train

WAYS = (("fast", "threads:2"), ("fast", "0"), ("torch", "0"), ("naive", "0"))
"""(loader, workers)."""

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--model", default="small")
    parser.add_argument("--transform", default="none")
    given = parser.parse_args()
    compile_now()
    torch.set_num_threads(default_threads())
    shares: dict[tuple[str, str], list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as home:
        for number in range(given.rounds):
            for way in WAYS:
                both = [by_hand, by_train] if number % 2 else [by_train, by_hand]
                told = {measure.__name__: measure(given, way, home) for measure in both}
                shares[way].append((told["by_hand"], told["by_train"]))
    show(shares, given.rounds)


def by_hand(given: argparse.Namespace, way: tuple[str, str], home: str) -> float:
    """The plain loop that anybody would write, with a stopwatch around the loader."""
    store = open_store(given.store)
    loader = store.loader(
        batch_size=BATCH, shuffle=True, seed=42, loader=way[0], workers=way[1], output="uint8",
        transform=given.transform, channels_last=True,
    )  # fmt: skip
    batches = iter(loader)
    images, labels = next(batches)
    model = make_model(given.model, len(store.classes), max(images.shape[2:]), 42)
    optimiser = torch.optim.SGD(model.parameters(), 0.001, momentum=0.9, weight_decay=1e-4)
    mean, std = torch.tensor(IMAGENET_MEAN)[:, None, None], torch.tensor(IMAGENET_STD)[:, None, None]
    waiting = computing = 0.0
    model.train()
    for _ in range(given.steps - 1):
        begin = perf_counter()
        optimiser.zero_grad()
        cross_entropy(model((images / 255 - mean) / std), labels).backward()
        optimiser.step()
        computed = perf_counter()
        images, labels = next(batches)
        waiting += perf_counter() - computed
        computing += computed - begin
    batches.close()
    loader.close()
    store.close()
    return waiting / (waiting + computing)


def by_train(given: argparse.Namespace, way: tuple[str, str], home: str) -> float:
    """What `python -m core train` says of as many steps."""
    run = Train(
        [str(given.store)], epochs=1, model=given.model, batch_size=BATCH, limit=given.steps * BATCH, val_limit=1,
        loader=way[0], workers=way[1], transform=given.transform, home=home,
    )  # fmt: skip
    return float(finish(run.run())["epochs"][0]["wait_share"])


def show(shares: dict[tuple[str, str], list[tuple[float, float]]], rounds: int) -> None:
    print(f"{rounds} interleaved rounds, medians; in brackets the lowest and the highest\n")
    print("| loader | workers | waiting, by hand | waiting, by train | points apart |")
    print("|---|---|---|---|---|")
    for (loader, workers), pairs in shares.items():
        hand, ours = ([pair[which] for pair in pairs] for which in (0, 1))
        apart = 100 * (statistics.median(ours) - statistics.median(hand))
        print(f"| {loader} | {workers} | {_percent(hand)} | {_percent(ours)} | {apart:+.1f} |")


def _percent(shares: Sequence[float]) -> str:
    return f"{100 * statistics.median(shares):.1f} % ({100 * min(shares):.1f} to {100 * max(shares):.1f})"


if __name__ == "__main__":
    main()

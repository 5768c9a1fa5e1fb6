"""What the kernel for bare pixels takes in each output, without anything around it: what halves can bring at most.

    python -m benchmarks.kernel_outputs [--rounds N]

One thread, batches of 256 images of 32 x 32 from 50,000 (154 MB) in random order, all outputs in turns; the least time
of a round of 200 batches, in nanoseconds per image. `compute`: the same image again and again into one batch, both in
the nearest cache. `one batch`: images from anywhere, written to memory that was just written. `in turns`: written to 24
batches in turns, which are more than a cache holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter

import numpy as np

from core.loading.fused.memory import output_to
from core.loading.kernels import raw_batch
from core.loading.normalise import OUTPUTS, Normalise

IMAGES, SIDE, BATCH, BATCHES, IN_TURNS = 50_000, 32, 256, 200, 24
BYTES = 3 * SIDE * SIDE

CASES: dict[str, tuple[bool, int]] = {"compute": (False, 1), "one batch": (True, 1), "in turns": (True, IN_TURNS)}
"""Whether images come from anywhere, and to how many batches they are written."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    images = np.random.default_rng(0).integers(0, 255, IMAGES * BYTES, np.uint8)
    works = {(output, case): work(images, output, *how) for output in OUTPUTS for case, how in CASES.items()}
    least = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for key, do in works.items():
            least[key] = min(least[key], do())
    print("| output | " + " | ".join(f"{case}, ns | float32 / this" for case in CASES) + " |")
    print("|---|" + "---|---|" * len(CASES))
    for output in OUTPUTS:
        figures = (f"{least[output, case]:.0f} | {least['float32', case] / least[output, case]:.2f}" for case in CASES)
        print(f"| {output} | " + " | ".join(figures) + " |")


def work(images: np.ndarray, output: str, anywhere: bool, batches: int) -> Callable[[], float]:
    """Does a round; nanoseconds per image."""
    normalise = Normalise(output)
    memory = [np.empty((BATCH, 3, SIDE, SIDE), normalise.dtype) for _ in range(batches)]
    outputs = [output_to(one, normalise) for one in memory]
    order = np.random.default_rng(1).permutation(IMAGES) if anywhere else np.zeros(IMAGES, np.int64)
    places = order.astype(np.int64)[: IMAGES // BATCH * BATCH].reshape(-1, BATCH) * BYTES

    def do() -> float:
        begun = perf_counter()
        for number in range(BATCHES):
            raw_batch(images, places[number % len(places)], SIDE * SIDE, outputs[number % batches])
        return (perf_counter() - begun) / BATCHES / BATCH * 1e9

    return do


if __name__ == "__main__":
    main()

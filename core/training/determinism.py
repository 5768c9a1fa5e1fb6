"""The same arithmetic every time: as many threads, the deterministic algorithms, nothing chosen by a trial run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from ..processes.cpus import usable_cpus


def default_threads() -> int:
    """All CPUs but one, which is left to whoever loads.

    Threads that compute wait for each other after every layer. Where one of them has to share its CPU, all others wait
    with it: on two busy CPUs one thread is several times as fast as two.
    """
    return max(usable_cpus() - 1, 1)


@contextmanager
def deterministic(device: torch.device, threads: int) -> Iterator[None]:
    """Within it the same steps give the same losses to the last bit on this device; afterwards all is as it was.

    On the CPU sums are split among threads, so results are the same for the same number of them. On Apple's GPUs some
    operations have no deterministic form: there it is asked for as far as it goes.
    """
    # cuBLAS is deterministic with workspaces of a fixed size only, and reads this when it is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode(), torch.backends.cudnn.benchmark
    with ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
        try:
            torch.set_num_threads(threads)
            # As `use_deterministic_algorithms`, which imports PyTorch's compiler, too: a second that nobody needs here.
            torch.set_deterministic_debug_mode("warn" if device.type == "mps" else "error")
            torch.backends.cudnn.benchmark = False
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.set_deterministic_debug_mode(before[1])
            torch.backends.cudnn.benchmark = before[2]

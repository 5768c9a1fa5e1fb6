"""What kernels work in, and where they write: as they take it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..jpeg.state import DecoderState, new_state
from ..normalise import Images, Normalise
from ..output import Output
from ..png.state import PngState, new_png_state
from ..resample import Workspace, new_workspace
from ..simd.colour import LAYOUTS
from ..transform import View

LARGEST = 1 << 29
"""Bytes of samples or of entropy-coded data for which memory is kept ready; larger images are Pillow's."""


class KernelMemory(threading.local):
    """What kernels work in, once a thread."""

    def __init__(self) -> None:
        self.state: DecoderState = new_state(1 << 16, 1 << 16)

    @cached_property
    def work(self) -> Workspace:
        return new_workspace()

    @cached_property
    def png(self) -> PngState:
        return new_png_state(1 << 16, 1 << 16)

    def grow_png(self) -> bool:
        """Make room for larger PNGs; False where they are too large for that."""
        stream, samples = 4 * len(self.png.stream), 4 * len(self.png.samples)
        if samples > LARGEST:
            return False
        self.png = new_png_state(stream, samples)
        return True

    def grow(self) -> bool:
        """Make room for larger images; False where they are too large for that."""
        stream, samples = 4 * len(self.state.stream), 4 * len(self.state.samples)
        if samples > LARGEST:
            return False
        self.state = new_state(stream, samples)
        return True


kernel_memory = KernelMemory()


def output_to(out: Images, normalise: Normalise) -> Output:
    """A batch, (B, 3, H, W) in the order of its shape or as channels_last, as the kernels take it."""
    planar = out.flags.c_contiguous
    memory = out if planar else out.transpose(0, 2, 3, 1)
    layout = LAYOUTS.index((planar, normalise.output))
    return Output(memory.reshape(len(out), -1).view(np.uint8), layout, normalise.factors)


def axes_of(views: Sequence[View]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The views as kernels take them: (n, 2, 4) and (n,)."""
    table = np.array(views, np.float64)
    rows, columns = table[:, [0, 1, 4, 5]], table[:, [2, 3, 6, 7]]
    return np.ascontiguousarray(np.stack([rows, columns], 1)), table[:, 8] != 0

"""What kernels resize in, where they write, and views: as they take them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..normalise import Images, Normalise
from ..output import Output
from ..resample import Workspace, new_workspace
from ..simd.colour import LAYOUTS
from ..transform import View


class ResampleMemory(threading.local):
    """What kernels resize in, once a thread."""

    def __init__(self) -> None:
        self.work: Workspace = new_workspace()


resample_memory = ResampleMemory()


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

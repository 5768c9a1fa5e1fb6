"""Small images whose data is inflated together (see `inflate_many`)."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="arg-type, assignment, no-any-return, return-value, untyped-decorator"
import numpy as np
import numpy.typing as npt

from ..native import kernel
from ..statuses import OK, UNSUPPORTED
from .chunks import copy, has_room
from .inflate_many import inflate_many
from .inflate_state import DATA, LENGTH, OUT, OUT_LENGTH, STATUS
from .pixels import to_pixels
from .state import COLOUR, HEIGHT, PALETTE, ROW, SMALL, STREAM, STREAM_BYTES, PngState


@kernel
def joins(state: PngState) -> bool:
    """Whether the image whose chunks were read last is one for a group: small, its data in one chunk, no palette.

    Palettes and data in several chunks lie in memory that the next image's take.
    """
    frame = state.frame
    small = (frame[ROW] + 1) * frame[HEIGHT] <= SMALL
    return small and frame[STREAM] >= 0 and frame[COLOUR] != PALETTE and has_room(state) == OK


@kernel
def join(data: npt.NDArray[np.uint8], number: int, place: int, state: PngState) -> None:
    """Make the image whose chunks were read last, sample `number`, the group's image at `place`."""
    frame, job = state.frame, state.group.jobs[place]
    state.group.numbers[place] = number
    copy(frame, state.group.frames[place], len(frame))
    job[DATA], job[LENGTH] = np.int64(data.ctypes.data) + frame[STREAM], frame[STREAM_BYTES]
    job[OUT], job[OUT_LENGTH] = state.group.filtered[place].ctypes.data, (frame[ROW] + 1) * frame[HEIGHT]


@kernel
def inflate_group(size: int, state: PngState) -> None:
    """Inflate the group's first `size` images."""
    inflate_many(state.group.jobs[:size], state.inflate)


@kernel
def group_pixels(place: int, state: PngState) -> int:
    """Pixels of one of the inflated, at `image_place`, and its frame. Returns OK or UNSUPPORTED."""
    job = state.group.jobs[place]
    if job[STATUS] != 0:
        return UNSUPPORTED
    copy(state.group.frames[place], state.frame, len(state.frame))
    copy(state.group.filtered[place], state.filtered, job[OUT_LENGTH])
    return to_pixels(state, state.frame[HEIGHT])

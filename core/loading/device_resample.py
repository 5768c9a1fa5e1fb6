"""The views of a whole batch, resampled where its images lie: a few dozen operations of torch, however many images.

Image by image a GPU spends its time on beginning operations: 25 of them an image, for a microsecond of work each. Here
the images of a batch lie in one row of bytes, and every operation is over all of them. Each output pixel is a sum over
`taps` input pixels, of which those outside of the part looked at weigh nothing; first along rows, then along columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np
import torch

from .transform import SIDE, View

ROWS = 65_536
"""Rows of input that are resampled at once: numbers of them times 3 channels, `SIDE` columns and some 25 bytes."""


def resample(images: Sequence[torch.Tensor], views: Sequence[View]) -> torch.Tensor:
    """What each view shows of its image, as Pillow resizes: bilinear with antialiasing, rows first, on uint8.

    Images uint8 (3, height, width) of any sizes on one device in, uint8 (n, 3, SIDE, SIDE) on it out. The weights are
    Pillow's, a triangle as wide as the step (`core.loading.transform.View`); sums are of float32, where Pillow's are of
    integers, so that a level may differ by 1.
    """
    return torch.cat([_resampled(images[few], views[few]) for few in _groups(views)])


def _groups(views: Sequence[View]) -> Iterator[slice]:
    """As many views as look at `ROWS` rows together, one at the least."""
    first, rows = 0, 0
    for number, view in enumerate(views):
        height = view.bottom - view.top
        if rows and rows + height > ROWS:
            yield slice(first, number)
            first, rows = number, 0
        rows += height
    yield slice(first, len(views))


def _resampled(images: Sequence[torch.Tensor], views: Sequence[View]) -> torch.Tensor:
    device = images[0].device
    heights = [view.bottom - view.top for view in views]
    geometry = torch.from_numpy(_geometry(images, views)).to(device, non_blocking=True)
    start, plane, width, row, x_start, x_step, y_start, y_step, right, bottom, flip = geometry.unbind(1)
    count = np.array([_taps(view) for view in views]).max(0)
    x, x_weights = _taken(x_start, x_step, right, flip, int(count[0]))
    y, y_weights = _taken(y_start, y_step, bottom, torch.zeros_like(flip), int(count[1]))

    owner = torch.repeat_interleave(
        torch.arange(len(views), device=device), torch.tensor(heights, device=device), output_size=sum(heights)
    )
    begin = (start - row * width)[owner].long() + torch.arange(sum(heights), device=device) * width.long()[owner]
    channels = plane.long()[:, None] * torch.arange(3, device=device)
    begins = begin[:, None] + channels[owner]  # (rows, 3): where the part's first column lies
    pixels = torch.cat([image.reshape(-1) for image in images])
    across = torch.zeros((sum(heights), 3, SIDE), dtype=torch.float32, device=device)
    for columns, weights in zip(x.unbind(2), x_weights.unbind(2), strict=True):
        across.addcmul_(pixels[begins[:, :, None] + columns[owner][:, None]], weights[owner][:, None])
    narrow = _rounded(across)

    down = torch.zeros((len(views), SIDE, 3, SIDE), dtype=torch.float32, device=device)
    for rows, weights in zip(y.unbind(2), y_weights.unbind(2), strict=True):
        down.addcmul_(narrow[row.long()[:, None] + rows], weights[:, :, None, None])
    return _rounded(down).permute(0, 2, 1, 3)


def _geometry(
    images: Sequence[torch.Tensor], views: Sequence[View]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """float64 (n, 11), what `_resampled` takes apart: places in the row of bytes and in the rows of all parts."""
    table, place, row = [], 0, 0
    for image, view in zip(images, views, strict=True):
        _, height, width = image.shape
        first = place + view.top * width + view.left
        x, y = (view.x_start - view.left, view.x_step), (view.y_start - view.top, view.y_step)
        part = (view.right - view.left, view.bottom - view.top)
        table.append((first, height * width, width, row, *x, *y, *part, view.flip))
        place, row = place + 3 * height * width, row + part[1]
    return np.array(table, np.float64)


def _taps(view: View) -> tuple[int, int]:
    """The most pixels that go into one output pixel: columns, rows."""
    return ceil(2 * max(view.x_step, 1.0)) + 1, ceil(2 * max(view.y_step, 1.0)) + 1


def _taken(
    start: torch.Tensor, step: torch.Tensor, length: torch.Tensor, turned: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which pixels of a part go into each output pixel, int64 (n, SIDE, count), and how much, float32 likewise."""
    places = torch.arange(SIDE, device=start.device, dtype=torch.float64).expand(len(start), SIDE)
    places = torch.where(turned[:, None] > 0, SIDE - 1 - places, places)
    centres = start[:, None] + (places + 0.5) * step[:, None]
    reach = step.clamp(min=1.0)[:, None]
    first = (centres - reach - 0.5).floor() + 1
    pixels = first[:, :, None] + torch.arange(count, device=start.device)
    weights = (1 - (pixels + 0.5 - centres[:, :, None]).abs() / reach[:, :, None]).clamp(min=0)
    last = length[:, None, None] - 1
    weights = weights * ((pixels >= 0) & (pixels <= last))
    inside = torch.minimum(pixels.clamp(min=0), last)
    return inside.long(), (weights / weights.sum(2, keepdim=True)).to(torch.float32)


def _rounded(values: torch.Tensor) -> torch.Tensor:
    return values.add_(0.5).floor_().clamp_(0, 255).to(torch.uint8)

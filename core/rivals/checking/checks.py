"""`RivalChecks`: what a rival handed out, before it is timed and while it is, against the samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..exported import Exported
from ..handed import Handed
from ..inside.work import SIDE, RivalWork
from ..registration import RivalRegistration
from .caching import check_cpu, check_memory
from .epochs import check_batch_sizes, check_form, check_mixing, check_order, indices_of, order_distance
from .known import Known
from .random_views import compare_looked_views, compare_view_means
from .refused import RivalRefused
from .whole_images import closeness, compare_looked, compare_means

EPOCHS = 2
"""That `validate` needs."""


@dataclass(frozen=True)
class Checked:
    """unique: different samples in an epoch, all there are. compared: images whose pixels were compared, whole or by
    the means of their channels. shuffle_quality: 1 like a full shuffle, 0 like batches sorted by class. order_distance:
    how far apart in storage successive samples lie, 1 like a full shuffle."""

    unique: int
    compared: int
    shuffle_quality: float
    order_distance: float


class RivalChecks:
    """Of one rival and one configuration. `known`: of the same samples, where another rival's checks have it."""

    def __init__(
        self, exported: Exported, registration: RivalRegistration, work: RivalWork, known: Known | None = None
    ) -> None:
        self._work = work
        self.known = known or Known(exported)
        self._limits = closeness(exported.encoding, registration.reencodes)

    def validate(self, handed: Handed) -> Checked:
        """Two epochs or more that are not timed, with the means of all images. Raises RivalRefused."""
        if len(handed.means) != len(handed.tickets):
            raise ValueError("validating takes the means of all images")
        if len(handed.epochs) < EPOCHS:
            raise RivalRefused(
                f"needs {handed.seconds:.0f} s for an epoch, too long to be validated by {EPOCHS} of them"
            )
        return self._checked(handed)

    def timed(self, handed: Handed) -> Checked:
        """Epochs that were timed: who hands out what, and the images that were looked at. Raises RivalRefused."""
        return self._checked(handed)

    def caching(self, pids: Sequence[int], memory_bytes: float) -> str:
        """After `validate`, while the processes `pids` of the rival, which took `memory_bytes`, do nothing: whether
        they keep decoded images. Returns why that cannot be told, else "". Raises RivalRefused."""
        return check_memory(self.known, self._work, pids, memory_bytes)

    def processor_time(self, cpu_s_per_sample: float) -> None:
        """Of timed epochs. Raises RivalRefused where it is less than decoding takes."""
        if self._work.device == "cpu":
            check_cpu(cpu_s_per_sample, self.known.least_cpu_s)

    def _checked(self, handed: Handed) -> Checked:
        work, samples = self._work, self.known.samples
        check_form(handed, (SIDE, SIDE) if work.transform == "train224" else self.known.shape)
        epochs = indices_of(handed, samples.tickets, self.known.classes)
        check_batch_sizes(handed, work.batch_size, work.workers)
        check_order(epochs)
        quality = check_mixing(handed, epochs, samples.tickets % self.known.classes)
        compared = self._compare(handed, epochs)
        return Checked(len(samples), compared, quality, order_distance(epochs))

    def _compare(self, handed: Handed, epochs: list[npt.NDArray[np.int64]]) -> int:
        looked = [int(ticket) // self.known.classes for ticket in handed.looked_tickets]
        means = 0
        if len(looked) != len(handed.looked):
            raise RivalRefused("hands out images without labels")
        if not (np.isfinite(handed.looked).all() and np.isfinite(handed.means).all()):
            raise RivalRefused("hands out numbers that are none")
        if self._work.transform == "none":
            compare_looked(handed, looked, self.known, self._limits)
            if len(handed.means):
                drawn = self.known.whole
                means = compare_means(handed, epochs, drawn.samples, drawn.means, self._limits)
            return len(looked) + means
        found = compare_looked_views(handed, looked, self.known.reference)
        if len(handed.means):
            drawn = self.known.views
            assert drawn.views is not None
            means = compare_view_means(handed, epochs, drawn.samples, drawn.views)
        return found + means

"""Ours in a process of its own: `make_loader` over the built store, whose labels are replaced by tickets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...loading import make_loader
from ...stores.manifest import Manifest
from ...stores.store import Store
from ..inside.samples import Samples
from ..inside.work import RivalWork
from ..registration import Epochs


class TicketStore(Store):
    """A store whose samples are labelled with their tickets."""

    def __init__(self, path: Path, split: str, manifest: Manifest, tickets: npt.NDArray[np.int64]) -> None:
        super().__init__(path, split, manifest)
        self.__dict__["labels"] = tickets

    @property
    def labels_checksum(self) -> str | None:
        """None: these are not the labels that were built."""
        return None

    def __reduce__(self) -> tuple[object, ...]:
        return TicketStore, (self.path, self.split, self.manifest, self.__dict__["labels"])


@dataclass(frozen=True)
class OursRival:
    """See `core.rivals.registration.RivalAdapter`."""

    loader: str

    def prepare(self, samples: Samples, folder: Path) -> None:
        """Nothing: the store is built already."""

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        path = Path(work.store)
        store = TicketStore(path, work.split, Manifest.load(path), samples.tickets)
        loader = make_loader(
            store,
            batch_size=work.batch_size,
            seed=work.seed,
            workers=work.workers,
            device=work.device,
            output=work.output,
            transform=work.transform,
            loader=self.loader,
        )
        return lambda: iter(loader)

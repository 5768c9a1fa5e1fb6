"""Deep Lake: its own columns, through a DataLoader that asks for whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work
from benchmarks.peers.samples import data_loader, encoded, to_sample


def prepare(work: Work, folder: Path) -> None:
    import deeplake

    dataset = deeplake.create(f"file://{folder}/lake")
    dataset.add_column("image", deeplake.types.Bytes())
    dataset.add_column("label", "int32")
    images, labels = zip(*encoded(work), strict=True)
    dataset.append({"image": list(images), "label": list(labels)})
    dataset.commit()


class _Rows:
    def __init__(self, folder: Path, work: Work) -> None:
        self._folder, self._work = folder, work
        self._dataset: Any = None

    def __len__(self) -> int:
        return len(self._work.files())

    def __getitems__(self, indices: list[int]) -> list[Any]:
        if self._dataset is None:
            import deeplake

            self._dataset = deeplake.open_read_only(f"file://{self._folder}/lake")
        rows = self._dataset[indices]
        pairs = zip(rows["image"][:], rows["label"][:], strict=True)
        return [to_sample(data, label, self._work) for data, label in pairs]

    def __getitem__(self, index: int) -> Any:
        return self.__getitems__([index])[0]


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    return data_loader(_Rows(folder, work), work, workers, shuffle=True)

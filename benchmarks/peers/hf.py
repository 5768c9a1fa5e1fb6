"""Hugging Face datasets: Arrow files, mapped, through a DataLoader that asks for whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work
from benchmarks.peers.samples import data_loader, encoded, to_sample


def prepare(work: Work, folder: Path) -> None:
    import datasets

    images, labels = zip(*encoded(work), strict=True)
    datasets.Dataset.from_dict({"image": list(images), "label": list(labels)}).save_to_disk(str(folder / "arrow"))


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    import datasets

    dataset = datasets.load_from_disk(str(folder / "arrow"))
    return data_loader(_Batches(dataset, work), work, workers, shuffle=True)


class _Batches:
    def __init__(self, dataset: Any, work: Work) -> None:
        self._dataset, self._work = dataset, work

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitems__(self, indices: list[int]) -> list[Any]:
        rows = self._dataset[indices]
        return [to_sample(data, label, self._work) for data, label in zip(rows["image"], rows["label"], strict=True)]

    def __getitem__(self, index: int) -> Any:
        return self.__getitems__([index])[0]

"""Lance: a columnar file with fast random access, through a DataLoader that asks for whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import Work
from benchmarks.peers.samples import data_loader, encoded, to_sample


def prepare(work: Work, folder: Path) -> None:
    import lance
    import pyarrow

    images, labels = zip(*encoded(work), strict=True)
    table = pyarrow.table({"image": pyarrow.array(images, pyarrow.large_binary()), "label": list(labels)})
    lance.write_dataset(table, str(folder / "images.lance"))


def open_epochs(work: Work, folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    options = {"multiprocessing_context": "forkserver"} if workers else {}  # it does not survive fork
    return data_loader(_Rows(folder / "images.lance", work), work, workers, shuffle=True, **options)


class _Rows:
    def __init__(self, path: Path, work: Work) -> None:
        self._path, self._work = path, work
        self._dataset: Any = None

    def __len__(self) -> int:
        return len(self._work.files())

    def __getitems__(self, indices: list[int]) -> list[Any]:
        if self._dataset is None:
            import lance

            self._dataset = lance.dataset(str(self._path))
        rows = self._dataset.take(indices)
        pairs = zip(rows["image"].to_pylist(), rows["label"].to_pylist(), strict=True)
        return [to_sample(data, label, self._work) for data, label in pairs]

    def __getitem__(self, index: int) -> Any:
        return self.__getitems__([index])[0]

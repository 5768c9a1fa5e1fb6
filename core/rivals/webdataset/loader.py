"""WebDataset: tar files in shards, read from front to back, shuffled by shard and through a buffer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..inside.samples import Samples
from ..inside.work import RivalWork
from ..registration import Epochs

FIELDS = {"jpeg": "jpg", "png": "png", "raw": "bin"}
"""The image's name in the tar by its encoding."""

DOCUMENTED_FIELDS = {**FIELDS, "raw": "npy"}
"""Names that the library's own `decode` knows."""

LEAST_SHARDS, LARGEST_SHARD = 64, 10_000
"""Shards are shared out over the workers, so that few of them would leave a worker with more than the others."""

BUFFER = 5_000
"""Samples in the buffer that the next one is drawn from, still encoded."""


@dataclass(frozen=True)
class WebDatasetRival:
    """See `core.rivals.registration.RivalAdapter`. Decoded by what is fastest, or, `documented`, by its `decode`."""

    documented: bool = False

    def prepare(self, samples: Samples, folder: Path) -> None:
        """Shards with a file for the image and one for the ticket of each sample, in a mixed order."""
        import webdataset

        field, length = self._field(samples), shard_length(len(samples))
        with webdataset.ShardWriter(str(folder / "%06d.tar"), maxcount=length, verbose=0) as writer:
            for number, (data, ticket) in enumerate(samples.mixed()):
                image = npy_file(data, samples.shape) if field == "npy" else data
                writer.write({"__key__": f"{number:09d}", field: image, "cls": ticket})

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        """Each worker makes whole batches of its own shards."""
        import webdataset

        shards = [str(path) for path in sorted(folder.glob("*.tar"))]
        dataset = webdataset.WebDataset(
            shards, shardshuffle=len(shards), detshuffle=True, seed=work.seed, empty_check=False
        ).shuffle(BUFFER)
        pairs = _documented if self.documented else _fastest
        batches = pairs(dataset, self._field(samples), samples, work)
        loader = webdataset.WebLoader(
            batches, batch_size=None, num_workers=work.workers, persistent_workers=work.workers > 0
        )
        return lambda: iter(loader)

    def _field(self, samples: Samples) -> str:
        return (DOCUMENTED_FIELDS if self.documented else FIELDS)[samples.encoding]


def shard_length(samples: int) -> int:
    """Samples in a shard."""
    return min(LARGEST_SHARD, -(-samples // LEAST_SHARDS))


def npy_file(data: bytes, shape: tuple[int, int] | None) -> bytes:
    """Bare pixels as the contents of an .npy file."""
    assert shape is not None
    file = BytesIO()
    np.save(file, np.frombuffer(data, np.uint8).reshape(*shape, 3))
    return file.getvalue()


def _fastest(dataset: Any, field: str, samples: Samples, work: RivalWork) -> Any:
    """Batches: decoded and transformed sample by sample, normalised at once."""
    from ..inside.torch_samples import collate_pixels
    from ..inside.views import stored_view

    view = stored_view(samples.encoding, samples.shape, work.transform)
    return dataset.to_tuple(field, "cls").map_tuple(view, int).batched(work.batch_size, collation_fn=collate_pixels)


def _documented(dataset: Any, field: str, samples: Samples, work: RivalWork) -> Any:
    """Batches as in its documentation: images of Pillow become normalised tensors one by one."""
    tensor = partial(_tensor, transform=work.transform)
    return dataset.decode("pil").to_tuple(field, "cls").map_tuple(tensor, int).batched(work.batch_size)


def _tensor(image: Any, transform: str) -> Any:
    """Of Pillow's image, or of the array that an .npy file becomes."""
    from PIL import Image

    from ..inside.torch_samples import normalised
    from ..inside.views import random_crop

    if transform == "train224":
        image = random_crop(Image.fromarray(image) if isinstance(image, np.ndarray) else image)
    return normalised(np.asarray(image))

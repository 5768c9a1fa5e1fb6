"""A streaming library over S3, as its users run it.

    remote_peers.py NAME write IMAGES FOLDER
    remote_peers.py NAME load ADDRESS CACHE

Run by `benchmarks.remote` in the library's own environment, which has nothing of this project. Samples are decoded with
Pillow and stacked by torch's DataLoader with two workers. Says in one line of JSON how fast an epoch was.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image

BATCH, WORKERS = 256, 2
CHUNK_BYTES, SHARD_SAMPLES = 8 << 20, 6_000


def images_in(folder: Path) -> list[tuple[bytes, int]]:
    """Every file and the number of its class, in a random order."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [(file.read_bytes(), number) for number, one in enumerate(classes) for file in sorted(one.iterdir())]
    random.Random(0).shuffle(found)
    return found


def decoded(data: bytes, label: Any) -> tuple[torch.Tensor, int]:
    pixels = np.asarray(Image.open(BytesIO(bytes(data))).convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1), int(label)


def without_torchvision() -> None:
    """Streaming imports it for datasets of its own, which are not used here, and there is none for every torch."""
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        module.VisionDataset = object  # type: ignore[attr-defined]
        module.to_tensor = decoded  # type: ignore[attr-defined]


class WebDataset:
    def write(self, images: Path, folder: Path) -> None:
        import webdataset

        folder.mkdir(parents=True)
        with webdataset.ShardWriter(str(folder / "%06d.tar"), maxcount=SHARD_SAMPLES) as writer:
            for number, (data, label) in enumerate(images_in(images)):
                writer.write({"__key__": f"{number:08d}", "jpg": data, "cls": label})

    def load(self, address: str, cache: Path) -> Iterator[Any]:
        import webdataset

        place = f"{os.environ['AWS_ENDPOINT_URL']}/{address.removeprefix('s3://')}"
        count = int(os.environ["SHARDS"])
        signed = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, Signature=0"
        urls = [f"pipe:curl -s -f -H 'Authorization: {signed}' {place}/{number:06d}.tar" for number in range(count)]
        dataset = webdataset.WebDataset(urls, shardshuffle=count, empty_check=False).shuffle(2000)
        dataset = dataset.to_tuple("jpg", "cls").map(lambda pair: decoded(pair[0], pair[1]))
        return iter(torch.utils.data.DataLoader(dataset, batch_size=BATCH, num_workers=WORKERS))


class LitData:
    def write(self, images: Path, folder: Path) -> None:
        from litdata.streaming.writer import BinaryWriter

        writer = BinaryWriter(str(folder), chunk_bytes=CHUNK_BYTES)
        for number, (data, label) in enumerate(images_in(images)):
            writer[number] = {"image": data, "label": label}
        writer.done()
        writer.merge()

    def load(self, address: str, cache: Path) -> Iterator[Any]:
        from litdata import StreamingDataLoader, StreamingDataset
        from litdata.streaming import downloader

        downloader._OBSTORE_CLIENT_OPTIONS["allow_http"] = "true"  # it knows servers with TLS alone

        class Samples(StreamingDataset):  # type: ignore[misc]
            def __getitem__(self, index: Any) -> Any:
                row = super().__getitem__(index)
                return decoded(row["image"], row["label"])

        dataset = Samples(address, cache_dir=str(cache), shuffle=True)
        return iter(StreamingDataLoader(dataset, batch_size=BATCH, num_workers=WORKERS))


class Mosaic:
    def write(self, images: Path, folder: Path) -> None:
        without_torchvision()
        from streaming import MDSWriter

        with MDSWriter(out=str(folder), columns={"image": "bytes", "label": "int"}, size_limit=CHUNK_BYTES) as writer:
            for data, label in images_in(images):
                writer.write({"image": data, "label": label})

    def load(self, address: str, cache: Path) -> Iterator[Any]:
        without_torchvision()
        from streaming import StreamingDataset

        class Samples(StreamingDataset):  # type: ignore[misc]
            def __getitem__(self, index: Any) -> Any:
                row = super().__getitem__(index)
                return decoded(row["image"], row["label"])

        os.environ["S3_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL"]
        dataset = Samples(remote=address, local=str(cache), shuffle=True, batch_size=BATCH)
        return iter(torch.utils.data.DataLoader(dataset, batch_size=BATCH, num_workers=WORKERS))


PEERS = {"webdataset": WebDataset, "litdata": LitData, "mosaic": Mosaic}


def main() -> None:
    name, what, source, target = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print what they like
    peer = PEERS[name]()
    if what == "write":
        peer.write(Path(source), Path(target))
        return
    begun, spent = time.perf_counter(), os.times()
    samples = beginning = 0
    first = begun
    for images, _ in peer.load(source, Path(target)):
        samples += len(images)
        if not beginning:
            first, beginning = time.perf_counter(), samples
    ended, after = time.perf_counter(), os.times()
    told = {
        "rate": samples / (ended - begun),
        "steady": (samples - beginning) / (ended - first),
        "first_batch_s": first - begun,
        "processor_s": sum(after[:4]) - sum(spent[:4]),
    }
    print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()

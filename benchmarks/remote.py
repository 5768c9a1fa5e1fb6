"""Loading from S3 against loading from this disk: the same store, cold and warm, beside the usual streaming libraries.

    python -m benchmarks.remote IMAGES [--work DIR] [--mb MB] [--format F] [--latency-ms MS] [--rounds N] [--seconds S]
        [--encodings original,raw] [--server moto|static] [--peers NAME=PYTHON ...]

IMAGES: a folder of class folders. A store of them, each as often as it takes for `--mb`, is built in shards of 64
MB and put on a server on this machine that answers S3's requests `--latency-ms` late: moto behind the proxy of the
tests (`tests/object_server.py`), or `benchmarks.static_objects`, which hands out files as the system can (for where
Python's own pace would be what is measured). In turn, an epoch each is loaded from the disk (page cache warm), from the
server with an empty cache, and from the server with all shards in the cache (a store just opened, and one whose shards
were used before, as those of the disk were), in shard order (`shuffle="shards"`), by
the same kernels and workers. Peers read their own files of the same images from the same server, decode with Pillow as
their users do, and run in their own environments (`--peers litdata=/path/to/python`; the variable PEER_PATH is their
PYTHONPATH). Raw pixels are loaded with the first of the `--transforms` alone.

Rates are samples a second: `epoch` (or so many `--seconds` of it) from the first request to the last batch, `steady`
from the first batch on, where the shards that the first batches mix have been fetched. Processor seconds are those of
the loading process and its children; the server's stand beside them, for it shares these CPUs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.by_index import repeated
from benchmarks.process_time import tree_seconds
from core.base.events import finish
from core.building import Build
from core.importing.task import Import
from core.remote.files import RemoteFiles
from core.stores.manifest import MANIFEST
from core.stores.remote.store import open_remote_store
from core.stores.sample_checksums import payload_checksums
from core.stores.store import Store, file_checksums, labels_checksum, open_store

ROOT = Path(__file__).resolve().parents[1]
SHARD_MB = 64
BATCH = 256
MOMENT = 1.0
"""Seconds."""


@dataclasses.dataclass(frozen=True)
class Epoch:
    """Samples a second of an epoch and from its first batch on, seconds to that, processor seconds; what was asked of
    the server and what that took."""

    rate: float
    steady: float
    first_batch_s: float
    processor_s: float
    server_s: float
    requests: int = 0
    bytes: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--work", type=Path, default=Path("/tmp/remote_benchmark"))
    parser.add_argument("--mb", type=int, default=400, help="of each store, about")
    parser.add_argument("--format", default="tfrecord", help="tfrecord, webdataset or parquet")
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of an epoch at most")
    parser.add_argument("--encodings", default="original,raw")
    parser.add_argument("--transforms", default="none,train224")
    parser.add_argument("--server", default="moto", choices=("moto", "static"))
    parser.add_argument("--peers", nargs="*", default=[], metavar="NAME=PYTHON")
    given = parser.parse_args()
    os.environ.setdefault("FORMAT_MATTERS_KERNELS", "wait")
    stores = [prepared(given, name) for name in given.encodings.split(",")]
    with serving(given) as server:
        rate = plain_rate() / 1e6
        print(f"server: {given.server}, {given.latency_ms:g} ms; {rate:,.0f} MB/s of a file of a shard's size\n")
        for store in stores:
            address = f"s3://bucket/{store.name}"
            put(store, address, given)
            for transform in given.transforms.split(",")[: 1 if "-raw-" in store.name else None]:
                compared(store, address, transform, server, given)
        for told in given.peers:
            peer, python = told.split("=", 1)
            one_peer(peer, python, given, server)


# ------------------------------------------------------------ stores


def prepared(given: argparse.Namespace, encoding: str) -> Path:
    """The store of about `--mb` MB, built if it is not there."""
    made = given.work / f"{given.format}-{encoding}-{given.mb}"
    if made.exists():
        return made
    home = str(given.work / "home")
    if not (Path(home) / "data/raw/images").exists():
        finish(Import(str(given.images), "images", home=home).run())
    built = finish(Build("images", given.format, encoding, "none", {"shard_mb": SHARD_MB}, home=home).run())
    store = open_store(built["store"])
    making = made.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    count = given.mb * len(store) * 1_000_000 // sum(shard.bytes for shard in store.shards)
    whole = repeated(store, making, count)
    sums = np.resize(np.array(payload_checksums(store.path, "train")), count)
    (making / "train.checksums").write_bytes(sums.astype("<u8").tobytes())
    split = {**whole.manifest.splits["train"], "labels_checksum": labels_checksum(whole.labels)}
    told = dataclasses.replace(whole.manifest, splits={"train": split}, files=file_checksums(making))
    told.save(making / MANIFEST)
    making.rename(made)
    return made


def put(store: Path, address: str, given: argparse.Namespace) -> None:
    if given.server == "static":
        return  # it hands out what lies in the folder
    files = RemoteFiles(address)
    for path in sorted(store.rglob("*")):
        if path.is_file():
            files.put(path, path.relative_to(store).as_posix())


# ------------------------------------------------------------ the server


@dataclasses.dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    url: str

    def seconds(self) -> float:
        return tree_seconds(self.process.pid)


@contextmanager
def serving(given: argparse.Namespace) -> Iterator[Server]:
    """The server as a process of its own; its address and credentials are in the environment."""
    late = ["--latency-ms", str(given.latency_ms)]
    program = [str(ROOT / "tests/object_server.py"), *late] if given.server == "moto" else [
        "-m", "benchmarks.static_objects", str(given.work), *late,
    ]  # fmt: skip
    process = subprocess.Popen([sys.executable, *program], stdout=subprocess.PIPE, text=True, cwd=ROOT,
                               env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            name, _, value = line.removeprefix("export ").strip().partition("=")
            os.environ[name] = value
            if name == "AWS_ALLOW_HTTP":
                break
        yield Server(process, os.environ["AWS_ENDPOINT_URL"])
    finally:
        process.terminate()
        process.wait()


def plain_rate() -> float:
    """Bytes a second in which a file of a shard's size is fetched, in parts side by side; the best of four."""
    files = RemoteFiles("s3://bucket")
    target = Path("/tmp") / f"remote-{os.getpid()}"
    data = os.urandom(1 << 20) * SHARD_MB
    rates = []
    try:
        files.put_bytes(data, "plain")
        for _ in range(4):
            begun = time.perf_counter()
            files.fetch("plain", target)
            rates.append(len(data) / (time.perf_counter() - begun))
    finally:
        target.unlink(missing_ok=True)
    return max(rates)


# ------------------------------------------------------------ ours


def compared(folder: Path, address: str, transform: str, server: Server, given: argparse.Namespace) -> None:
    """A table of the medians of interleaved rounds."""
    warm, cold = given.work / "cache-warm", given.work / "cache-cold"
    filled = open_remote_store(address, cache=warm)
    filled.fill_cache()
    names = "this disk", "S3, cold cache", "S3, warm cache, just opened", "S3, warm cache"
    turns: dict[str, list[Epoch]] = {name: [] for name in names}
    for turn in range(given.rounds + 1):
        shutil.rmtree(cold, ignore_errors=True)
        opened = (open_store(folder), *(open_remote_store(address, cache=cache) for cache in (cold, warm, warm)))
        opened[-1].fill_cache()
        for found, store in zip(turns.values(), opened, strict=True):
            again = store in (opened[0], opened[-1])
            told = epoch(store, transform, server, given.seconds, again)
            if turn:  # the first one loads what was compiled
                found.append(told)
            store.close()
    largest = max(shard.bytes for shard in filled.shards) / 1e6
    print(f"{folder.name}, {transform}: {len(filled):,} samples in {len(filled.shards)} shards of {largest:.0f} MB")
    table(turns)


def epoch(store: Store, transform: str, server: Server, seconds: float, again: bool) -> Epoch:
    """One epoch in shard order, or so many seconds of it, each batch taken and let go; `again`: after a moment of
    another one, which opens what is there."""
    before = server.seconds(), tree_seconds()
    begun = first = time.perf_counter()
    samples = beginning = 0
    output = "uint8" if transform == "none" else "float32"
    given = {
        "batch_size": BATCH if transform == "none" else BATCH // 4,
        "shuffle": "shards",
        "workers": "threads:2",
        "output": output,
    }
    with store.loader(transform=transform, **given) as loader:
        for _ in loader if again else ():
            if time.perf_counter() - begun > MOMENT:
                break
        before = server.seconds(), tree_seconds()
        begun = first = time.perf_counter()
        for images, _ in loader:
            samples += len(images)
            if not beginning:
                first, beginning = time.perf_counter(), samples
            if time.perf_counter() - first > seconds:
                break
        ended, traffic = time.perf_counter(), loader.traffic
    return Epoch(
        samples / (ended - begun), (samples - beginning) / (ended - first), first - begun,
        tree_seconds() - before[1] - (server.seconds() - before[0]), server.seconds() - before[0],
        traffic.get("requests", 0), traffic.get("bytes", 0),
    )  # fmt: skip


def table(turns: dict[str, list[Epoch]]) -> None:
    base = next(iter(turns.values()))
    columns = "epoch, samples/s", "of this disk", "steady, samples/s", "of this disk", "first batch, s", "CPU, s"
    print(f"| | {' | '.join(columns)} | server CPU, s | requests | MB |\n|{'---|' * 10}")
    for name, found in turns.items():
        middle = {field.name: statistics.median(getattr(one, field.name) for one in found)
                  for field in dataclasses.fields(Epoch)}  # fmt: skip
        pairs = list(zip(found, base, strict=False)) if len(turns) > 1 else []
        whole = f"{statistics.median(one.rate / other.rate for one, other in pairs):.2f}" if pairs else "-"
        steady = f"{statistics.median(one.steady / other.steady for one, other in pairs):.2f}" if pairs else "-"
        print(
            f"| {name} | {middle['rate']:,.0f} | {whole} | {middle['steady']:,.0f} | {steady} "
            f"| {middle['first_batch_s']:.2f} | {middle['processor_s']:.2f} | {middle['server_s']:.2f} "
            f"| {middle['requests']:.0f} | {middle['bytes'] / 1e6:.0f} |",
            flush=True,
        )
    print()


# ------------------------------------------------------------ peers


def one_peer(name: str, python: str, given: argparse.Namespace, server: Server) -> None:
    """Write its files if they are not there, put them on the server, and let it load an epoch with an empty cache."""
    place = given.work / f"peer-{name}"
    program = [python, str(ROOT / "benchmarks/remote_peers.py"), name]
    environment = {**os.environ, "PYTHONPATH": os.environ.get("PEER_PATH", "")}
    if not place.exists():
        making = place.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        subprocess.run([*program, "write", str(given.images), str(making)], check=True, env=environment)
        making.rename(place)
    put(place, f"s3://bucket/{place.name}", given)
    environment["SHARDS"] = str(len(list(place.glob("*.tar"))))
    found: list[Epoch] = []
    for _ in range(min(given.rounds, 2)):
        cache = given.work / "cache-peer"
        shutil.rmtree(cache, ignore_errors=True)
        before = server.seconds()
        asked = [*program, "load", f"s3://bucket/{place.name}", str(cache)]
        answer = subprocess.run(asked, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
        told: dict[str, Any] = json.loads(answer.splitlines()[-1])
        found.append(Epoch(**told, server_s=server.seconds() - before))
    table({name: found})


if __name__ == "__main__":
    main()

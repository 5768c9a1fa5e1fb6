"""Mangled files of every kind of the inspector, seeded and reproducible: what does the command line do with them?

    python -m benchmarks.mangled --files 2000 [--first SEED] [--kind lmdb] [--workers 2] [--minutes 60]
        [--here] [--keep DIR]

Each file is one of several layouts with something wrong: cut short, bytes changed, a hole, a piece in the wrong place,
two pages exchanged, numbers that cannot be. `inspect` and `scan` run on it, each in a process of its own. Told are exit
statuses other than 0 and 2, tracebacks, a process that took more than 1 GiB, and more than 20 s; the exit status is 1
where there are any.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import mangled_arrays, mangled_containers
from core.base.files import remove

REPOSITORY = Path(__file__).parent.parent
SECONDS, BYTES = 20.0, 1 << 30
VERBS = ("inspect", "scan")
GONE_EACH = 25
"""Of a folder's files one is taken away instead of mangled, each so many seeds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb did with one file: `wrong` is empty where all is as it should be."""

    seed: int
    layout: str
    verb: str
    status: int
    seconds: float
    wrong: str


# ---------------------------------------------------------------- whole files


def _images(seed: int, count: int = 40) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), np.uint8)


def _png(image: np.ndarray[Any, Any]) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def _lmdb(path: Path, databases: dict[bytes | None, dict[bytes, bytes]], **flags: bool) -> Path:
    import lmdb

    with lmdb.open(str(path), map_size=1 << 26, max_dbs=8, subdir=False, lock=False) as environment:
        for name, items in databases.items():
            database = environment.open_db(name, **flags if name else {})
            with environment.begin(write=True, db=database) as transaction:
                for key, value in items.items():
                    transaction.put(key, value)
    return path


def _values(value: Callable[[int, np.ndarray[Any, Any]], bytes], key: str = "%08d") -> dict[bytes, bytes]:
    return {(key % index).encode(): value(index, image) for index, image in enumerate(_images(1))}


def lmdb_of_files(path: Path) -> Path:
    return _lmdb(path, {None: _values(lambda _, image: _png(image))})


def lmdb_of_pickles(path: Path) -> Path:
    return _lmdb(path, {None: _values(lambda index, image: pickle.dumps({"image": image, "label": index}))})


def lmdb_of_pixels(path: Path) -> Path:
    return _lmdb(path, {None: _values(lambda _, image: image.repeat(3, axis=0).repeat(3, axis=1).tobytes())})


def lmdb_of_pairs(path: Path) -> Path:
    items = _values(lambda _, image: _png(image), "image-%09d") | _values(lambda index, _: b"%d" % index, "label-%09d")
    return _lmdb(path, {None: items | {b"num-samples": b"40"}})


def lmdb_of_databases(path: Path) -> Path:
    images, labels = _values(lambda _, image: _png(image)), _values(lambda index, _: b"%d" % index)
    return _lmdb(path, {b"images": images, b"labels": labels})


def lmdb_of_duplicates(path: Path) -> Path:
    import lmdb

    with lmdb.open(str(path), map_size=1 << 26, max_dbs=8, subdir=False, lock=False) as environment:
        database = environment.open_db(b"pairs", dupsort=True)
        with environment.begin(write=True, db=database) as transaction:
            for number in range(3000):
                transaction.put(b"key%d" % (number % 7), b"%08d" % number)
    return path


def hdf5_of_arrays(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        file["images"], file["labels"] = _images(2), np.arange(40)
    return path


def hdf5_of_chunks(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=_images(3), chunks=(4, 16, 16, 3), compression="gzip")
        file.create_dataset("y", data=np.arange(40), chunks=(8,))
    return path


def hdf5_of_files(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        entries = file.create_dataset("images", (40,), h5py.vlen_dtype(np.uint8))
        for index, image in enumerate(_images(4)):
            entries[index] = np.frombuffer(_png(image), np.uint8)
    return path


def hdf5_of_groups(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w", libver="latest") as file:
        for index, image in enumerate(_images(5)):
            dataset = file.create_dataset(f"train/class{index % 3}/{index:04d}", data=image, compression="lzf")
            dataset.attrs["label"] = index % 3
    return path


LAYOUTS: dict[str, dict[str, Callable[[Path], Path]]] = {
    "lmdb": {
        function.__name__: function
        for function in (
            lmdb_of_files,
            lmdb_of_pickles,
            lmdb_of_pixels,
            lmdb_of_pairs,
            lmdb_of_databases,
            lmdb_of_duplicates,
        )
    },
    "hdf5": {
        function.__name__: function for function in (hdf5_of_arrays, hdf5_of_chunks, hdf5_of_files, hdf5_of_groups)
    },
    **mangled_arrays.LAYOUTS,
    **mangled_containers.LAYOUTS,
}


# ---------------------------------------------------------------- what is done to them


def mangled(data: bytes, seed: int) -> bytes:
    """The same bytes with something wrong, which depends on the seed alone."""
    draw = random.Random(seed)
    return WAYS[seed % len(WAYS)](bytearray(data), draw)


def _cut(data: bytearray, draw: random.Random) -> bytes:
    return bytes(data[: draw.randrange(1, len(data))])


def _scattered(data: bytearray, draw: random.Random) -> bytes:
    """Some bytes changed, anywhere or among the first, where the headers are."""
    for _ in range(draw.randrange(1, 60)):
        data[draw.randrange(min(len(data), draw.choice([len(data), 20_000])))] = draw.randrange(256)
    return bytes(data)


def _hole(data: bytearray, draw: random.Random) -> bytes:
    start, length = draw.randrange(len(data)), draw.randrange(1, 8192)
    data[start : start + length] = bytes(len(data[start : start + length]))
    return bytes(data)


def _misplaced(data: bytearray, draw: random.Random) -> bytes:
    start, other, length = draw.randrange(len(data)), draw.randrange(len(data)), draw.randrange(1, 8192)
    piece = data[other : other + length]
    data[start : start + len(piece)] = piece
    return bytes(data)


def _exchanged(data: bytearray, draw: random.Random) -> bytes:
    """Two pages in each other's place."""
    pages = max(len(data) // 4096, 2)
    one, other = draw.randrange(pages) * 4096, draw.randrange(pages) * 4096
    data[one : one + 4096], data[other : other + 4096] = data[other : other + 4096], data[one : one + 4096]
    return bytes(data)


def _huge_numbers(data: bytearray, draw: random.Random) -> bytes:
    """Sizes and addresses that cannot be: eight bytes that are all ones, or one very large number."""
    for _ in range(draw.randrange(1, 6)):
        start = draw.randrange(min(len(data), draw.choice([len(data), 4096]))) & ~7
        data[start : start + 8] = draw.choice([b"\xff" * 8, (1 << draw.randrange(20, 63)).to_bytes(8, "little")])
    return bytes(data)


WAYS = (_cut, _scattered, _hole, _misplaced, _exchanged, _huge_numbers)


# ---------------------------------------------------------------- what is done with them


def run(path: Path, verb: str, seed: int, layout: str) -> Outcome:
    """One verb on one file. The limits are wider than what is allowed, so that crossing it is seen."""
    began = time.monotonic()
    command = [sys.executable, "-m", "core", verb, str(path), "--json"]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, complaints = process.communicate(timeout=3 * SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, complaints = process.communicate()
    seconds = time.monotonic() - began
    wrong = _wrong(process.returncode, output, complaints, seconds)
    return Outcome(seed, layout, verb, process.returncode, seconds, wrong)


def _wrong(status: int, output: bytes, complaints: bytes, seconds: float) -> str:
    text = complaints.decode("utf-8", "replace")
    if status not in (0, 2):
        return f"exit status {status}: {text.strip()[-300:]}"
    if "Traceback" in text:
        return f"a traceback: {text.strip()[-300:]}"
    if seconds > SECONDS:
        return f"{seconds:.1f} s"
    if status == 0:
        try:
            json.loads(output.decode().strip().splitlines()[-1])
        except (ValueError, IndexError):
            return "status 0 without JSON"
    elif not text.strip():
        return "status 2 without a sentence"
    return ""


def run_here(path: Path, verb: str, seed: int, layout: str) -> Outcome:
    """One verb on one file without the command line's own process, which takes most of the time; the file's reader is a
    process all the same."""
    from core.base.errors import FormatMattersError, InputError
    from core.base.events import finish
    from core.base.strict_json import dumps
    from core.inspect.task import Inspect, Scan

    began = time.monotonic()
    status, output, complaints = 0, b"", ""
    try:
        output = dumps(finish((Inspect if verb == "inspect" else Scan)(str(path)).run())).encode()
    except FormatMattersError as error:
        status, complaints = 2 if isinstance(error, InputError) else 1, str(error)
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        status, complaints = 1, traceback.format_exc()
    seconds = time.monotonic() - began
    return Outcome(seed, layout, verb, status, seconds, _wrong(status, output, complaints.encode(), seconds))


def cases(kinds: list[str], files: int, first: int, folder: Path) -> Iterator[tuple[int, str, Path]]:
    """(seed, layout, path of the mangled file or folder), the layouts in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {name: make(folder / f"whole-{name}") for kind in kinds for name, make in LAYOUTS[kind].items()}
    names = list(whole)
    for seed in range(first, first + files):
        # Layouts and ways go round at their own pace, so that all of them meet.
        name = names[(seed // len(WAYS)) % len(names)]
        yield seed, name, mangled_copy(whole[name], folder / f"{seed:05d}-{name}", seed)


def mangled_copy(whole: Path, copy: Path, seed: int) -> Path:
    """A copy with something wrong: of a folder, in one of its files, or one of them is gone."""
    if whole.is_file():
        copy.write_bytes(mangled(whole.read_bytes(), seed))
        return copy
    shutil.copytree(whole, copy)
    inside = sorted(path for path in copy.rglob("*") if path.is_file() and path.stat().st_size)
    chosen = inside[(seed // len(WAYS)) % len(inside)]
    if seed % GONE_EACH == 0:
        chosen.unlink()
    else:
        chosen.write_bytes(mangled(chosen.read_bytes(), seed))
    return copy


def outcomes(
    kinds: list[str],
    files: int,
    first: int,
    folder: Path,
    workers: int,
    keep: bool,
    minutes: float,
    one: Callable[[Path, str, int, str], Outcome] = run,
) -> Iterator[Outcome]:
    """What both verbs do with each file, until the time is up; a file that was begun is ended."""
    end = time.monotonic() + 60 * minutes

    def both(case: tuple[int, str, Path]) -> list[Outcome]:
        seed, layout, path = case
        if time.monotonic() > end:
            remove(path)
            return []
        found = [one(path, verb, seed, layout) for verb in VERBS]
        if not keep and not any(outcome.wrong for outcome in found):
            remove(path)
        return found

    with ThreadPoolExecutor(workers) as pool:
        for found in pool.map(both, cases(kinds, files, first, folder)):
            yield from found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kind", choices=list(LAYOUTS), action="append")
    parser.add_argument("--workers", type=int, default=max((os.cpu_count() or 2) // 2, 1))
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no file after so long")
    parser.add_argument("--here", action="store_true", help="without a process for each verb, which is faster")
    parser.add_argument("--keep", type=Path, help="a folder where all mangled files stay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mangled-") as folder:
        os.environ["FORMAT_MATTERS_HOME"] = f"{folder}/home"
        told = Counter[str]()
        slowest = 0.0
        for outcome in outcomes(
            options.kind or list(LAYOUTS), options.files, options.first, options.keep or Path(folder), options.workers,
            options.keep is not None, options.minutes, run_here if options.here else run,
        ):  # fmt: skip
            told[f"{outcome.verb}: status {outcome.status}"] += 1
            told["files"] += outcome.verb == VERBS[0]
            slowest = max(slowest, outcome.seconds)
            if outcome.wrong:
                told["wrong"] += 1
                print(f"seed {outcome.seed} ({outcome.layout}), {outcome.verb}: {outcome.wrong}", flush=True)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    if largest > BYTES:
        told["wrong"] += 1
        print(f"a process took {largest >> 20} MiB")
    print(json.dumps({**told, "slowest_s": round(slowest, 1), "largest_mib": largest >> 20}))
    return 1 if told["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())

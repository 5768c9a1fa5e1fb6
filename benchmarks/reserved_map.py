"""How large an LMDB of images is, by `ls` and on the disk, when its map is reserved far larger than what goes in.

    python -m benchmarks.reserved_map IMAGES [--map-gb 20]

IMAGES is a folder of images. Each of them is put in as it is, in two ways: with a writable map (`writemap=True`, which
makes the file as long as the map at once) and without (the file grows with what is in it).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import lmdb

ENDINGS = {".jpg", ".jpeg", ".png"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--map-gb", type=float, default=20.0, help="the map's size, 10^9 bytes")
    given = parser.parse_args()
    images = sorted(path for path in given.images.rglob("*") if path.suffix.lower() in ENDINGS)
    print(f"{len(images):,} images, a map of {given.map_gb:g} GB\n")
    print("| writable map | payload MB | apparent MB | allocated MB | apparent / payload | allocated / payload |")
    print("|---|---|---|---|---|---|")
    for writable in (True, False):
        print(row(images, round(given.map_gb * 1e9), writable), flush=True)


def row(images: list[Path], map_size: int, writable: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        payload = fill(folder, images, map_size, writable)
        told = (Path(folder) / "data.mdb").stat()
    allocated = told.st_blocks * 512
    sizes = [f"{size / 1e6:,.1f}" for size in (payload, told.st_size, allocated)]
    ratios = [f"{size / payload:,.2f}" for size in (told.st_size, allocated)]
    return "| " + " | ".join(["yes" if writable else "no", *sizes, *ratios]) + " |"


def fill(folder: str, images: list[Path], map_size: int, writable: bool) -> int:
    """Put every image's bytes into a new LMDB; returns how many bytes that were."""
    payload = 0
    with lmdb.open(folder, map_size=map_size, writemap=writable) as environment, environment.begin(write=True) as put:
        for number, path in enumerate(images):
            data = path.read_bytes()
            put.put(f"{number:08d}".encode(), data)
            payload += len(data)
    return payload


if __name__ == "__main__":
    main()

"""An engineer on a server without a screen, handed an `.mdb`: what is it, is it right, how do I use it."""

from __future__ import annotations

import getpass
import pickle
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import lmdb

from core.base.home import Home
from core.datasets.dataset import Dataset
from core.images.pixels import decode

from .ground import Ground, chromium, opened
from .recording import Journey, TravelLog

IMAGES = 2_000
SAMPLE = 7
LONGEST = 120_000
"""Milliseconds."""

MOST_LINES, MOST_LETTERS = 24, 150
"""Of what a command says, on the page."""

COMMAND = ("python", "-m", "core")


def run(ground: Ground, log: TravelLog) -> None:
    """Inspect, show, scan, view, convert, load; each command from Enter to its end."""
    file = handed_over(ground)
    typed(ground, log, "What is it?", "Its kind, how it was recognised, and one sample.", ["inspect", str(file)])
    typed(
        ground, log, "What does it look like?", "A table where nothing can be drawn; in a terminal, thumbnails.",
        ["show", str(file), "--count", "6"],
    )  # fmt: skip
    typed(ground, log, "Is anything broken?", "All entries are decoded.", ["scan", str(file)])
    with viewing(ground, log, file) as address, chromium() as browser:
        looked_at(browser, address, log)
    typed(
        ground, log, "How does my script read it?", "A program with py-lmdb, Pillow and torch alone.",
        ["code", str(file)],
    )  # fmt: skip
    shards = ground.folder / "shards"
    typed(
        ground, log, "Make it Parquet", "Read back and compared before it is there.",
        ["convert", str(file), "--to", "parquet", "--out", str(shards)],
    )  # fmt: skip
    typed(
        ground, log, "How fast does it load?", "The first time on a machine, kernels are compiled.",
        ["load", str(shards), "--seconds", "2"],
    )  # fmt: skip


def handed_over(ground: Ground) -> Path:
    """An LMDB file as somebody hands it over, written by a script as in tutorials: pickled pairs of pixels and label
    under running numbers, no class names, in a map far larger than what is in it."""
    ground.run([*COMMAND, "import", "shapes", "--name", "shapes", "--limit", str(IMAGES)])
    dataset = Dataset.open(Home(ground.home), "shapes")
    folder = ground.folder / "written"
    with lmdb.open(str(folder), map_size=1 << 30) as environment, environment.begin(write=True) as transaction:
        for number, row in enumerate(dataset.rows("train")):
            value = {"image": decode(dataset.read(row)), "label": row.label}
            transaction.put(f"{number:08}".encode(), pickle.dumps(value))
    shutil.move(folder / "data.mdb", file := ground.folder / "backup.mdb")
    ground.home.rename(ground.folder / "theirs")  # not deleted: see `grounds`
    return file


def typed(ground: Ground, log: TravelLog, title: str, about: str, arguments: Sequence[str]) -> None:
    """One command, to its end."""
    log.begin()
    said = ground.run([*COMMAND, *arguments])
    shown = " ".join(["$ python -m core", *arguments]).replace(str(ground.folder), "~")
    log.reached(title, about, text=f"{shown}\n{shortened(said.replace(str(ground.folder), '~'))}")


def shortened(said: str) -> str:
    """The first lines, cut at the page's width."""
    lines = said.splitlines()
    kept = [line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]} ..." for line in lines[:MOST_LINES]]
    return "\n".join([*kept, *([f"... and {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else [])])


@contextmanager
def viewing(ground: Ground, log: TravelLog, file: Path) -> Iterator[str]:
    """`view --no-browser`, until its address is there; gives the address."""
    log.begin()
    process = ground.start(
        [*COMMAND, "view", str(file), "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().decode().strip()
        reached = process.stdout.readline().decode().strip()
        reached = reached.replace(f"{getpass.getuser()}@{socket.gethostname()}", "me@server")
        text = f"$ python -m core view ~/{file.name} --no-browser\n{address}\n{reached}"
        log.reached("Open it in a browser", "The address, and how to reach it from a laptop.",
                    text=text.replace(quote(str(ground.folder), safe=""), "~"))  # fmt: skip
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


def looked_at(browser: Any, address: str, log: TravelLog) -> None:
    """The Inspector by that address; then one sample by an address that was sent."""
    page = opened(browser)
    log.begin()
    page.goto(address)
    page.locator('[data-testid="stMain"] img').first.wait_for(timeout=LONGEST)
    log.reached("Its images in the Inspector", "By the address that was printed.", page=page)
    log.begin()
    page.goto(f"{address}&sample={SAMPLE}")
    page.locator('[data-testid="stMain"] img').first.wait_for(timeout=LONGEST)
    page.wait_for_function(f"() => document.title.includes('{SAMPLE}')", timeout=LONGEST)
    log.reached("One sample, by a link", "An address holds the sample too: send it to whoever should look.", page=page)
    page.close()


JOURNEY = Journey(
    "engineer",
    "The engineer's file",
    "Somebody hands an engineer an `.mdb` on a server that has no screen. Nothing but commands, and one address.",
    run,
)

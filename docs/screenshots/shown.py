"""Which pictures there are, what they show, and whether they are of the present version.

A picture is of another version where the words of its pages are others: their string literals, which are what a reader
sees (titles, labels, sentences, styles). `take` keeps their fingerprint in `shown.json`.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
KEPT = HERE / "shown.json"
COMMAND = "python -m docs.screenshots.take"

FRAME = ("ui/shell", "pages", "ui/shared/navigation.py")
"""What stands around every page."""

PICTURES: dict[str, Sequence[str]] = {
    "start": ("ui/start",),
    "dataset": ("ui/dataset",),
    "build": ("ui/build",),
    "benchmark-live": ("ui/benchmark/loaders", "ui/shared/live"),
    "benchmark-why": ("ui/benchmark/loaders",),
    "storage": ("ui/benchmark/storage",),
    "report": ("ui/report",),
    "slides": ("core/report/presentation",),
    "inspector": ("ui/inspector",),
    "inspector-file": ("ui/inspector",),
    "inspector-lmdb": ("ui/inspector",),
    "inspector-hdf5": ("ui/inspector",),
}
"""Name of a picture (a WebP here) -> the folders of the page that it shows."""


def fingerprint(name: str) -> str:
    """Of the words of what a picture shows: SHA-256 of the sorted string literals, docstrings left out; of files that
    are not Python, of all that stands in them."""
    digest = hashlib.sha256()
    for path in sorted(_files((*PICTURES[name], *FRAME))):
        text = path.read_text(encoding="utf-8")
        for word in sorted(words(text)) if path.suffix == ".py" else [text]:
            digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def words(source: str) -> set[str]:
    """The string literals of a module, f-strings in their parts, without docstrings."""
    tree = ast.parse(source)
    stated = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in stated)
    return {node.value for node in strings if isinstance(node.value, str)}


def outdated() -> list[str]:
    """Pictures that are missing, or that show a page with other words than today's."""
    kept = _kept()
    return [name for name in PICTURES if kept.get(name) != fingerprint(name) or not file_of(name).is_file()]


def keep(begins: str = "") -> None:
    """Note that all pictures whose names begin so are of the present version."""
    kept = _kept() | {name: fingerprint(name) for name in PICTURES if name.startswith(begins)}
    told = {name: kept[name] for name in PICTURES if name in kept}
    KEPT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _kept() -> dict[str, str]:
    return dict(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.is_file() else {}


def file_of(name: str) -> Path:
    return HERE / f"{name}.webp"


def _files(places: Sequence[str]) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        found = [path] if path.is_file() else path.rglob("*")
        yield from (one for one in found if one.suffix in (".py", ".html", ".css", ".js", ".svg"))

"""Files beside an archive that say more of it: our `metadata.json` (class names), img2dataset's table of downloads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...base.errors import InputError
from ...formats.folder import METADATA, read_metadata
from ..records import Finding

MOST_TABLE = 1 << 27
MOST_ROWS = 1 << 22


@dataclass(frozen=True, slots=True)
class FilesBeside:
    """`classes`: their names by number, where they are told, `said` where; `findings`: what a table says is missing."""

    classes: Sequence[str] | None = None
    said: str = ""
    findings: tuple[Finding, ...] = ()


def beside(path: Path) -> FilesBeside:
    """What lies beside an archive. Nothing where it is damaged: an archive is read without it."""
    classes = _classes(path)
    said = f"the classes' names are those of {METADATA} beside it" if classes else ""
    return FilesBeside(classes, said, tuple(_failures(path)))


def _classes(path: Path) -> list[str] | None:
    try:
        told = read_metadata(path.parent)
        names = [shard[0] for shard in told["shards"]]
        classes = told["classes"]
    except (OSError, InputError, ValueError, KeyError, TypeError, IndexError):
        return None
    if path.name not in names or not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
        return None
    return classes


def _failures(path: Path) -> list[Finding]:
    """Of img2dataset's `00000.parquet`, or `00000_stats.json`, beside `00000.tar`: downloads that failed."""
    stem = path.name.partition(".")[0]
    counts = _of_stats(path.with_name(f"{stem}_stats.json"))
    where = f"{stem}_stats.json"
    if counts is None:
        counts, where = _of_table(path.with_name(f"{stem}.parquet")), f"{stem}.parquet"
    if counts is None or not counts[1]:
        return []
    done, failed = counts
    meaning = (
        f"{where} lists {done + failed:,} downloads, of which {failed:,} failed: they are not in the archive, and a "
        "table that is taken for its labels has more rows than there are samples"
    )
    return [Finding("failed-downloads", failed, where, meaning, "join table and samples by key, never by position")]


def _of_stats(path: Path) -> tuple[int, int] | None:
    """(successful, failed) downloads."""
    try:
        with path.open("rb") as file:
            told: Any = json.loads(file.read(1 << 20))
        total, done = told["count"], told["successes"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return (done, total - done) if type(total) is int and type(done) is int and 0 <= done <= total else None


def _of_table(path: Path) -> tuple[int, int] | None:
    try:
        if not path.is_file() or path.is_symlink() or path.stat().st_size > MOST_TABLE:
            return None
        import pyarrow as pa
        import pyarrow.parquet as pq
    except (OSError, ImportError):
        return None
    try:
        file = pq.ParquetFile(path, memory_map=False)
        if file.metadata.num_rows > MOST_ROWS or not {"key", "status"} <= set(file.schema_arrow.names):
            return None
        status = file.read(columns=["status"]).column("status").to_pylist()
    except (OSError, ValueError, pa.ArrowException):
        return None
    done = sum(one == "success" for one in status)
    return done, len(status) - done

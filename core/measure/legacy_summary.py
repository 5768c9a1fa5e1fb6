"""The `summary.csv` of earlier notebooks, brought in and read with care for its sizes.

Those notebooks wrote a line for each store they built: `stage, dataset, format, variant, split, items, bytes_on_disk,
num_files, avg_file_size, build_wall_s, timestamp`. Their `bytes_on_disk` sums up what the files *claim* to be long.
LMDB reserves its map in advance, and its file then claims the whole map, whatever is used of it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

from ..base.errors import InputError
from ..base.home import Home
from ..base.strict_json import dumps
from ..base.units import size_text, times_text
from ..formats import FORMATS
from ..formats.registration import ReservedSpace
from ..stores.store import list_stores
from .imported_runs import keep_foreign
from .records import SETUP, STAMP, RunRecord
from .series import NOTEBOOK

LONGEST_FILE = 8_000_000
MOST_ROWS = 20_000
LONGEST_CELL = 200
NAMED_BY = ("format", "variant")
MIB = 1 << 20

FAR = 3.0
"""So many times another format's bytes per image cannot be what is used alone."""


def open_summary(home: Home, data: bytes, origin: str) -> RunRecord:
    """Keep a notebook's summary as a run of its own, marked as foreign. Raises InputError that says what is wrong."""
    if len(data) > LONGEST_FILE:
        raise InputError(f"{origin} is larger than {LONGEST_FILE // 1_000_000} MB; no summary of runs is that large")
    rows = list(_rows(data.decode("utf-8-sig", "replace"), origin))
    if not rows:
        raise InputError(f"{origin} has a header but no rows")
    stamp = _earliest(rows) or datetime.fromtimestamp(0, UTC)  # the same file, the same run
    setup = {
        "kind": SETUP,
        "experiment": NOTEBOOK,
        "datasets": list(dict.fromkeys(str(row["dataset"]) for row in rows if row.get("dataset"))),
        "started": stamp.isoformat(timespec="seconds"),
        "session": "notebook",
        "file": origin,
        "columns": list(dict.fromkeys(name for row in rows for name in row if name not in ("kind", "store"))),
    }
    name = f"{NOTEBOOK}-{stamp.strftime(STAMP)}.jsonl"
    lines = "".join(dumps(row) + "\n" for row in (setup, *rows))
    return keep_foreign(home, NOTEBOOK, origin, name, {name: lines.encode(), "summary.csv": data})


def _rows(text: str, origin: str) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="", strict=True)
    try:
        columns = [str(name).strip().lower() for name in reader.fieldnames or []]
        if not set(NAMED_BY) & set(columns):
            raise InputError(
                f"{origin} is not a summary of runs: it needs a column 'format' or 'variant', and it has: "
                f"{', '.join(columns)[:200] or 'none'}"
            )
        for number, row in enumerate(reader):
            if number == MOST_ROWS:
                raise InputError(f"{origin} has more than {MOST_ROWS:,} rows; no summary of runs has that many")
            yield _row({str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)})
    except csv.Error as error:
        raise InputError(f"{origin} is not a CSV file: {error}") from None


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    told = {name: value for name, cell in cells.items() if name and (value := _value(cell)) is not None}
    names = [str(told[name]) for name in NAMED_BY if name in told]
    return {**told, "kind": "build", "store": "/".join(names) or "unnamed"}


def _value(cell: str) -> str | float | int | None:
    """A number where it is one, text otherwise, None where it is empty."""
    text = cell.strip()[:LONGEST_CELL]
    try:
        number = float(text)
    except ValueError:
        return text or None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _earliest(rows: Sequence[Mapping[str, Any]]) -> datetime | None:
    """The first of the rows' times that can be read."""
    times = []
    for row in rows:
        try:
            times.append(datetime.fromisoformat(str(row.get("timestamp", ""))))
        except ValueError:
            continue
    return min((time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC) for time in times), default=None)


# ---------------------------------------------------------------- what its sizes are worth


def size_warnings(home: Home, record: RunRecord) -> list[str]:
    """A sentence for each row whose size may be what was reserved (of LMDB: its map), with the numbers that say so."""
    rows = [row for row in record.of("build") if _is_number(row.get("bytes_on_disk"))]
    doubtful = [(found, row) for row in rows if (found := _reserving(row)) and "used_bytes" not in row]
    return [_warning(home, *reserving, row, rows) for reserving, row in doubtful]


def _reserving(row: Mapping[str, Any]) -> tuple[str, ReservedSpace] | None:
    """The format whose files claim what they reserved, if the row's store is called like one, and what that is."""
    store = str(row["store"]).lower()
    spaces = ((name, entry.reserved_space) for name, entry in FORMATS.items())
    return next(((name, space) for name, space in spaces if space and name in store), None)


def sizes_explained(record: RunRecord) -> str:
    """What the formats of `size_warnings` do with the sizes of their files."""
    found = dict(filter(None, map(_reserving, record.of("build"))))
    return " ".join(space.explanation for space in found.values())


def _warning(
    home: Home, format: str, space: ReservedSpace, row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> str:
    size = row["bytes_on_disk"]
    signs = [sign for sign in (_whole(size, space), _beside_others(row, rows), _built_here(home, format, row)) if sign]
    what = f"{row['store']}{_of(row)}: {size_text(size)}"
    if not signs:
        return f"{what} may be {space.what} rather than what the images occupy; the file does not tell."
    return f"{what} is most likely {space.what}, not what the images occupy: {'; '.join(signs)}."


def _of(row: Mapping[str, Any]) -> str:
    where = " ".join(str(row[name]) for name in ("dataset", "split") if row.get(name))
    return f" of {where}" if where else ""


def _whole(size: float, space: ReservedSpace) -> str:
    for reserved in (size, size - space.beside):
        if reserved > 0 and reserved % space.step == 0:
            return f"it is exactly {reserved / MIB:,.0f} MiB, as {space.plural} are given"
    return ""


def _beside_others(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """How it stands to the other formats' bytes an image of the same dataset and split."""
    others = [other for other in rows if not _reserving(other) and _same_images(row, other)]
    known = [_bytes_an_image(other) for other in (row, *others)]
    mine, rest = known[0], [value for value in known[1:] if value]
    if not mine or not rest or mine < FAR * max(rest):
        return ""
    return f"{size_text(mine)} per image is {times_text(mine / max(rest))} what any other format here took"


def _same_images(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(row.get(name) == other.get(name) for name in ("dataset", "split"))


def _bytes_an_image(row: Mapping[str, Any]) -> float | None:
    items = row.get("items")
    return row["bytes_on_disk"] / items if _is_number(items) and items > 0 else None


def _built_here(home: Home, format: str, row: Mapping[str, Any]) -> str:
    """What stores of this format and dataset really occupy here."""
    found = [
        split["allocated_bytes"]
        for store in list_stores(home)
        if store.manifest.format == format and store.manifest.dataset == row.get("dataset")
        for name, split in store.manifest.splits.items()
        if name == row.get("split", name)
    ]
    if not found or row["bytes_on_disk"] < FAR * max(found):
        return ""
    title, dataset = FORMATS[format].title, row["dataset"]
    return f"the largest {title} store of {dataset} that was built here occupies {size_text(max(found))}"


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)

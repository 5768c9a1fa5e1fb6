"""Tables in text: CSV, TSV, lists of images with a label behind each; encoding, delimiter and header are found out."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ...base.errors import InputError
from ...base.names import readable
from ..tree import IMAGE_ENDINGS
from .table import MAX_CELL, MAX_COLUMNS, MAX_LINE, LabelTable, TableRow, as_number, count_lines

DELIMITERS = (",", "\t", ";", "|")
BLANKS = " "
"""The delimiter of lists of images: any blanks behind the image's name."""

ENCODING_BYTES = 256 << 20
"""So much of a file is looked at to tell whether it is UTF-8."""

LOOKED_AT = 50
"""Records by which the delimiter is found."""

_IMAGE = re.compile(
    rf"\s*(.*?(?:{'|'.join(re.escape(end) for end in sorted(IMAGE_ENDINGS))}))(?:\s+(.*))?", re.IGNORECASE | re.DOTALL
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass
class TextTable(LabelTable):
    """A table in text. `header` is set where its first record names the columns."""

    encoding: str = field(default="utf-8", init=False)
    delimiter: str = field(default=",", init=False)
    header: bool = field(default=True, init=False)
    columns: list[str] = field(default_factory=list, init=False)
    counted: bool = field(default=False, init=False)
    words: int = field(default=0, init=False)
    """Cells of a line where blanks are between them; the last one may have blanks itself. 0: as many as there are."""

    def __post_init__(self) -> None:
        self.encoding = text_encoding(self.path)
        if self.encoding == "cp1252":
            self.notes.append(f"{readable(self.path.name)} is not UTF-8: read as Windows-1252 (Latin-1), a guess")
        self.delimiter = self._find_delimiter()
        first, second = self._first_two()
        if len(first) > MAX_COLUMNS:
            raise InputError(
                f"{readable(self.path)} has {len(first):,} columns, and tables of up to {MAX_COLUMNS:,} are read; "
                "keep those of images and labels"
            )
        self.header = _is_header(first)
        if self.header and len(second) == len(first) + 1:
            first = ["image", *first]  # as R and CelebA write it: the first column has no name
        self.columns = _unique(first) if self.header else _numbered(len(first))

    def _first_two(self) -> tuple[list[str], list[str]]:
        """The first two records; a line in front that only counts the others is passed over."""
        records = [record for _, record in self._records(3) if isinstance(record, list)]
        if len(records) > 2 and len(records[0]) == 1 < len(records[2]) and records[0][0].strip().isdigit():
            self.counted = True
            records = records[1:]
        if not records:
            raise InputError(f"{readable(self.path)} has no rows; a label file names an image in each")
        return records[0], records[1] if len(records) > 1 else []

    def lines(self) -> int:
        return count_lines(self.path)

    def without_header(self) -> bool:
        if not self.header:
            return False
        self.header, self.columns = False, _numbered(len(self.columns))
        return True

    def rows(self) -> Iterator[TableRow]:
        awaited, counted = self.header, self.counted
        for number, record in self._records():
            if counted:
                counted = False
            elif isinstance(record, str):
                yield TableRow(number, {}, record)
            elif awaited:
                awaited = False
            elif len(record) > len(self.columns):
                yield TableRow(number, {}, f"{len(record):,} cells where the table has {len(self.columns):,} columns")
            else:
                yield TableRow(number, dict(zip(self.columns, record, strict=False)))

    # ------------------------------------------------------------ records

    def _records(self, most: int | None = None) -> Iterator[tuple[int, list[str] | str]]:
        """(number from 1 on, cells or what is wrong) of each record that is not empty."""
        try:
            with self.path.open(encoding=self.encoding, errors="backslashreplace", newline="") as file:
                yield from _numbered_records(self._parsed(_Lines(file, self.path)), most)
        except OSError as error:
            raise InputError(f"{readable(self.path)} cannot be read: {error.strerror}") from None
        except UnicodeError as error:
            raise InputError(f"{readable(self.path)} is not text in {self.encoding}: {error}") from None

    def _parsed(self, lines: Iterator[str]) -> Iterator[list[str]]:
        if self.delimiter == BLANKS:
            return (_by_blanks(line, self.words) for line in lines if not line.startswith("#"))
        csv.field_size_limit(MAX_CELL)
        return csv.reader(lines, delimiter=self.delimiter)

    def _find_delimiter(self) -> str:
        """The delimiter by which most of the first records have the same number of cells, more than one."""
        best, chosen = (0.0, 0), ""
        for delimiter in DELIMITERS:
            self.delimiter = delimiter
            counts = [len(record) for _, record in self._records(LOOKED_AT) if isinstance(record, list)]
            if not counts:
                continue
            usual = max(set(counts), key=counts.count)
            score = counts.count(usual) / len(counts), -DELIMITERS.index(delimiter)
            if usual > 1 and counts[0] > 1 and score > best:
                best, chosen = score, delimiter
        if chosen and best[0] > 0.5:
            return chosen
        if self.path.suffix.lower() in (".csv", ".tsv"):
            return ","
        self.delimiter = BLANKS
        counts = [len(record) for _, record in self._records(LOOKED_AT) if isinstance(record, list)]
        counts = counts[2:] or counts  # a count of the rows and a header may be of another length
        if not counts or sum(number > 1 for number in counts) <= len(counts) / 2:
            return ","
        self.words = max(set(counts), key=counts.count) if counts.count(max(counts)) > len(counts) / 2 else 2
        return BLANKS


class _Lines(Iterator[str]):
    """A text file's lines. Raises InputError for one longer than `MAX_LINE`."""

    def __init__(self, file: IO[str], path: Path) -> None:
        self._file, self._path, self._number = file, path, 0

    def __next__(self) -> str:
        line = self._file.readline(MAX_LINE + 1)
        self._number += 1
        if len(line) > MAX_LINE:
            raise InputError(
                f"{readable(self._path)} has a line of more than {MAX_LINE >> 20} million characters "
                f"(line {self._number:,}), which is not read as a table"
            )
        if not line:
            raise StopIteration
        return line


def _numbered_records(parsed: Iterator[list[str]], most: int | None) -> Iterator[tuple[int, list[str] | str]]:
    number = 0
    while most is None or number < most:
        number += 1
        try:
            record = next(parsed)
        except StopIteration:
            return
        except csv.Error as error:
            too_long = "field larger" in str(error)
            yield number, f"a cell of more than {MAX_CELL:,} characters" if too_long else f"not a row: {error}"
            continue
        if any(cell.strip() for cell in record):
            yield number, record


def _by_blanks(line: str, cells: int = 0) -> list[str]:
    """`name label` with blanks in between, and maybe in the image's name; at most so many `cells`, if not 0.

    >>> _by_blanks("val/my cat.JPEG 65"), _by_blanks("12 001.Albatross/a_1.jpg"), _by_blanks("1025 Boeing 707", 2)
    (['val/my cat.JPEG', '65'], ['12', '001.Albatross/a_1.jpg'], ['1025', 'Boeing 707'])
    """
    line, most = line.strip(), cells - 1 if cells else -1
    found = None if line.partition(" ")[0].isdigit() else _IMAGE.fullmatch(line)
    if found is None or not found.group(2):
        return line.split(None, most)
    return [found.group(1), *(found.group(2).split(None, most - 1) if most != 1 else [found.group(2)])]


def text_encoding(path: Path) -> str:
    """By the mark at its beginning, by zeros between letters, by whether it is UTF-8; else Windows-1252."""
    try:
        with path.open("rb") as file:
            head = file.read(1 << 14)
            marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
            if marked:
                return marked
            zeros = head[:1000].count(0)
            if zeros > len(head[:1000]) // 3:
                return "utf-16-le" if head[1:1000:2].count(0) >= head[0:1000:2].count(0) else "utf-16-be"
            decoder = codecs.getincrementaldecoder("utf-8")()
            while head and file.tell() < ENCODING_BYTES:
                decoder.decode(head)
                head = file.read(1 << 20)
            decoder.decode(b"", final=not head)
    except UnicodeDecodeError:
        return "cp1252"
    except OSError as error:
        raise InputError(f"{readable(path)} cannot be read: {error.strerror}") from None
    return "utf-8"


def _is_header(record: Sequence[str]) -> bool:
    """Whether a first record names columns: no cell is a number or an image's file, and not two are the same."""
    cells = [cell.strip() for cell in record]
    if any(Path(cell).suffix.lower() in IMAGE_ENDINGS for cell in cells if len(cell) < 1000):
        return False
    named = [cell for cell in cells if cell]
    numbers = sum(as_number(cell) is not None for cell in named)
    return bool(named) and (numbers == 0 or (numbers < len(named) / 2 and as_number(cells[0]) is None))


def _unique(names: Sequence[str]) -> list[str]:
    """Column names without blanks around them; empty ones are numbered, repeated ones as well."""
    found: dict[str, None] = {}
    for number, raw in enumerate(names, 1):
        name = " ".join(raw.split())[:200] or f"column {number}"
        while name in found:
            name = f"{name} ({number})"
        found[name] = None
    return list(found)


def _numbered(columns: int) -> list[str]:
    return [f"column {number}" for number in range(1, columns + 1)]

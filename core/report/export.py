"""Reports as files, written whole or not at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ..base.errors import FULL_OR_READ_ONLY, InputError, WorkError, disk_error_text
from ..base.files import write_output
from ..measure.tabular import json_text
from .document import Report
from .html import html
from .markdown import markdown, pictures

ENDINGS = (".html", ".htm", ".md", ".json")


def write(report: Report, path: Path) -> list[Path]:
    """Write the report as HTML, Markdown (its pictures in a folder beside it) or JSON, as its ending says.

    Returns what was written. Raises InputError for another ending, or a place that cannot be written to, WorkError
    for a full or read-only disk.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path}: a report is written as {', '.join(ENDINGS)}; choose one of these endings")
    _check_place(path)
    files = files_of(report, path.stem, ending)
    return [_written(path.parent / name, data, "the report") for name, data in files.items()]


def write_html(path: Path, made: Callable[[], str], what: str) -> Path:
    """Write one HTML file, which is made only once its place is known to be one.

    Raises InputError for another ending, or a place that cannot be written to, WorkError for a full or read-only disk.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: {what} are written as .html; choose this ending")
    _check_place(path)
    return _written(path, _text(made()), what)


def _check_place(path: Path) -> None:
    """Raises InputError."""
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(
            f"{path} cannot be written: {'it is a folder' if path.is_dir() else 'its folder is not there'}"
        )


def files_of(report: Report, stem: str, ending: str) -> dict[str, bytes]:
    """File name, relative to where the report goes -> its bytes; the report itself comes last."""
    if ending == ".json":
        return {f"{stem}{ending}": json_text(report.data).encode()}
    if ending == ".md":
        folder = f"{stem}-charts"
        beside = {f"{folder}/{name}": data for name, data in pictures(report).items()}
        return {**beside, f"{stem}{ending}": _text(markdown(report, folder))}
    return {f"{stem}{ending}": _text(html(report))}


def _text(text: str) -> bytes:
    """As UTF-8; of a path that is none, the bytes are spelled out."""
    return text.encode("utf-8", "backslashreplace")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """All of these in one archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def _written(path: Path, data: bytes, what: str) -> Path:
    """Raises InputError, or WorkError for a full or read-only disk."""
    try:
        path.parent.mkdir(exist_ok=True)
        write_output(path, data)
    except OSError as error:
        if error.errno in FULL_OR_READ_ONLY:
            raise WorkError(disk_error_text(error, what)) from None
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    return path

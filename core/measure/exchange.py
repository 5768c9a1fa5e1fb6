"""A run as one file, to be sent to somebody else and opened there.

The file is a zip archive with `run.json` (what is in it, with sizes and SHA-256), the record, and where there are any
the machine's description and what the monitor saw. What comes from outside is hostile until proven otherwise: only
these names are taken, each is read up to a limit, and nothing of the archive decides where anything is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.errors import InputError
from ..base.files import Unreadable, read_whole
from ..base.home import Home
from ..base.strict_json import dumps
from ..machine.session import SYSINFO, now
from .imported_runs import keep_foreign
from .records import RunRecord, read_record, salvage_text
from .series import NOTEBOOK

CONTENTS = "run.json"
VERSION = 1
EXPERIMENTS = ("race", "loader", "storage", "train", "suite", NOTEBOOK)

RECORD_NAME = re.compile(rf"({'|'.join(EXPERIMENTS)})-\d{{8}}-\d{{6}}-\d{{6}}\.jsonl")
MONITOR = "monitor.csv"

LONGEST_FILE = 64_000_000
LIMITS = {CONTENTS: 64_000, SYSINFO: 1_000_000, MONITOR: 32_000_000, "record": 128_000_000}
"""Bytes, unpacked. A day of monitoring is 12 MB."""


def bundle(record: RunRecord) -> bytes:
    """The run as one file."""
    files = {record.path.name: read_whole(record.path, LIMITS["record"])}
    for name, path in ((SYSINFO, record.path.parent / SYSINFO), (MONITOR, record.beside(MONITOR))):
        with contextlib.suppress(Unreadable):
            files[name] = read_whole(path, LIMITS[name])
    contents = {
        "format_matters_run": VERSION,
        "record": record.path.name,
        "session": str(record.setup["session"]),
        "exported": now(),
        "files": {name: {"bytes": len(data), "sha256": _sha256(data)} for name, data in files.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {CONTENTS: dumps(contents, indent=1).encode(), **files}.items():
            archive.writestr(name, data)
    return out.getvalue()


def bundle_name(record: RunRecord) -> str:
    """What the file is called."""
    return f"{record.path.stem}.run.zip"


def open_bundle(home: Home, data: bytes, origin: str) -> RunRecord:
    """Keep a run that came as one file (see `bundle`), marked as foreign. Raises InputError that says what is wrong."""
    if len(data) > LONGEST_FILE:
        raise InputError(f"{origin} is larger than {LONGEST_FILE // 1_000_000} MB; no run is that large")
    files = _unpack(data, origin)
    contents = _contents(files.pop(CONTENTS, b""), origin)
    record = contents["record"]
    _check_files(contents, files, origin)
    text = files[record].decode("utf-8", "replace")
    found = salvage_text(Path(record), text)
    if found is None or not found.rows or found.experiment != record.partition("-")[0] or "kind" not in found.setup:
        raise InputError(f"{origin}: {record} holds no measurements")
    session = str(contents.get("session", ""))
    return _here_already(home, session, record, files[record]) or keep_foreign(
        home, session, origin, record, _placed(files, record)
    )


def _unpack(data: bytes, origin: str) -> dict[str, bytes]:
    """The archive's files by name, each of a name and a size that a run has."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            wrong = next((name for name in names if name not in LIMITS and not RECORD_NAME.fullmatch(name)), None)
            if wrong is not None or "record" in names:
                raise InputError(
                    f"{origin} holds {wrong or 'record'!r}, which no exported run has; nothing was imported"
                )
            if len(set(names)) < len(names) or len(names) > len(LIMITS):
                raise InputError(f"{origin} holds more than one run; nothing was imported")
            return {member.filename: _read(archive, member, origin) for member in members}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(f"{origin} is not an exported run: {error}") from None


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, origin: str) -> bytes:
    """One file, never more than its limit whatever the archive says of its size."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{origin}: {member.filename} is compressed by a method that exported runs do not use")
    limit = LIMITS.get(member.filename, LIMITS["record"])
    with archive.open(member) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(f"{origin}: {member.filename} is larger than {limit / 1e6:g} MB; nothing was imported")
    return content


def _contents(text: bytes, origin: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or "format_matters_run" not in told:
        raise InputError(f"{origin} has no {CONTENTS}, so it is not an exported run")
    if told["format_matters_run"] != VERSION:
        raise InputError(f"{origin} was made by a newer version of this app; update this one to open it")
    if not isinstance(told.get("record"), str) or not isinstance(told.get("files"), dict):
        raise InputError(f"{origin}: {CONTENTS} is damaged")
    return told


def _check_files(contents: Mapping[str, Any], files: Mapping[str, bytes], origin: str) -> None:
    """What was said to be in it is, unchanged, and nothing else."""
    if contents["record"] not in files or not RECORD_NAME.fullmatch(contents["record"]):
        raise InputError(f"{origin}: its record is missing")
    for name, data in files.items():
        said = contents["files"].get(name)
        if not isinstance(said, dict) or said.get("sha256") != _sha256(data):
            raise InputError(f"{origin}: {name} does not match its checksum; ask for the file again")


def _placed(files: Mapping[str, bytes], record: str) -> dict[str, bytes]:
    """The files under the names that they have in a session's folder."""
    names = {MONITOR: f"{Path(record).stem}.{MONITOR}"}
    return {names.get(name, name): data for name, data in files.items()}


def _here_already(home: Home, session: str, record: str, content: bytes) -> RunRecord | None:
    """The same run, where it was measured here."""
    path = home.runs / session / record
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", session) or not path.is_file() or path.read_bytes() != content:
        return None
    return read_record(path)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

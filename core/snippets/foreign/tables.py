"""Tables with a column of image files: Parquet, Arrow and Lance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from ..script import quoted
from ..snippet import DatasetCode
from .candidates import ProgramCandidate, as_number, constants, named_files, with_classes
from .facts import FileFacts

GROUPS_INIT = """\
self.groups, rows = [], [0]  # (file, row group) in order, and where each begins
for file in FILES:
    about = pq.read_metadata(file)
    for k in range(about.num_row_groups):
        self.groups.append((file, k))
        rows.append(rows[-1] + about.row_group(k).num_rows)
self.rows, self.count = np.array(rows), rows[-1]
"""

GROUP = '''\
def _row(self, i):
    """Parquet is read a row group at a time, and the last one is kept: shuffle whole groups where they
    are large, or convert the file to a format with random access."""
    k = np.searchsorted(self.rows, i, "right") - 1
    if self._kept[0] != k:
        file, number = self.groups[k]
        self._kept = k, pq.ParquetFile(file).read_row_group(number, columns={columns})
    return self._kept[1].slice(int(i - self.rows[k]), 1).to_pylist()[0]
'''

OPEN_ARROW = """\
def _open(self):  # mapped: columns are views of the file, and only what is asked for is read
    if self._table is None:
        tables = [pa.ipc.{opened}(pa.memory_map(file)).read_all() for file in FILES]
        self._table = pa.concat_tables(tables).select({columns})
    return self._table


def _row(self, i):
    return self._open().slice(i, 1).to_pylist()[0]
"""


def _columns(facts: FileFacts, label: str) -> str:
    names = [facts.image, *([label] if label else [])]
    return "[" + ", ".join(map(quoted, names)) + "]"


def _gets(facts: FileFacts) -> Sequence[str]:
    image = f"row[{quoted(facts.image)}]"
    return [f"row = self._row(i)\npixels = decode({image}{part})" for part in ('["bytes"]', "")]


def _labels(facts: FileFacts) -> Iterator[str]:
    if facts.has_labels:
        yield from facts.label_fields
    else:
        yield ""


def _number(facts: FileFacts, label: str) -> str:
    return as_number(f"row[{quoted(label)}]", facts) if label else "-1"


def _readings(facts: FileFacts) -> Iterator[tuple[str, str]]:
    """Which column may hold the label ("" where there is none), and the lines that decode a row's image: each way in
    turn; none where it is not known how the image is decoded."""
    if facts.decoding is not None:
        yield from product(_labels(facts), _gets(facts))


def parquet(facts: FileFacts) -> Iterator[ProgramCandidate]:
    for label, get in _readings(facts):
        code = DatasetCode(
            about="Parquet files: a row is a sample.",
            init=with_classes(GROUPS_INIT, facts),
            get=get,
            path="",
            imports=("import pyarrow.parquet as pq", "from glob import glob"),
            constants=(named_files(facts), *constants(facts)),
            methods=GROUP.format(columns=_columns(facts, label)),
            lazy={"_kept": "(None, None)"},
        )
        yield ProgramCandidate(code, _number(facts, label), "self.count")


def arrow(facts: FileFacts) -> Iterator[ProgramCandidate]:
    for (label, get), opened in product(_readings(facts), ("open_file", "open_stream")):
        code = DatasetCode(
            about="Arrow files: a row is a sample.",
            init=with_classes("", facts) or "self.classes = []\n",
            get=get,
            path="",
            imports=("import pyarrow as pa", "from glob import glob"),
            constants=(named_files(facts), *constants(facts)),
            methods=OPEN_ARROW.format(opened=opened, columns=_columns(facts, label)),
            lazy={"_table": "None"},
        )
        yield ProgramCandidate(code, _number(facts, label), "len(self._open())")


OPEN_LANCE = """\
def _row(self, i):  # pylance has threads, which a process that is forked lacks: workers are spawned
    if self._pid != os.getpid():
        self._rows, self._pid = lance.dataset(str(self.path)), os.getpid()
    return self._rows.take([i], columns={columns}).to_pylist()[0]
"""


def lance(facts: FileFacts) -> Iterator[ProgramCandidate]:
    for label, get in _readings(facts):
        code = DatasetCode(
            about="A Lance dataset, read by its own library: a row is a sample.",
            init=with_classes("self.count = lance.dataset(str(self.path)).count_rows()\n", facts),
            get=get,
            path="",
            imports=("import os", "import lance"),
            constants=constants(facts),
            methods=OPEN_LANCE.format(columns=_columns(facts, label)),
            lazy={"_pid": "None", "_rows": "None"},
            context="spawn",
        )
        yield ProgramCandidate(code, _number(facts, label), "self.count")

"""The programs that may be right for a file, the likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ...inspect.schemas.names import SUB
from ..script import quoted
from ..snippet import DatasetCode
from .facts import FileFacts

MOST_NAMED = 100


@dataclass(frozen=True)
class ProgramCandidate:
    """`code` with `label`, an expression for the class number of sample `i`, and `counted`, what there are as many of
    as samples."""

    code: DatasetCode
    label: str
    counted: str


def candidates(facts: FileFacts) -> Iterator[ProgramCandidate]:
    """None for a kind of file that no program is known for."""
    from . import arrays, binary_records, litdata, lmdb, lmdb_pairs, records, shard_tables, tables

    makers: Mapping[str, Callable[[FileFacts], Iterator[ProgramCandidate]]] = {
        "npy": arrays.npy,
        "npz": arrays.npz,
        "hdf5": arrays.hdf5,
        "zarr": arrays.zarr,
        "safetensors": arrays.safetensors,
        "idx": arrays.idx,
        "cifar": arrays.cifar,
        "mat5": arrays.mat5,
        "lmdb": lmdb.lmdb,
        "tar": records.tar,
        "tfrecord": records.tfrecord,
        "parquet": tables.parquet,
        "arrow": tables.arrow,
        "lance": tables.lance,
        "mds": shard_tables.mds,
        "litdata": litdata.litdata,
        "recordio": binary_records.recordio,
        "beton": binary_records.beton,
    }
    if facts.schema == "pairs":
        yield from lmdb_pairs.pairs(facts)
    elif facts.schema.startswith(SUB):
        yield from lmdb_pairs.databases(facts)
    elif facts.kind in makers:
        yield from makers[facts.kind](facts)


def classes_line(facts: FileFacts) -> str:
    """The constant with the names of the classes, "" where there are none to tell, or too many."""
    names = list(facts.classes)
    if not facts.has_labels or len(names) > MOST_NAMED:
        return ""
    if names == [str(number) for number in range(len(names))]:
        return f"CLASSES = [str(number) for number in range({len(names)})]"
    return f"CLASSES = [{', '.join(map(quoted, names))}]"


def with_classes(init: str, facts: FileFacts) -> str:
    return init + ("self.classes = CLASSES\n" if classes_line(facts) else "")


def constants(facts: FileFacts, *lines: str) -> tuple[str, ...]:
    told = classes_line(facts)
    return (*lines, *([told] if told else ()))


def as_number(expression: str, facts: FileFacts, text: str = "") -> str:
    """A label as its class number: texts by their place in CLASSES."""
    if not facts.has_labels:
        return "-1"
    if isinstance(facts.label, str):
        return f"CLASSES.index({text or expression})"
    return f"int({expression})"


def named_files(facts: FileFacts) -> str:
    """The constant FILES, an expression: the file, or those of a folder or pattern."""
    if len(facts.files) == 1:
        return f"FILES = [{quoted(str(facts.files[0]))}]"
    folder, ending = facts.files[0].parent, "".join(facts.files[0].suffixes[-1:])
    return f"FILES = sorted(glob({quoted(str(folder / f'*{ending}'))}))"

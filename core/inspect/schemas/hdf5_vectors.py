"""HDF5 files whose samples are numbers and no images: embeddings, features, point clouds, sensors over time."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..hdf5.doubles import beside_words
from ..hdf5.facts import Facts, look
from ..hdf5.file import Hdf5File
from ..hdf5.name_hints import IMAGE_WORDS, NUMBERS, SPLITS, has, words
from ..hdf5.rows import Rows
from ..hdf5.runs import Column, Extent, Run, Runs
from ..hdf5.sidecar_labels import find_labels
from ..hdf5.values import record_of_values
from ..records import Record

MOST = 1 << 20
"""Numbers of one sample."""


class VectorRun(Run):
    """Rows of numbers: a vector each, or an array of more axes."""

    def __init__(self, facts: Facts, labels: Column | None) -> None:
        super().__init__(facts.name, facts.shape[0], labels)
        self._rows = Rows(facts)

    def extent(self, index: int) -> Extent:
        return Extent(self._rows.facts, index, index + 1, self._rows.axis)

    def read(self, index: int) -> Record:
        values: Any = np.asarray(self._rows[index])
        kind = "vector" if values.ndim == 1 else "array"
        return record_of_values(self.key(index), self.label(index), values, self._rows.stored_bytes(), kind)


class Hdf5Vectors(Runs):
    """Rows of numbers that are no images. Of tables about the same samples the likeliest one, with its labels."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> Hdf5Vectors | None:
        looked = look(file)
        tables = [facts for facts in looked if _is_table(facts, looked)]
        if not tables:
            return None
        length = max(facts.shape[0] for facts in tables)
        fitting = [facts for facts in tables if facts.shape[0] == length or facts.split is not None]
        if 2 * len(fitting) < len([facts for facts in looked if _is_wide(facts)]):
            return None
        chosen = _chosen(fitting)
        runs = [VectorRun(facts, find_labels(file, looked, facts, facts.shape[0], [facts.name])) for facts in chosen]
        return cls(_why(chosen, [facts for facts in fitting if facts not in chosen], runs), runs)


def _why(chosen: Sequence[Facts], beside: Sequence[Facts], runs: Sequence[VectorRun]) -> str:
    names = ", ".join(f"{facts.name} {facts.shape}" for facts in chosen[:4])
    row = "a vector of numbers" if len(chosen[0].shape) == 2 else f"{' x '.join(map(str, chosen[0].shape[1:]))} numbers"
    told = chosen[0].file.doubts.get(chosen[0].name)
    why = f"{names}: each row is {row}, and no image as far as its values tell" + (f" ({told})" if told else "")
    why += f"; {runs[0].labels.told()}" if runs[0].labels is not None else ""
    if beside:
        why += beside_words(chosen[0].file, [facts.name for facts in beside])
    return why


def _chosen(tables: Sequence[Facts]) -> list[Facts]:
    """Of tables of one group, one split and one length the one that is most likely what the samples are."""
    same: dict[tuple[str, str | None, int], list[Facts]] = {}
    for facts in tables:
        same.setdefault((facts.group, facts.split, facts.shape[0]), []).append(facts)
    return [max(found, key=_merit) for found in same.values()]


def _merit(facts: Facts) -> tuple[int, bool, bool, int]:
    return facts.rank(IMAGE_WORDS), has(facts.called, NUMBERS), facts.dtype.kind == "f", prod(facts.shape)


def _is_wide(facts: Facts) -> bool:
    return facts.is_numbers and len(facts.shape) > 1 and prod(facts.shape) > max(facts.shape) and not facts.label_rank


def _is_table(facts: Facts, looked: Sequence[Facts]) -> bool:
    """Whether the rows of a dataset are samples: by its name, or because there is a label for each."""
    if not _is_wide(facts) or facts.shape[0] < 2 or not 2 <= prod(facts.shape[1:]) <= MOST:
        return False
    count = facts.shape[0]
    return (
        bool(facts.rank(IMAGE_WORDS))
        or _is_named(facts)
        or any(
            other.label_rank and other.shape in ((count,), (count, 1)) and other.group == facts.group
            for other in looked
        )
    )


def _is_named(facts: Facts) -> bool:
    """Whether it is called like features, or by nothing but a split."""
    own = words(facts.leaf)
    return has(facts.called, NUMBERS) or all(word in SPLITS for word in own)

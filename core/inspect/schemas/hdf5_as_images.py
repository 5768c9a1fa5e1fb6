"""Any numbers of an HDF5 file drawn as images, for somebody who knows better than what is recognised."""

from __future__ import annotations

from ..hdf5 import layouts as hdf5_layouts
from ..hdf5.facts import Facts, look
from ..hdf5.file import Hdf5File
from ..hdf5.runs import Run, Runs
from ..hdf5.sidecar_labels import find_labels
from .hdf5_arrays import ArrayRun
from .hdf5_groups import DatasetsRun


class AsImages(Runs):
    """Every dataset of two to five axes, by its shape alone. It is never recognised, only asked for."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> AsImages | None:
        numbers = [facts for facts in look(file) if facts.is_numbers]
        runs: list[Run] = []
        for facts in numbers:
            layout = _layout_of_many(facts)
            if layout is not None:
                labels = find_labels(file, numbers, facts, facts.shape[layout.index("N")], [facts.name])
                runs.append(ArrayRun(facts, layout, labels))
        single = [facts.name for facts in numbers if _layout_of_many(facts) is None and _layout_of_one(facts)]
        runs += [DatasetsRun(file, single, None, drawn=True)] if single else []
        if not runs:
            return None
        return cls("it was asked for: arrays of numbers are drawn as images by their shapes alone", runs)


def _layout_of_one(facts: Facts) -> str | None:
    return hdf5_layouts.single(facts.shape, facts.matlab)


def _layout_of_many(facts: Facts) -> str | None:
    """The layout of several images; three axes that may be one image in colour are one."""
    if len(facts.shape) == 3 and _layout_of_one(facts) is not None:
        return None
    layout = hdf5_layouts.many(facts.shape, facts.matlab) if 3 <= len(facts.shape) <= 5 else None
    return layout if layout is not None and "N" in layout else None

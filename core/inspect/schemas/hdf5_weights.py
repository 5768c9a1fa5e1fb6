"""HDF5 files that hold the weights of a model: each dataset is an array of numbers, and none of them a picture."""

from __future__ import annotations

from ..hdf5.file import Hdf5File
from ..hdf5.name_hints import natural
from ..hdf5.origins import origin_of
from .hdf5_datasets import OtherDatasets


class ModelWeights(OtherDatasets):
    """The parameters of a model, a record each, in the order of its layers as far as their names tell it."""

    @classmethod
    def recognise(cls, file: Hdf5File) -> ModelWeights | None:
        model = origin_of(file).model
        return None if model is None else cls(file, f"{model}; each array is listed with its numbers", natural)

"""The storage experiment: what it costs to write and to read images, one and many, in every way of storing them."""

from core.measure.storage.experiment import StorageExperiment

__all__ = ["StorageExperiment"]

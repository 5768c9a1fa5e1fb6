"""The storage experiment: what it costs to write and to read images, one and many, in every storage method."""

from .experiment import StorageExperiment

__all__ = ["StorageExperiment"]

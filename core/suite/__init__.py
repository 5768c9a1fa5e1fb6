"""The neutral suite: every loader that can be had here on the same workloads, as one page and one file
(docs/suite.md)."""

from .task import LoaderSuite

__all__ = ["LoaderSuite"]

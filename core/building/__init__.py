"""From an imported dataset to a store: recipe, encode, write, verify, publish."""

from .estimate import compare_compressions, estimate
from .task import Build
from .verify import Verify

__all__ = ["Build", "Verify", "compare_compressions", "estimate"]

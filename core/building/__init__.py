"""From an imported dataset to a store: recipe, encode, write, verify, publish."""

from core.build.estimate import compare_compressions, estimate
from core.build.task import Build
from core.build.verify import Verify

__all__ = ["Build", "Verify", "compare_compressions", "estimate"]

"""From an imported dataset to a store: recipe, encode, write, verify, publish."""

from core.building.estimate import compare_compressions, estimate
from core.building.task import Build
from core.building.verify import Verify

__all__ = ["Build", "Verify", "compare_compressions", "estimate"]

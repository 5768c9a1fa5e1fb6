"""The machine that a number was measured on: what is in it, and whether two numbers come from the same."""

from .facts import machine_facts
from .identity import Fact, machine_differences, machine_identity

__all__ = ["Fact", "machine_differences", "machine_facts", "machine_identity"]

"""What a newcomer goes through, recorded: each step with its seconds and what was to be seen, as a page in `docs`.

    python -m benchmarks.journeys student --runs 5

Each run begins in a clean home, with a cold server and an empty cache of kernels (`ground`). A journey is a module with
`JOURNEY`, and a line in `JOURNEYS`.
"""

from __future__ import annotations

from importlib import import_module

from .recording import Journey

JOURNEYS = {"student": "student", "engineer": "engineer"}
"""Name -> the module beside this one."""


def journey(name: str) -> Journey:
    """The journey of this name."""
    found: Journey = import_module(f"{__name__}.{JOURNEYS[name]}").JOURNEY
    return found

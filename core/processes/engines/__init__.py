"""Where the calls of a long piece of work are made: by processes of this machine, or by a cluster that Ray runs.

An engine is a parameter of the work, which is the same with each of them. Its items are large (a part of a store, a
group of images), its results small, and it asks an item again of another where a process or a machine dies.

`local_engine` needs nothing; `ray_engine` needs the extra `scale`, which is imported only where that engine is used.
"""

from __future__ import annotations

from ...base.errors import InputError
from ...base.registry import Registration, Registry
from .work import Done, TaskEngine

__all__ = ["ENGINES", "Done", "TaskEngine", "open_engine"]

ENGINES: Registry[TaskEngine, Registration] = Registry(
    "engine",
    {
        "local": Registration(".processes.engines.local_engine:LocalEngine", "Processes of this machine"),
        "ray": Registration(".processes.engines.ray_engine:RayEngine", "Ray", ("ray",), "pip install ray"),
    },
)


def open_engine(name: str, workers: int | None = None, address: str | None = None) -> TaskEngine:
    """The engine of this name, to be used in a `with` statement, which starts and ends it.

    `workers`: at most so many items at once (None: as many as there are CPUs; 0, with "local": in this process).
    `address`: of a cluster that is there (with "ray"; None: what RAY_ADDRESS says, else one that is started for this).
    Raises InputError for an unknown engine, one whose library is missing, or what it cannot be used with.
    """
    if workers is not None and workers < 0:
        raise InputError(f"workers={workers}: give 1 or more (0: in this process, with the engine local)")
    engine = ENGINES.load(name)
    return engine(workers, address)

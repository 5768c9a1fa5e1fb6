"""Limits that a process sets itself before it reads a foreign file with a native library."""

from __future__ import annotations


def hold_to(memory: int, open_files: int) -> None:
    """Hold this process to so many bytes of memory and open files, no core dumps, and not one byte written to a file.

    Where the system knows no such limits (Windows), the process is only separate.
    """
    try:
        import resource
    except ImportError:
        return
    _lower(resource.RLIMIT_DATA, memory)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, open_files)


def _lower(what: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(what)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (allowed, allowed))

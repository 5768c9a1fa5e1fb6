"""What a reader process may use, and how its errors become sentences."""

from __future__ import annotations

MEMORY = 1 << 30
"""1 GiB of memory of its own; the map of an LMDB is the file's and does not count."""

TOO_MUCH_MEMORY = f"it needs more memory than a reader may use ({MEMORY >> 20:,} MiB)"

OPEN_FILES = 64


def apply() -> None:
    """Hold this process to its limits: memory, no core dumps, and not one byte written to any file.

    Where the system knows no such limits (Windows), the process is only separate.
    """
    try:
        import resource
    except ImportError:
        return
    _lower(resource.RLIMIT_DATA, MEMORY)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)


def _lower(what: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(what)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (allowed, allowed))


def sentence(error: BaseException) -> str:
    """What went wrong, in one line."""
    return " ".join(str(error).split())[:400] or type(error).__name__

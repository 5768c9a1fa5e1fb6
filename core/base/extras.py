"""What a light install leaves out, and what to type to have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import InputError
from .package import INSTALLED

EXTRAS = {
    "loader": ("torch", "numba", "simplejpeg", "scipy", "pynvml"),
    "containers": ("pyarrow", "google_crc32c"),
    "zarr": ("numcodecs",),
    "scale": ("ray", "fsspec", "s3fs", "aiohttp"),
    "app": ("streamlit", "starlette", "altair", "vl_convert", "pandas", "jinja2", "sse_starlette", "segno"),
}
"""Extra -> the modules that it brings; `pyproject.toml` names their distributions."""


@contextmanager
def needed_by(what: str) -> Iterator[None]:
    """A module that is not installed becomes an InputError that names the extra. Other import errors pass."""
    try:
        yield
    except ModuleNotFoundError as error:
        extra = _extra_of(error.name or "")
        if extra is None:
            raise
        raise InputError(f"{what} needs {error.name}, which is not installed: {remedy(extra)}") from None


def _extra_of(module: str) -> str | None:
    top = module.partition(".")[0]
    return next((extra for extra, modules in EXTRAS.items() if top in modules), None)


def remedy(extra: str) -> str:
    """What to type to have an extra."""
    if INSTALLED:
        return f'pip install "format-matters[{extra}]"'
    return f"pip install -r requirements{'-dev' if extra == 'scale' else ''}.txt"

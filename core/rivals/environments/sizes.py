"""About how large an environment will be, with the build of PyTorch that this machine's index gives."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from ..registration import EnvironmentSpec

CUDA_BYTES = 4_500_000_000
"""What PyTorch's usual build for Linux brings beyond the one for processors alone: CUDA's libraries."""


def about_bytes(spec: EnvironmentSpec) -> int:
    """`spec.bytes` is told with PyTorch's build for processors, if it is not larger than the other one brings; which
    build an index gives, our own has shown."""
    brings = spec.bytes < CUDA_BYTES and any(word.startswith("torch==") for step in spec.steps for word in step)
    return spec.bytes + (CUDA_BYTES if brings and _ours_has_cuda() else 0)


@lru_cache(maxsize=1)
def _ours_has_cuda() -> bool:
    for name in ("nvidia-cublas", "nvidia-cublas-cu12", "nvidia-cublas-cu13"):
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return True
    return False

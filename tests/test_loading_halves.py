"""float16 and bfloat16 out: float32's numbers, rounded as torch rounds them, from every pipeline and kind of worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import pytest
import torch

from core.base.errors import WorkError
from core.loading.check import compare_pixels
from core.loading.loader import make_loader
from core.loading.normalise import Normalise
from core.loading.output import PIECE
from core.loading.simd import rounding
from core.loading.simd.instruction import ADDRESS, F32, VOID, instruction, load, store, vector
from core.loading.transfer import Copy, OnDevice
from tests.loading_fixtures import MemoryStore, memory_store

HALVES = ["float16", "bfloat16"]
WORKERS = [("fast", "inline"), ("fast", "threads:2"), ("torch", 0), ("torch", 1), ("naive", 0), ("naive", 1)]
CASES = [(*way, output, last) for way in WORKERS for output in HALVES for last in (False, True)]
CASES += [("fast", "processes:1", "bfloat16", False), ("fast", "processes:1", "float16", True)]


@cache
def _store(encoding: str) -> MemoryStore:
    return memory_store([(18, 21)] * 7, encoding)


def _first(encoding: str, **given: Any) -> torch.Tensor:
    """The first batch, copied."""
    with make_loader(_store(encoding), batch_size=5, seed=2, **given) as loader:
        return next(iter(loader)).images.clone(memory_format=torch.preserve_format)


def _same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one.view(torch.int16), other.view(torch.int16))


@pytest.mark.parametrize(("kind", "workers", "output", "channels_last"), CASES)
def test_every_worker_gives_float32s_numbers_rounded(kind: str, workers: Any, output: str, channels_last: bool) -> None:
    exact = _first("raw", loader=kind, workers=0)
    rounded = _first("raw", loader=kind, workers=workers, output=output, channels_last=channels_last)
    assert _same_bits(rounded, exact.to(getattr(torch, output)))
    assert rounded.is_contiguous(memory_format=torch.channels_last) is channels_last


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("transform", ["none", "train224"])
@pytest.mark.parametrize(("encoding", "loader"), [("raw", "fast"), ("jpeg", "fast"), ("png", "fast"), ("png", "torch")])
def test_every_pipeline_gives_float32s_numbers_rounded(
    encoding: str, loader: str, transform: str, channels_last: bool
) -> None:
    given = {"transform": transform, "workers": 0, "channels_last": channels_last, "loader": loader}
    exact = _first(encoding, **given)
    for output in HALVES:
        assert _same_bits(_first(encoding, output=output, **given), exact.to(getattr(torch, output)))


@pytest.mark.parametrize("loader", ["fast", "torch"])
def test_what_float16_cannot_hold_is_infinite(loader: str) -> None:
    """Without a warning: somebody chose that std."""
    given = {"workers": 0, "std": (1e-5, 1.0, 1e-38), "loader": loader}
    images = _first("raw", output="float16", **given)
    assert images.isinf().any()
    assert _same_bits(images, _first("raw", **given).to(torch.float16))


def test_a_batch_that_is_held_keeps_its_memory() -> None:
    with make_loader(_store("raw"), batch_size=1, output="bfloat16", workers="threads:1", prefetch=1) as loader:
        held = [batch.images[:, :, 1:] for batch in loader]
        kept = [images.clone() for images in held]
        list(loader)
    assert all(map(torch.equal, held, kept))


# ---------------------------------------------------------------- rounding


def _rounds(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """`core.loading.simd.rounding`'s function of this name, of float32 (n,), n a multiple of 16."""

    @instruction(VOID, ADDRESS, ADDRESS)
    def sixteen(builder: Any, source: Any, out: Any) -> None:
        store(builder, getattr(rounding, name)(builder, load(builder, source, vector(F32, PIECE))), out, align=1)

    @numba.njit(error_model="numpy")
    def rounded(numbers: np.ndarray, out: np.ndarray) -> None:
        for start in range(0, len(numbers), PIECE):
            sixteen(np.uint64(numbers[start:].ctypes.data), np.uint64(out[start:].ctypes.data))

    def call(numbers: np.ndarray) -> np.ndarray:
        out = np.empty(len(numbers), np.int16)
        rounded(numbers, out)
        return out

    return call


def _everywhere() -> np.ndarray:
    """float32 with every sign and exponent, at, beside and between the numbers that halves can be; infinities."""
    upper = np.arange(1 << 16, dtype=np.uint32)[:, None] << 16
    lower = np.array([0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    numbers = (upper | lower).ravel().view(np.float32)
    numbers = numbers[~np.isnan(numbers)]
    return np.concatenate([numbers, np.zeros(-len(numbers) % PIECE, np.float32)])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("to_bfloat16", torch.bfloat16),
        ("bfloat16_of_integers", torch.bfloat16),
        ("to_float16", torch.float16),
        ("float16_of_integers", torch.float16),
    ],
)
def test_vectors_are_rounded_as_torch_rounds(name: str, wanted: torch.dtype) -> None:
    numbers = _everywhere()
    if name == "to_bfloat16":  # below its normal numbers some processors have none
        numbers[np.abs(numbers) < np.finfo(np.float32).smallest_normal] = 0
    given = torch.from_numpy(_rounds(name)(numbers))
    assert torch.equal(given, torch.from_numpy(numbers).to(wanted).view(torch.int16))


def test_what_is_no_number_stays_none_in_float16() -> None:
    given = torch.from_numpy(_rounds("float16_of_integers")(np.full(16, np.nan, np.float32)))
    assert given.view(torch.float16).isnan().all()


@pytest.mark.parametrize(
    ("description", "float16", "bfloat16"),
    [
        (("x86_64-unknown-linux-gnu", "znver4", "+avx,+avx512bf16,+f16c,+fma"), True, True),
        (("x86_64-unknown-linux-gnu", "haswell", "-avx512bf16,+f16c"), True, False),
        (("x86_64-unknown-linux-gnu", "nehalem", "+sse4.2,-f16c"), False, False),
        (("arm64-apple-darwin24.1.0", "apple-m1", "+neon"), True, False),
        (("powerpc64le-unknown-linux-gnu", "pwr8", ""), False, False),
    ],
)
def test_processors_without_the_instructions_get_integers(
    description: tuple[str, str, str], float16: bool, bfloat16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(rounding.cpu_target.target_context.codegen()), "magic_tuple", lambda _: description)
    monkeypatch.setattr(rounding, "llvm_version_info", rounding.BFLOAT16_SINCE)
    assert (rounding.has_float16(), rounding.has_bfloat16()) == (float16, bfloat16)


def test_an_older_llvm_is_not_asked_for_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounding, "_target", lambda: ("x86_64-unknown-linux-gnu", ["+avx512bf16"]))
    assert rounding.has_bfloat16() is (rounding.llvm_version_info >= rounding.BFLOAT16_SINCE)
    monkeypatch.setattr(rounding, "llvm_version_info", (14, 0, 6))
    assert not rounding.has_bfloat16()


# ---------------------------------------------------------------- devices, checks


@pytest.mark.parametrize("output", HALVES)
def test_a_device_is_sent_uint8_and_rounds_there(output: str) -> None:
    pixels = torch.arange(240, dtype=torch.uint8).reshape(4, 3, 4, 5)
    copy = Copy(torch.device("cpu"), Normalise(output))
    assert copy.host_output == "uint8"
    (batch,) = copy(iter([(pixels, torch.zeros(4))]))
    exact = OnDevice(torch.device("cpu"), Normalise())(pixels)
    assert _same_bits(batch.images, exact.to(getattr(torch, output)))


@pytest.mark.parametrize("output", [*HALVES, "float32"])
def test_the_check_sees_one_step_too_many(output: str) -> None:
    store, normalise = _store("raw"), Normalise(output)
    loader = make_loader(store, batch_size=7, shuffle=False, output=output, workers=0)
    (spec,), (batch,) = loader.sampler.specs(0), loader
    compare_pixels(store, spec, batch.images, normalise, "none", 0)
    size = {"float32": 2**-9, "float16": 2**-9, "bfloat16": 2**-7}[output]
    batch.images[4, 2, 3, 3] *= 1 + size
    with pytest.raises(WorkError, match=r"^sample 4 does not have the pixels"):
        compare_pixels(store, spec, batch.images, normalise, "none", 0)

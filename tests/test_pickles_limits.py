"""Pickles that are made to cost much are refused soon, as a limit of ours; and PyTorch's tensors come out as arrays."""

from __future__ import annotations

import io
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lmdb_fixtures import write

from core.base.events import finish
from core.inspect.task import Scan
from core.pickles import UnsafePickle, loads
from core.pickles.torch_stream import load_stream

PRIME = (1 << 61) - 1
"""Python's hash of a whole number is its remainder by this."""

MILLION = 1_000_000
MANY = 200_000


def whole(number: int) -> bytes:
    return pickle.dumps(number, 2)[2:-1]


def alike(times: int) -> bytes:
    return whole(PRIME * (times << 700) + 7)


def tuples_alike(count: int) -> bytes:
    """Keys that are tuples of eight numbers, which differ in the last one only, and none in its hash."""
    same = alike(3) * 7
    return b"\x80\x02}(" + b"".join(b"(" + same + alike(number) + b"tN" for number in range(1, count)) + b"u."


def memo_alike(count: int) -> bytes:
    """A memo whose numbers have the same hash."""
    return b"N" + b"".join(b"p%d\n" % (PRIME * number) for number in range(1, count)) + b"."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"]" * MILLION + b"a" * (MILLION - 1) + b".", "deep|objects"),
        (b"]\x94" * MANY + b"a" * (MANY - 1) + b".", "deep"),
        (b"}K\x01" * MANY + b"K\x02" + b"s" * MANY + b".", "deep"),
        (b")" + b"\x85" * MILLION + b".", "deep"),
        (b"(" * MILLION + b"t" * MILLION + b".", "deep"),
        (b"(" + b"]" * MANY + b"a" * (MANY - 1) + b"l.", "deep"),
        (b"cx\nImage\n)\x81}X\x01\x00\x00\x00a" * 200 + b"N" + b"sb" * 200 + b".", "deep"),
        (tuples_alike(10_000), "same hash"),
        (b"(" + b"".join(map(alike, range(1, 5000))) + b"\x91.", "same hash"),
        (memo_alike(20_000), "32 bits"),
    ],
    ids=[
        "lists",
        "lists in the memo",
        "dicts",
        "tuples",
        "marks",
        "in a list",
        "objects",
        "tuples alike",
        "set",
        "memo",
    ],
)
def test_what_costs_much_is_refused_soon(data: bytes, said: str) -> None:
    begun = time.thread_time()
    with pytest.raises(UnsafePickle, match=said) as refused:
        loads(data, records=["Image"])
    assert time.thread_time() - begun < 3
    assert "limit" in str(refused.value)
    assert "damaged" not in str(refused.value)


def test_as_deep_as_allowed_is_read() -> None:
    thing: Any = 1
    for _ in range(98):
        thing = {"in": (thing,)} if isinstance(thing, list) else [thing]
        thing = thing if not isinstance(thing, dict) else thing["in"]
    assert loads(pickle.dumps(thing)) == thing


def test_many_keys_of_a_usual_kind_are_read() -> None:
    keys = {(row, column, float(row)): None for row in range(90) for column in range(90)}
    assert loads(pickle.dumps(keys)) == keys
    assert loads(pickle.dumps(list(range(300_000)))) == list(range(300_000))


def test_a_file_of_them_is_scanned_soon(tmp_path: Path) -> None:
    """Each is told with its limit, none as damage, and the file is not given up."""
    deep = b"\x80\x04(" + b"]" * MANY + b"a" * (MANY - 1) + b"l."
    items = {b"%03d" % number: deep[:-1] + b"0" * number + b"." for number in range(6)}
    items[b"999"] = pickle.dumps({"image": np.zeros((8, 8, 3), np.uint8), "label": 3})
    begun = time.monotonic()
    told = finish(Scan(str(write(tmp_path / "made", items))).run())
    assert time.monotonic() - begun < 40
    assert (told["entries"], told["decoded"], len(told["bad"])) == (7, 1, 6)
    assert all("limit" in bad["reason"] for bad in told["bad"])


# ---------------------------------------------------------------- tensors

TENSORS = [
    torch.arange(24, dtype=torch.uint8).reshape(2, 3, 4),
    torch.arange(24, dtype=torch.uint8).reshape(2, 3, 4).permute(2, 0, 1),
    torch.linspace(-2, 2, 6).reshape(2, 3),
    torch.linspace(-2, 2, 6).half(),
    torch.tensor([1.0, -2.5, 3e38]).bfloat16(),
    torch.tensor([True, False]),
    torch.tensor(5),
    torch.arange(100)[10:20:3],
    torch.zeros(0, 3),
    torch.tensor([1, 60_000], dtype=torch.uint16),
    torch.ones(3).expand(2, 3),
]


@pytest.mark.parametrize("tensor", TENSORS, ids=lambda tensor: f"{tensor.dtype}-{tuple(tensor.shape)}")
def test_tensors_come_out_as_arrays(tensor: torch.Tensor) -> None:
    wanted = tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
    for made in (_by_itself(tensor), _as_of_old(tensor)):
        assert made["label"] == 3
        np.testing.assert_array_equal(made["image"], wanted)
        assert made["image"].dtype == wanted.dtype


def _by_itself(tensor: torch.Tensor) -> Any:
    return loads(pickle.dumps({"image": tensor, "label": 3}))


def _as_of_old(tensor: torch.Tensor) -> Any:
    file = io.BytesIO()
    torch.save({"image": tensor, "label": 3}, file, _use_new_zipfile_serialization=False)
    return load_stream(file.getvalue())


def test_a_tensor_larger_than_its_bytes_is_refused() -> None:
    with pytest.raises(UnsafePickle, match="limit"):
        loads(pickle.dumps(torch.zeros(1).expand(1 << 30)))
    file = io.BytesIO()
    torch.save(torch.arange(8), file, _use_new_zipfile_serialization=False)
    with pytest.raises(UnsafePickle, match="break off"):
        load_stream(file.getvalue()[:-1])
    stretched = pickle.dumps(torch.arange(8)).replace(b"K\x08\x85", b"K\x09\x85")
    with pytest.raises(UnsafePickle, match="beyond its storage"):
        loads(stretched)

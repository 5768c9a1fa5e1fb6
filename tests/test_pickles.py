"""Pickles are read as plain data, and nothing that a pickle says is executed."""

from __future__ import annotations

import collections
import pickle
import pickletools
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pickles import PickledObject, UnsafePickle, loads
from core.pickles.plain import check_tree

PROTOCOLS = range(6)

KEYS = st.text(max_size=5) | st.integers(-(2**70), 2**70) | st.binary(max_size=5) | st.booleans() | st.none()
LEAVES = KEYS | st.floats(allow_nan=False) | st.complex_numbers(allow_nan=False) | st.binary().map(bytearray)
PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=12,
)

ARRAYS = [
    np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(5, dtype=">i4"),
    np.array(["cat", "horse"]),
    np.array([b"cat", b"dog"]),
    np.zeros((0, 3), dtype=np.float32),
    np.array(7, dtype=np.int64),
    np.array([True, False]),
]


class Picture:
    """A class of the kind that tutorials pickle."""

    def __init__(self) -> None:
        self.channels = 3
        self.image = b"\x01\x02"


class Slotted:
    __slots__ = ("label",)

    def __init__(self) -> None:
        self.label = 4


@given(value=PLAIN, protocol=st.sampled_from(PROTOCOLS))
@settings(max_examples=200, deadline=None)
def test_plain_data_comes_out_as_it_went_in(value: Any, protocol: int) -> None:
    read = loads(pickle.dumps(value, protocol))

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}-{array.shape}")
def test_arrays_come_out_as_they_went_in(array: np.ndarray, protocol: int) -> None:
    (read,) = loads(pickle.dumps([array], protocol))

    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype
    assert read.shape == array.shape


def test_arrays_are_read_only() -> None:
    read = loads(pickle.dumps(ARRAYS[0], 2))

    with pytest.raises(ValueError, match="read-only"):
        read[0, 0, 0] = 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_and_dtypes_of_numpy(protocol: int) -> None:
    value = [np.float32(1.5), np.int64(-3), np.dtype(">i2"), np.dtype("u1"), np.bool_(True)]

    assert loads(pickle.dumps(value, protocol)) == value


def test_the_same_array_twice_is_the_same_array() -> None:
    first, second = loads(pickle.dumps([ARRAYS[0]] * 2))

    assert first is second


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_ordered_dict_is_a_dict(protocol: int) -> None:
    assert loads(pickle.dumps(collections.OrderedDict(a=1, b=[2]), protocol)) == {"a": 1, "b": [2]}


def test_strings_of_python_2_are_bytes() -> None:
    binary = b"\x80\x02}q\x00U\x04dataq\x01U\x03\x00\xff\x80s."
    text = b"(dp0\nS'data'\np1\nS'\\x00\\xff\\x80'\np2\ns."

    assert loads(binary) == loads(text) == {b"data": b"\x00\xff\x80"}


def test_an_array_of_python_2() -> None:
    state = (
        b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNN"
        + b"J\xff\xff\xff\xff" * 2
        + b"K\x00tb"
    )
    data = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        + state
        + b"\x89U\x06\x00\x01\x02\x03\x04\x05tb."
    )

    np.testing.assert_array_equal(loads(data), np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_named_class_is_a_record(protocol: int) -> None:
    data = pickle.dumps({"a": Picture()}, protocol)

    read = loads(data, records=["Picture"])

    assert read == {"a": PickledObject("Picture", {"channels": 3, "image": b"\x01\x02"})}
    with pytest.raises(UnsafePickle, match=r"Picture"):
        loads(data)


def test_a_record_with_slots() -> None:
    assert loads(pickle.dumps(Slotted(), 2), records={"Slotted": None}) == PickledObject("Slotted", {"label": 4})


def test_an_object_of_python_2_in_text() -> None:
    data = b"(i__main__\nCIFAR_Image\np0\n(dp1\nS'label'\nI3\nsb."

    assert loads(data, records=["CIFAR_Image"]) == PickledObject("CIFAR_Image", {"label": 3})


# ---------------------------------------------------------------- hostile ones


class Call:
    """Pickles as a call."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


def calls(marker: Path) -> dict[str, bytes]:
    """Pickles that make a file at `marker` when Python's own unpickler reads them."""
    made = str(marker)
    command = f"touch {made}"
    evaluated = f"__import__('pathlib').Path({made!r}).touch()"
    short = struct.pack("<B", len(command)) + command.encode()
    return {
        "eval": pickle.dumps(Call(eval, (evaluated,))),
        "exec": pickle.dumps(Call(exec, (evaluated,)), 0),
        "open": pickle.dumps(Call(open, (made, "w"))),
        "deep in a list": pickle.dumps([1, {"a": [Call(eval, (evaluated,))]}]),
        "state": pickle.dumps({"a": 1, "b": Call(eval, (evaluated,), None)}, 5),
        "text": f"cposix\nsystem\n(S'{command}'\ntR.".encode(),
        "os": f"cos\nsystem\n(S'{command}'\ntR.".encode(),
        "inst": f"(S'{command}'\nios\nsystem\n.".encode(),
        "obj": b"(cos\nsystem\nU" + short + b"o.",
        "newobj": b"\x80\x02csubprocess\nPopen\n(U" + short + b"I-1\nNNNNI00\nI01\nt\x81.",
        "stack global": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c" + short + b"\x85R.",
        "nested reduce": f"cbuiltins\ngetattr\n(cos\n__dict__\nS'system'\ntR(S'{command}'\ntR.".encode(),
        "dotted": b"\x80\x04\x8c\x02os\x8c\x0epath.os.system\x93\x8c" + short + b"\x85R.",
        "swallowed": f"cos\nsystem\n(S'{command}'\ntR0N.".encode(),
        "apply": f"c__builtin__\napply\n(cos\nsystem\n(S'{command}'\nttR.".encode(),
    }


def test_these_pickles_are_really_dangerous(tmp_path: Path) -> None:
    marker = tmp_path / "executed"

    pickle.loads(calls(marker)["eval"])

    assert marker.exists()


@pytest.mark.parametrize("name", calls(Path("marker")))
def test_a_hostile_pickle_is_refused_and_executes_nothing(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "executed"

    with pytest.raises(UnsafePickle, match="refused"):
        loads(calls(marker)[name], records=["CIFAR_Image"])

    assert not marker.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"cos\nsystem\n.", r"os\.system"),
        (b"\x80\x02\x82\x01.", "extension code"),
        (b"\x84\x01\x00\x00\x00.", "extension code"),
        (b"Pmy-id\n.", "persistent id"),
        (b"\x8c\x01aQ.", "persistent id"),
        (b"\x80\x05\x97.", "outside of the pickle"),
        (b"\x80\x09N.", "protocol 9"),
        (b"cnumpy\nndarray\n.", "bare Global"),
        (b"cnumpy\nndarray\n(K\x01tR.", "a call that plain data does not make"),
        (b"]}(K\x01K\x02ub.", "a state given to a list"),
        (b"cCIFAR\nCIFAR_Image\n)\x81(K\x01K\x02tb.", "no dict of attributes"),
        (b"cCIFAR\nCIFAR_Image\n)\x81q\x00}(U\x01ah\x00ub.", "contains itself"),
        (b"]q\x00h\x00a.", "contains itself"),
        (b"(lp0\nK\x01", "ends early"),
        (b"", "ends early"),
        (b"\xfe.", "no opcode"),
        (b".", "not a whole pickle"),
        (b"0.", "not a whole pickle"),
        (b"h\x07.", "not a whole pickle"),
        (b"Nabc.", "not a whole pickle"),
        (b"\x80\x04\x8e" + b"\xff" * 8 + b"a.", "not a whole pickle"),
        (b"T\xff\xff\xff\x7fa.", "longer than the file"),
        (b"}]N s.", "no opcode"),
        (b"}]Ns.", "a key of type list"),
        (pickle.dumps(1 << 5000), "5001 bits"),
        (pickle.dumps(np.array([object()], dtype=object)), "a call that plain data does not make"),
        (pickle.dumps(np.zeros(3, dtype=[("a", "u1")])), "not numbers"),
        (b"c__main__\n<lambda>\n.", "refused"),
    ],
)
def test_what_is_not_plain_data_is_refused_by_name(data: bytes, said: str) -> None:
    with pytest.raises(UnsafePickle, match=said):
        loads(data, records=["CIFAR_Image"])


def test_a_refusal_is_one_line() -> None:
    with pytest.raises(UnsafePickle) as refused:
        loads(b"\x80\x04\x8c\x09a\nb\x1b[31mc\x8c\x01x\x93.")

    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


# ---------------------------------------------------------------- bounds


def array_of(shape: tuple[int, ...], raw: bytes, code: str = "u1") -> bytes:
    """A pickle of an array that claims this shape."""
    head = b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    dtype = b"cnumpy\ndtype\n" + pickle.dumps(code, 3)[2:-1] + b"\x85R"
    state = b"(K\x01" + pickle.dumps(shape, 3)[2:-1] + dtype + b"\x89" + pickle.dumps(raw, 3)[2:-1] + b"tb."
    return head + state


def test_an_array_that_claims_what_it_has_is_read() -> None:
    np.testing.assert_array_equal(loads(array_of((2, 1), b"\x05\x06")), np.array([[5], [6]], dtype=np.uint8))


@pytest.mark.parametrize(
    ("shape", "raw", "code"),
    [
        ((1 << 40,), b"", "u1"),
        ((1 << 40,), b"", "S0"),
        ((-1,), b"", "u1"),
        ((3,), b"ab", "u1"),
        ((1 << 70, 0), b"", "u1"),
        ((1,) * 40, b"a", "u1"),
        ((1,), b"a" * 8, "O"),
        ((1,), b"a" * 8, "M8[s]"),
        ((1,), b"a" * 8, "V8"),
    ],
)
def test_an_array_that_claims_something_else_is_refused(shape: tuple[int, ...], raw: bytes, code: str) -> None:
    with pytest.raises(UnsafePickle):
        loads(array_of(shape, raw, code))


def doubled(levels: int) -> bytes:
    """Lists of two references to the list before: 2 ** levels values in a few bytes a level."""
    return b"]q\x00" + b"".join(b"0](h%ch%ceq%c" % (i, i, i + 1) for i in range(levels)) + b"."


def hashed(levels: int) -> bytes:
    """A key that is a tuple of two references to the tuple before: hashing it would take 2 ** levels steps."""
    return b"}(K\x01q\x00" + b"".join(b"h%ch%c\x86q%c" % (i, i, i + 1) for i in range(levels)) + b"Nu."


def colliding(count: int) -> bytes:
    """A dict whose keys all have the same hash: adding them one by one is quadratic."""
    return (
        pickle.dumps({0: 0}, 2)[:-1]
        + b"("
        + b"".join(pickle.dumps((2**61 - 1) * i, 2)[2:-1] + b"N" for i in range(1, count))
        + b"u."
    )


def copying(times: int) -> bytes:
    """A large string that is encoded over and over by a few bytes each."""
    text = pickle.dumps("a" * (1 << 20), 3)[2:-1]
    return b"]c_codecs\nencode\nq\x05" + text + b"\x8c\x06latin1\x86q\x06" + b"h\x05h\x06R" * times + b"."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"(l" * 500 + b"a" * 499 + b".", "deep"),
        (b"]" * 200_000 + b"a" * 199_999 + b".", "deep"),
        (doubled(60), "values"),
        (hashed(60), "key"),
        (colliding(20_000), "keys"),
        (copying(200), "over and over"),
        (b"}" * 2_000_001 + b".", "objects"),
    ],
    ids=["deep", "very deep", "doubled", "hashed", "colliding", "copied", "many"],
)
def test_a_small_pickle_cannot_cost_much(data: bytes, said: str) -> None:
    begun = time.process_time()

    with pytest.raises(UnsafePickle, match=said):
        loads(data)

    assert time.process_time() - begun < 10


# ---------------------------------------------------------------- anything at all

OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
PIECES = (
    st.sampled_from(OPCODES)
    | st.binary(max_size=3)
    | st.sampled_from([b"cos\nsystem\n", b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"X\x01\x00\x00\x00a", b"U\x02u1"])
    | st.sampled_from([b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n", b"cbuiltins\nset\n", b"K\x01"])
)


@given(data=st.binary(max_size=200) | st.lists(PIECES, max_size=40).map(b"".join))
@settings(max_examples=1500, deadline=2000)
def test_arbitrary_bytes_give_plain_data_or_are_refused(data: bytes) -> None:
    with suppress(UnsafePickle):
        check_tree(loads(data, records=["CIFAR_Image"]))


@given(value=PLAIN | st.sampled_from(ARRAYS), protocol=st.sampled_from(PROTOCOLS), data=st.data())
@settings(max_examples=500, deadline=2000)
def test_a_damaged_pickle_gives_plain_data_or_is_refused(value: Any, protocol: int, data: st.DataObject) -> None:
    damaged = bytearray(pickle.dumps(value, protocol))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnsafePickle):
        check_tree(loads(bytes(damaged)))


def test_arrays_of_objects_are_lists_of_plain_data() -> None:
    nested = np.array([[1, "a"], [None, b"x"]], dtype=object)
    for protocol in range(2, 6):
        assert loads(pickle.dumps(nested, protocol)) == [[1, "a"], [None, b"x"]]
        assert loads(pickle.dumps(np.array({"a": 1}, dtype=object), protocol)) == {"a": 1}
        assert loads(pickle.dumps(np.empty((0, 3), dtype=object), protocol)) == []
        filled = np.empty(2, dtype=object)
        filled[:] = [np.arange(3), "b"]
        assert loads(pickle.dumps(filled, protocol))[0].tolist() == [0, 1, 2]


def test_an_array_of_objects_that_holds_itself_is_refused() -> None:
    itself = np.empty(1, dtype=object)
    itself[0] = itself
    with pytest.raises(UnsafePickle):
        loads(pickle.dumps(itself))

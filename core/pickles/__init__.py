"""Pickles, read without executing what they say: plain data comes out, anything else is refused by name.

Python's own unpickler imports and calls whatever a file names. This one is an interpreter of its opcodes (protocols
0 to 5) that knows plain data alone: None, bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set,
frozenset, NumPy's arrays, scalars and dtypes of numbers, booleans and strings, and PyTorch's tensors as arrays. The few
globals that such data needs are answered by functions of ours (`core.pickles.known`, `core.pickles.tensors`); nothing
is ever imported by a name from a file.

Bounded, so that a small file cannot cost much: its size, the number of objects, depth, bytes copied, whole numbers,
keys that hash alike, processor time; what goes beyond is refused as a limit of ours. What comes out never refers to
itself. Strings of Python 2 come out as bytes; arrays are read-only.
"""

from __future__ import annotations

from .loading import loads
from .plain import PickledObject, UnsafePickle

__all__ = ["PickledObject", "UnsafePickle", "loads"]

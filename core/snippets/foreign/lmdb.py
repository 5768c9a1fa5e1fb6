"""LMDB files that others wrote: values that are image files, pickles, Datum messages; text under keys beside them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ..script import quoted
from ..snippet import DatasetCode
from .arrays import PLAIN_PICKLE
from .candidates import ProgramCandidate, as_number, constants, with_classes
from .facts import FileFacts
from .records import PROTO

KEYS = """\
self.keys = {keys}
self.close()  # each process that reads opens it for itself
"""

OPEN = """\
def _open(self):  # an environment must not cross a fork
    if self._pid != os.getpid():
        self.close()  # a worker lets go of what its parent has opened
        self._env = lmdb.open(str(self.path), subdir={folder}, readonly=True, lock=False)
        self._txn, self._pid = self._env.begin(), os.getpid()
    return self._txn
"""

CLOSE = """\
if self._pid == os.getpid():
    self._env.close()
self._pid = self._env = self._txn = None
"""

EVERY = "list(self._open().cursor().iternext(values=False))"
NO_NOTES = '[key for key in self._open().cursor().iternext(values=False) if not key.startswith(b"__")]'
IMAGES = "[key for key, value in self._open().cursor() if value[:4] in MAGIC]"
BY_NUMBER = "sorted({0}, key=int)"

MAGIC = r'MAGIC = b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xdb", b"\x89PNG", b"RIFF"  # of image files'

OBJECTS = """\
class Plain:  # stands for the classes that were pickled: their attributes, and none of their code
    pass


class PlainData(pickle.Unpickler):  # a pickle may run anything: arrays and attributes alone are let in
    def find_class(self, module, name):
        if module.split(".")[0] == "numpy":
            if name in ("_reconstruct", "ndarray", "dtype", "scalar"):
                return super().find_class(module, name)
            raise pickle.UnpicklingError(f"{module}.{name}")
        if (module, name) in (("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")):
            return lambda kind, *_: kind()
        return Plain
"""

UNPICKLED = "item = PlainData(io.BytesIO(self._open().get(self.keys[i]))).load()\n"


def lmdb(facts: FileFacts) -> Iterator[ProgramCandidate]:
    if "@" in facts.schema or facts.schema.startswith("sub:"):
        return
    for keys, (get, number, imports, functions, lines) in product(_keys(facts), list(_values(facts))):
        code = DatasetCode(
            about="An LMDB: a value per sample.",
            init=with_classes(KEYS.format(keys=keys), facts),
            get=get,
            path="",
            imports=("import os", "import lmdb", *imports),
            constants=constants(facts, *lines, *([MAGIC] if "MAGIC" in keys else [])),
            functions=functions,
            methods=OPEN.format(folder=facts.path.is_dir()),
            close=CLOSE,
            lazy={"_pid": "None", "_env": "None", "_txn": "None"},
        )
        yield ProgramCandidate(code, number, "len(self.keys)")


def _keys(facts: FileFacts) -> Iterator[str]:
    if facts.schema == "crnn":
        yield '[b"image-%09d" % number for number in range(1, int(self._open().get(b"num-samples")) + 1)]'
        return
    several = [EVERY, NO_NOTES, *([IMAGES] if facts.decoding is not None else [])]
    yield from several
    if all(key.isdecimal() for key in facts.keys):
        yield from (BY_NUMBER.format(one) for one in several)


Value = tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Lines that make `pixels`, the expression of the class number, imports, functions, constants."""


def _values(facts: FileFacts) -> Iterator[Value]:
    value = "self._open().get(self.keys[i])"
    if facts.schema in ("pickled-dicts", "pickled-objects", "objects"):
        yield from _pickled(facts)
    elif facts.schema == "datum":
        yield from _datums(facts)
    elif facts.schema == "crnn":
        label = 'label = self._open().get(self.keys[i].replace(b"image", b"label")).decode()\n'
        yield f"pixels = decode({value})\n{label}", "CLASSES.index(label)", (), (), ()
    elif facts.decoding is not None:
        if not facts.has_labels:
            yield f"pixels = decode({value})", "-1", (), (), ()
        for part in (-2, -3, 0):
            label = f'self.keys[i].decode().split("/")[{part}]'
            yield f"pixels = decode({value})", as_number(label, facts), (), (), ()


def _pickled(facts: FileFacts) -> Iterator[Value]:
    height, width = facts.shape or (0, 0)
    imports = ("import io", "import pickle")
    if facts.schema == "pickled-objects":
        for image in (
            "np.frombuffer(bytearray(item.image), np.uint8).reshape(*item.size, item.channels)",
            f"np.frombuffer(bytearray(item.image), np.uint8).reshape({height}, {width}, 3)",
            "np.array(item.image)",
        ):
            yield f"{UNPICKLED}pixels = {image}", as_number("item.label", facts), imports, (OBJECTS,), ()
        return
    names = list(dict.fromkeys([*([facts.image] if facts.image else []), "image", "img", "x", "data"]))
    labels = list(dict.fromkeys([*facts.label_fields, "label", "y", "target"])) if facts.has_labels else [""]
    for name, label in product(names, labels):
        part = f"item[{quoted(name)}]"
        made = (
            [f"decode({part})"] if facts.decoding is not None
            else [f"np.array({part})", f"np.array({part}.transpose(1, 2, 0))",
                  f"np.frombuffer(bytearray({part}), np.uint8).reshape({height}, {width}, 3)"]
        )  # fmt: skip
        for one in made:
            number = as_number(f"item[{quoted(label)}]", facts)
            yield f"{UNPICKLED}pixels = {one}", number, imports, (PLAIN_PICKLE,), ()


def _datums(facts: FileFacts) -> Iterator[Value]:
    """Caffe's message: 1 to 3 channels, height and width, 4 data, 5 label."""
    read = "found = dict(fields(self._open().get(self.keys[i])))  # of the message Datum\n"
    planes = "planes = np.frombuffer(bytearray(found[4]), np.uint8).reshape(found[1], found[2], found[3])\n"
    made = (
        ["pixels = decode(found[4])"] if facts.decoding is not None
        else [f"{planes}pixels = np.array(planes[::-1].transpose(1, 2, 0))  # blue first",
              f"{planes}pixels = np.array(planes.transpose(1, 2, 0))",
              f"{planes}pixels = np.repeat(planes.transpose(1, 2, 0), 3, axis=2)"]
    )  # fmt: skip
    for one in made:
        yield read + one, "found.get(5, 0)" if facts.has_labels else "-1", (), (PROTO,), ()

"""LMDB files in which a sample is several entries: the image under one key, its label under another, or in another
database of the file under the same one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

from ...inspect.schemas.names import SUB
from ..script import quoted
from ..snippet import DatasetCode
from .arrays import PLAIN_PICKLE
from .candidates import ProgramCandidate, as_number, constants, with_classes
from .facts import FileFacts
from .lmdb import BY_NUMBER, CLOSE, EVERY, OPEN
from .lmdb import KEYS as ENTRIES
from .records import IN_JSON

TOLD = re.compile(
    r"images are under keys like (.+?)(?:, their shapes under (.+?))?(?:; each label is under its key (.+?))?(?:;|$)",
    re.DOTALL,
)
"""What the Inspector says of such a file: patterns of keys, with * for what says which sample it is."""

KEYS = """\
keys = filter(IMAGE.fullmatch, self._open().cursor().iternext(values=False))
self.keys = {}
self.close()  # each process that reads opens it for itself
"""

FOUND = "list(keys)"
COUNTED = "sorted(keys, key=lambda key: int(IMAGE.fullmatch(key)[1]))"

BESIDE = """\
def _beside(self, i, key):  # the entry of another key that belongs to an image
    return self._open().get(key % IMAGE.fullmatch(self.keys[i])[1])
"""

LOADED = "PlainData(io.BytesIO({})).load()"
"""Of a pickle."""

Value = tuple[str, str]
"""Lines, and an expression that they make possible."""


OPEN_DATABASE = """\
def _open(self):  # an environment must not cross a fork
    if self._pid != os.getpid():
        self.close()  # a worker lets go of what its parent has opened
        self._env = lmdb.open(str(self.path), subdir={folder}, readonly=True, lock=False, max_dbs=8)
{labels}        images = self._env.open_db({images}, create=False)
        self._txn, self._pid = self._env.begin(db=images), os.getpid()
    return self._txn
"""

LABELS_THERE = "        self._labels = self._env.open_db({}, create=False)\n"

IN_DATABASE = re.compile(r"the labels are in the database (.+?), under the same keys", re.DOTALL)


def databases(facts: FileFacts) -> Iterator[ProgramCandidate]:
    """One of several databases in a file, whose values are image files; labels in another one."""
    if facts.decoding is None or facts.has_labels != bool(told := IN_DATABASE.search(facts.why)):
        return
    read = "label = self._open().get(self.keys[i], db=self._labels)\n"
    labels = list(_labels(facts, read)) if told else [("", "-1")]
    opened = OPEN_DATABASE.format(
        folder=facts.path.is_dir(), images=_key(facts.schema.removeprefix(SUB)),
        labels=LABELS_THERE.format(_key(told[1])) if told else "",
    )  # fmt: skip
    about = "A database of an LMDB, and its labels in another one."
    for keys, (label_read, number) in product((EVERY, BY_NUMBER.format(EVERY)), labels):
        get = f"pixels = decode(self._open().get(self.keys[i]))\n{label_read}"
        yield _program(facts, about, ENTRIES.format(keys=keys), get, number, opened, lazy=("_labels",) if told else ())


def pairs(facts: FileFacts) -> Iterator[ProgramCandidate]:
    told = TOLD.search(facts.why)
    if told is None or any(part is not None and part.count("*") != 1 for part in told.groups()):
        return
    image, shape, label = told.groups()
    labels = list(_labels(facts)) if label is not None else [("", "-1")]
    for identity, keys in product((r"(\d+)", "(.+)"), (FOUND, COUNTED)):
        if keys == COUNTED and identity != r"(\d+)":
            continue
        for (read, pixels), (label_read, number) in product(list(_images(facts, shape is not None)), labels):
            get = f"{read}pixels = {pixels}\n{label_read}"
            named = {"IMAGE": _pattern(image, identity), "SHAPE": _key(shape), "LABEL": _key(label)}
            used = [f"{name} = {text}" for name, text in named.items() if name == "IMAGE" or name in get]
            opened = OPEN.format(folder=facts.path.is_dir()) + ("\n" + BESIDE if "_beside" in get else "")
            about = "An LMDB: an image under one key, what belongs to it under others."
            yield _program(facts, about, KEYS.format(keys), get, number, opened, used)


def _program(
    facts: FileFacts,
    about: str,
    init: str,
    get: str,
    number: str,
    methods: str,
    lines: Sequence[str] = (),
    lazy: Sequence[str] = (),
) -> ProgramCandidate:
    code = DatasetCode(
        about=about,
        init=with_classes(init, facts),
        get=get,
        path="",
        imports=("import os", "import re", "import io", "import json", "import pickle", "import lmdb"),
        constants=constants(facts, *lines),
        functions=(PLAIN_PICKLE,) if "PlainData" in get + number else (),
        methods=methods,
        close=CLOSE,
        lazy=dict.fromkeys(("_pid", "_env", "_txn", *lazy), "None"),
    )
    return ProgramCandidate(code, number, "len(self.keys)")


def _pattern(key: str, identity: str) -> str:
    """The constant IMAGE."""
    before, _, behind = key.partition("*")
    parts = [re.escape(part).replace(r"\-", "-").replace(r"\ ", " ") for part in (before, behind)]
    text = f"{parts[0]}{identity}{parts[1]}"
    plain = text.isascii() and text.isprintable() and '"' not in text
    literal = f'rb"{text}"' if plain else repr(text.encode())
    return f"re.compile({literal}, re.DOTALL)" if identity == "(.+)" else f"re.compile({literal})"


def _key(key: str | None) -> str:
    """A key as a literal, with %b for what says which sample it is."""
    text = "" if key is None else key.replace("%", "%%").replace("*", "%b")
    return f"b{quoted(text)}" if text.isascii() else repr(text.encode())


def _images(facts: FileFacts, shaped: bool) -> Iterator[Value]:
    value = "self._open().get(self.keys[i])"
    if facts.decoding is not None:
        yield "", f"decode({value})"
        return
    flat = f"np.frombuffer(bytearray({value}), np.uint8)"
    if shaped:
        read = "shape = self._beside(i, SHAPE)\n"
        for told in (
            'np.frombuffer(shape, "<i4")', 'np.frombuffer(shape, "<i8")', r'list(map(int, re.findall(rb"\d+", shape)))',
            LOADED.format("shape"), "np.load(io.BytesIO(shape))",
        ):  # fmt: skip
            yield f"{read}row = {flat}\n", f"row.reshape({told})"
            yield f"{read}row = {flat}.reshape({told})\n", "np.repeat(row.reshape(*row.shape[:2], 1), 3, axis=2)"
    for whole in (f"np.load(io.BytesIO({value}))", LOADED.format(value)):
        yield f"row = {whole}\n", "np.array(row)"
        yield f"row = {whole}\n", "np.array(row.transpose(1, 2, 0))"


def _labels(facts: FileFacts, read: str = "label = self._beside(i, LABEL)\n") -> Iterator[Value]:
    """`read`: the line that reads the bytes of one."""
    if not facts.has_labels:
        yield "", "-1"
        return
    text = isinstance(facts.label, str)
    inside = [f'json.loads(label)["{name}"]' for name in IN_JSON]
    inside += [LOADED.format("label"), *(f'{LOADED.format("label")}["{name}"]' for name in IN_JSON[:2])]
    if text:
        yield from ((read, f"CLASSES.index({one})") for one in ("label.decode().strip()", *inside))
        return
    yield read, "int(label)"
    yield read, 'int.from_bytes(label, "little", signed=True)'
    yield from ((read, as_number(one, facts)) for one in (*inside, "np.load(io.BytesIO(label))"))

"""LMDB: py-lmdb reads a value by the sample's number."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode

INIT = """\
with lmdb.open(str(self.path), readonly=True, lock=False) as env, env.begin() as txn:
    self.labels = np.frombuffer(txn.get(b"__labels__"), "<i8")
    self.classes = json.loads(txn.get(b"__metadata__"))["classes"]
"""

DICTIONARY = """\
    self.dictionary = txn.get(b"__dictionary__")
"""

VALUE = 'self._open().get(b"%08d" % i)'

OPEN = """\
def _open(self):  # each process opens the file for itself: an environment must not cross a fork
    if self._pid != os.getpid():
        self.close()  # a worker lets go of what its parent has opened
        self._env = lmdb.open(str(self.path), readonly=True, lock=False, readahead=False)
        self._txn, self._pid = self._env.begin(buffers=True), os.getpid()
    return self._txn
"""

GROUPED = """\
# a value: uint32 n, n starts and an end (counted from behind this table), n payloads
value, k = self._open().get(b"%08d" % (i // GROUP)), i % GROUP
n = int.from_bytes(value[:4], "little")
start, stop = np.frombuffer(value, "<u4", n + 2)[1 + k : 3 + k].astype(int) + 4 * (n + 2)
pixels = {pixels}
"""

CLOSE = """\
if self._pid == os.getpid():
    self._env.close()
self._pid = self._env = self._txn = None
"""


def lmdb(facts: CodeFacts) -> DatasetCode:
    group = facts.options.get("group") or 1
    alone = f"pixels = {facts.pixels(VALUE)}"
    return DatasetCode(
        about="A value per sample under its number in eight digits; labels and classes by name.",
        init=INIT + (DICTIONARY if facts.with_dictionary else ""),
        get=GROUPED.format(pixels=facts.pixels("value[start:stop]")) if group > 1 else alone,
        path='STORE / f"{split}.lmdb"',
        imports=("import json", "import os", "import lmdb"),
        constants=(f"GROUP = {group}  # samples in a value",) if group > 1 else (),
        methods=OPEN,
        close=CLOSE,
        lazy={"_pid": "None", "_env": "None", "_txn": "None"},
        needs=("lmdb",),
    )

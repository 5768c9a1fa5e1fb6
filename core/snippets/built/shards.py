"""Shards with an index beside them, tar archives and TFRecord files, read without their libraries."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode
from .files import DICTIONARY

INIT = """\
self.index = np.load(self.path / "index.npy")  # offset, length, label, shard of each
self.labels = self.index["label"]
about = json.loads((self.path / "metadata.json").read_text("utf-8"))
self.classes, self.shards = about["classes"], [name for name, *_ in about["shards"]]
"""

GET = """\
offset, length, _, shard = self.index[i].tolist()
data = {data}
pixels = {pixels}
"""

MAPPED = """\
def _shard(self, number):  # mapped: only what is asked for is read
    if number not in self._maps:
        self._maps[number] = np.memmap(self.path / self.shards[number], np.uint8, "r")
    return self._maps[number]
"""

FRAMES = '''\
def _read(self, number, offset, length):
    """The tar lies in zstd frames of whole samples (zstd's seekable format). A table at the end
    has their sizes, packed and not: pairs of uint32, uint32 frames, a byte, uint32 magic."""
    if number not in self._tables:
        data = np.memmap(self.path / self.shards[number], np.uint8, "r")
        frames = int.from_bytes(data[-9:-5].tobytes(), "little")
        sizes = np.frombuffer(data[-9 - 8 * frames : -9].tobytes(), "<u4").reshape(-1, 2)
        ends = np.cumsum(sizes, axis=0, dtype=np.int64)
        self._tables[number] = data, np.vstack([[0, 0], ends])
    data, ends = self._tables[number]
    k = np.searchsorted(ends[:, 1], offset, "right") - 1
    frame = zstandard.decompress(data[ends[k, 0] : ends[k + 1, 0]])
    return frame[offset - ends[k, 1] :][:length]
'''

BLOCKS_INIT = """\
self.blocks = np.load(self.path / "blocks.npy")  # places of gzip members
self._keys = _key(self.blocks["shard"], self.blocks["start"])
"""

KEY = '''\
def _key(shard, start):
    """Orders places in shards."""
    return (np.int64(shard) << 44) + np.int64(start)
'''

BLOCKS = '''\
def _read(self, number, offset, length):
    """A shard is gzip members that hold whole records: one is inflated per sample."""
    block = self.blocks[np.searchsorted(self._keys, _key(number, offset), "right") - 1]
    with (self.path / self.shards[number]).open("rb") as file:
        file.seek(int(block["stored"]))
        records = gzip.decompress(file.read(int(block["stored_length"])))
    return records[offset - int(block["start"]) :][:length]
'''


def indexed(facts: CodeFacts, about: str) -> DatasetCode:
    """Shards whose payloads lie bare where the index says."""
    return DatasetCode(
        about=about,
        init=INIT + (DICTIONARY if facts.with_dictionary else ""),
        get=GET.format(data="self._shard(shard)[offset : offset + length]", pixels=facts.pixels("data")),
        path="STORE / split",
        imports=("import json",),
        methods=MAPPED,
        lazy={"_maps": "{}"},
    )


def webdataset(facts: CodeFacts) -> DatasetCode:
    if facts.options.get("compress", "none") == "none":
        return indexed(facts, "Tar archives; `index.npy` says where each payload lies, so no tar is walked through.")
    return DatasetCode(
        about="Tar archives in zstd; `index.npy` says where each payload lies in its tar.",
        init=INIT + (DICTIONARY if facts.with_dictionary else ""),
        get=GET.format(data="self._read(shard, offset, length)", pixels=facts.pixels("data")),
        path="STORE / split",
        imports=("import json", "import zstandard"),
        methods=FRAMES,
        lazy={"_tables": "{}"},
        needs=("zstandard",),
    )


def tfrecord(facts: CodeFacts) -> DatasetCode:
    if facts.options.get("compress", "none") == "none":
        about = "TFRecord files; `index.npy` says where each payload lies, so no Example is parsed."
        return indexed(facts, about)
    return DatasetCode(
        about="TFRecord files in gzip; `index.npy` says where each payload lies in what they inflate to.",
        init=INIT + BLOCKS_INIT + (DICTIONARY if facts.with_dictionary else ""),
        get=GET.format(data="self._read(shard, offset, length)", pixels=facts.pixels("data")),
        path="STORE / split",
        imports=("import json", "import gzip"),
        functions=(KEY,),
        methods=BLOCKS,
    )

"""Arrow, mapped by pyarrow; Parquet, read where its index says, or by pyarrow where pages are compressed."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode
from .files import CLASSES, DICTIONARY
from .shards import indexed

INIT = """\
table = self._open()
self.labels = table["label"].to_numpy()
features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
self.classes = features["label"]["names"]
"""

IN_SCHEMA = """\
self.dictionary = base64.b64decode(table.schema.metadata[b"format_matters_dictionary"])
"""

OPEN = """\
def _open(self):  # mapped: columns are views of the file, and only what is asked for is read
    if self._table is None:
        with pa.memory_map(str(self.path)) as file:
            self._table = pa.ipc.open_file(file).read_all()
    return self._table
"""

BYTES = 'row["bytes"].as_buffer()'


def arrow(facts: CodeFacts) -> DatasetCode:
    data = "row.as_buffer()" if facts.bare else BYTES
    return DatasetCode(
        about="An Arrow file: column `image` has the payloads, column `label` the class numbers.",
        init=INIT + (IN_SCHEMA if facts.with_dictionary else ""),
        get=f'row = self._open()["image"][i]\npixels = {facts.pixels(data)}',
        path='STORE / f"{split}.arrow"',
        imports=("import json", "import pyarrow as pa", *(["import base64"] if facts.with_dictionary else [])),
        methods=OPEN,
        lazy={"_table": "None"},
        needs=("pyarrow",),
    )


GROUPS_INIT = """\
self.labels = np.load(self.path / "index.npy")["label"]
self.groups, rows = [], [0]  # (file, row group) in order, and where each begins
for file in sorted(self.path.glob("*.parquet")):
    about = pq.read_metadata(file)
    for k in range(about.num_row_groups):
        self.groups.append((file, k))
        rows.append(rows[-1] + about.row_group(k).num_rows)
self.rows = np.array(rows)
"""

GROUPS_GET = """\
k = np.searchsorted(self.rows, i, "right") - 1
row = self._group(k)[int(i - self.rows[k])]
pixels = {pixels}
"""

GROUP = '''\
def _group(self, k):
    """The images of a row group; the last one is kept. In order each is decompressed once,
    shuffled once per sample: then take a store without compressed pages."""
    if self._kept[0] != k:
        file, number = self.groups[k]
        table = pq.ParquetFile(file).read_row_group(number, columns=["image"])
        self._kept = k, table["image"]
    return self._kept[1]
'''


def parquet(facts: CodeFacts) -> DatasetCode:
    if facts.options.get("parquet_compression", "none") == "none":
        about = "Parquet files; `index.npy` says where each payload lies, so no row group is read."
        return indexed(facts, about)
    return DatasetCode(
        about="Parquet files with compressed pages.",
        init=GROUPS_INIT + CLASSES + (DICTIONARY if facts.with_dictionary else ""),
        get=GROUPS_GET.format(pixels=facts.pixels("row.as_buffer()" if facts.bare else BYTES)),
        path="STORE / split",
        imports=("import json", "import pyarrow.parquet as pq"),
        methods=GROUP,
        lazy={"_kept": "(None, None)"},
        needs=("pyarrow",),
    )

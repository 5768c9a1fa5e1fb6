"""A file per sample: in folders of ours, or where a CSV manifest says."""

from __future__ import annotations

from ..facts import CodeFacts
from ..snippet import DatasetCode

CLASSES = """\
self.classes = json.loads((self.path / "metadata.json").read_text("utf-8"))["classes"]
"""

DICTIONARY = """\
self.dictionary = (self.path / "__dictionary__").read_bytes()
"""

ROWS = """\
with ({manifest}).open(newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
self.files = [row["path"] for row in rows]
self.labels = np.array([int(row["label"]) for row in rows], np.int64)
"""

ROOT = """\
about = json.loads((self.path / "metadata.json").read_text("utf-8"))
self.classes, self.root = about["classes"], self.path / about["root"]
"""


def disk(facts: CodeFacts) -> DatasetCode:
    return DatasetCode(
        about="A file per sample; `manifest.csv` has their order and labels.",
        init=ROWS.format(manifest='self.path / "manifest.csv"')
        + CLASSES
        + (DICTIONARY if facts.with_dictionary else ""),
        get=f"data = (self.path / self.files[i]).read_bytes()\npixels = {facts.pixels('data')}",
        path="STORE / split",
        imports=("import csv", "import json"),
    )


def csv_manifest(facts: CodeFacts) -> DatasetCode:
    copied = facts.options.get("copy")
    where = "beside it" if copied else "where the dataset has them"
    return DatasetCode(
        about=f"A CSV file lists images and labels; the images lie {where}.",
        init=ROWS.format(manifest='self.path / f"{self.path.name}.csv"')
        + ROOT
        + (DICTIONARY if facts.with_dictionary else ""),
        get=f"data = (self.root / self.files[i]).read_bytes()\npixels = {facts.pixels('data')}",
        path="STORE / split",
        imports=("import csv", "import json"),
    )

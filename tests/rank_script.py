"""Runs an example of docs/loading.md as one of several ranks and tells the labels that its loaders handed out.

    python -m tests.rank_script EXAMPLE STORE CHECKPOINT OUT

The ranks are those of the environment, as torchrun sets it. OUT has (epoch, labels) of each batch, as JSON.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.loading.loader import Loader

DOCS = Path(__file__).parents[1] / "docs" / "loading.md"


def example(name: str) -> str:
    """The code block of docs/loading.md that begins with the comment `name`, with batches for a small store."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if block.startswith(f"# {name}\n"))
    return found.replace("batch_size=64", 'batch_size=8, workers=0, loader="torch"')


def main() -> None:
    name, store, checkpoint, out = sys.argv[1:]
    handed: list[tuple[int, list[int]]] = []
    batches = Loader._batches

    def noted(loader: Loader) -> Iterator[Any]:
        for batch in batches(loader):
            handed.append((loader.state_dict()["epoch"], batch.labels.tolist()))
            yield batch

    Loader._batches = noted  # type: ignore[method-assign, assignment]
    sys.argv = [name, store, checkpoint]
    exec(compile(example(name), name, "exec"), {"__name__": "__main__"})
    Path(out).write_text(json.dumps(handed), "utf-8")


if __name__ == "__main__":
    main()

"""Runs an example of docs/loading.md as several ranks and tells the labels that their loaders handed out.

    python -m tests.rank_script EXAMPLE STORE CHECKPOINT FOLDER RANKS PORT

FOLDER has handed-0.json, ... then: (epoch, labels) of each batch. The ranks are forks of one process with torch in it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch._dynamo  # noqa: F401 - what every optimizer imports

from core.loading.loader import Loader

DOCS = Path(__file__).parents[1] / "docs" / "loading.md"


def example(name: str) -> str:
    """The code block of docs/loading.md that begins with the comment `name`, with batches for a small store."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if block.startswith(f"# {name}\n"))
    return found.replace("batch_size=64", 'batch_size=8, workers=0, loader="torch"')


def environment(rank: int, ranks: int, port: str) -> dict[str, str]:
    """As torchrun makes it."""
    return {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks),
        "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHELASTIC_RUN_ID": "test",
    }  # fmt: skip


def run(name: str, out: Path) -> None:
    """One rank, in a process of its own, which ends here: taking down gloo's threads in a fork may take forever."""
    handed: list[tuple[int, list[int]]] = []
    batches = Loader._batches

    def noted(loader: Loader) -> Iterator[Any]:
        for batch in batches(loader):
            handed.append((loader.state_dict()["epoch"], batch.labels.tolist()))
            yield batch

    Loader._batches = noted  # type: ignore[method-assign, assignment]
    namespace = {"__name__": "__main__"}
    try:
        exec(compile(example(name), name, "exec"), namespace)
        out.write_text(json.dumps(handed), "utf-8")
        os._exit(0)
    except BaseException:  # noqa: BLE001 - told, and then it ends
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def main() -> None:
    name, store, checkpoint, folder, ranks, port = sys.argv[1:]
    sys.argv = [name, store, checkpoint]
    children = set()
    for rank in range(int(ranks)):
        if child := os.fork():
            children.add(child)
            continue
        os.environ |= environment(rank, int(ranks), port)
        run(name, Path(folder) / f"handed-{rank}.json")
    while children:
        child, status = os.wait()
        children.remove(child)
        if status:  # the others would wait for it
            for other in children:
                os.kill(other, signal.SIGKILL)
            sys.exit(f"a rank ended with {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()

"""The examples of docs/loading.md for several ranks, run as two processes over gloo on this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.stores.store import Store, list_stores, open_store

ROOT = Path(__file__).parents[1]
RANKS = 2


@pytest.fixture
def store(home: Home) -> Store:
    finish(Build("shapes", "npy", "raw", home=str(home.root)).run())
    return open_store(list_stores(home)[0].path)


def run_example(name: str, store: Path, folder: Path) -> list[list[tuple[int, list[int]]]]:
    """(epoch, labels) of each batch that each rank's loader handed out."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.rank_script", name, store, folder / "checkpoint", folder, str(RANKS), str(port)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    outs = [folder / f"handed-{rank}.json" for rank in range(RANKS)]
    return [[(epoch, labels) for epoch, labels in json.loads(out.read_text("utf-8"))] for out in outs]


def planned(
    store: Store, epoch: int, rank: int, begun: Mapping[str, object] | None = None
) -> list[tuple[int, list[int]]]:
    """What a rank has to be handed of an epoch."""
    sampler = store.loader(batch_size=8, seed=1, rank=rank, world_size=RANKS, workers=0).sampler
    position = begun["position"] if begun else 0
    assert isinstance(position, int)
    return [(epoch, store.labels[spec.indices].tolist()) for spec in sampler.specs(epoch, position)]


def test_two_ranks_of_ddp_go_on_where_four_stopped(store: Store, tmp_path: Path) -> None:
    stopped = store.loader(batch_size=5, seed=1, rank=3, world_size=4, workers=0)
    next(iter(stopped))
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 10))
    state = stopped.state_dict()
    torch.save({"model": model.state_dict(), "loader": state}, tmp_path / "checkpoint")
    for rank, handed in enumerate(run_example("ddp", store.path, tmp_path)):
        rest = planned(store, 0, rank, state)
        assert [len(labels) for _, labels in rest] == [8, 7]
        assert handed == rest + planned(store, 1, rank)
    saved = torch.load(tmp_path / "checkpoint")["loader"]
    assert (saved["epoch"], saved["position"], saved["global_batch"]) == (1, 16, 16)


@pytest.mark.parametrize(("name", "epochs"), [("accelerate", 1), ("lightning", 2)])
def test_each_rank_is_handed_its_own_share(store: Store, tmp_path: Path, name: str, epochs: int) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed: the example of docs/loading.md is run where it is")
    for rank, handed in enumerate(run_example(name, store.path, tmp_path)):
        assert handed == [batch for epoch in range(epochs) for batch in planned(store, epoch, rank)]

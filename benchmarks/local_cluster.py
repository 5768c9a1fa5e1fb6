"""A Ray cluster of several nodes on this machine, one of which can be killed with all that it runs; Linux."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from ray.cluster_utils import Cluster

TASK = "ray::called_on_node"
"""What a process is called while it works on an item of an engine's."""


class LocalCluster:
    """`nodes` nodes of `cpus` CPUs each."""

    def __init__(self, nodes: int, cpus: int) -> None:
        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus, "include_dashboard": False})
        self._others = [self._cluster.add_node(num_cpus=cpus) for _ in range(nodes - 1)]

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def kill_node(self) -> bool:
        """SIGKILL to a node that works on an item and to everything below it, as where a machine loses its power; False
        where none works at this moment. The node of the driver stays."""
        for node in self._others:
            raylet = psutil.Process(int(node.all_processes["raylet"][0].process.pid))
            below = raylet.children(recursive=True)
            if not any(map(is_task, below)):
                continue
            for process in [*below, raylet]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            self._others.remove(node)
            self._cluster.remove_node(node, allow_graceful=False)
            return True
        return False

    def end(self) -> None:
        self._cluster.shutdown()


def is_task(process: psutil.Process) -> bool:
    """Whether it works on an item at this moment."""
    try:
        name = process.cmdline()[0]
    except (psutil.Error, IndexError):
        return False
    return name.startswith(TASK)


@contextmanager
def local_cluster(nodes: int, cpus: int = 1) -> Iterator[LocalCluster]:
    """With files in a folder of its own, reporting nothing, ended at the end."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="fm-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "ray").mkdir()
        os.environ |= {"RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        cluster = None
        try:
            cluster = LocalCluster(nodes, cpus)
            yield cluster
        finally:
            if cluster is not None:
                cluster.end()
            os.environ.clear()
            os.environ |= before

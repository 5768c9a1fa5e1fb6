"""The engine of many machines: each item is a task of Ray with one CPU.

Ray decides where a task runs and notices what dies; this module decides what is given again (Ray's own retries are
off, so that attempts are known), and how many items are under way. The nodes import this package under the name that it
has here: a clone must lie at the same path there (as it does on one machine, or a shared disk), else `format-matters`
is installed there and here.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from ...base.errors import InputError, WorkError
from ...base.extras import needed_by
from ...base.home import REPOSITORY
from ...base.package import INSTALLED, ROOT
from ...base.plugins import VARIABLE as PLUGINS
from ...base.settings import setting
from ..cpus import usable_cpus
from ..module_process import module_environment
from .work import WAIT_SECONDS, CallResult, Done, Given, GivenItem, GivenItems, Made, called

AHEAD = 2
"""Items that wait in the cluster beyond those that can run: a CPU gets the next one without asking here."""

NODES_SECONDS = 1.0
"""How old the number of CPUs may be by which items are given: nodes come and go."""

CANCEL_SECONDS = 10.0
"""How long cancelled tasks are waited for: what they write is cleaned up after that."""

KNOCK_SECONDS = 10.0
"""How long a cluster may take to answer at all."""

OBJECT_STORE_BYTES = 512 << 20
"""Memory for results under way in a cluster that is started here: few and small."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""For what is started here: nothing is reported to Ray's makers, no warning about GPUs that nobody asked for."""


def _lock_own_cluster() -> None:
    """Let a cluster that this process starts take tasks from nobody else: its ports are open to the network, and who
    may send it tasks may run anything. Ray reads this when it is imported; what was chosen before stays."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


class RayEngine:
    """Tasks of a Ray cluster: the one at `address`, else at RAY_ADDRESS, else one that is started here and ends here.

    `workers` limits the items under way. A program that has called `ray.init` itself keeps what it connected to.
    """

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        if workers == 0:
            raise InputError("workers=0 works in this process; with the engine ray give 1 or more")
        self._most = workers
        self._address = address or os.environ.get("RAY_ADDRESS") or "local"
        self._connected = False
        self._ray: Any = None
        self._counted = (0.0, 0, 0)

    def __enter__(self) -> Self:
        if self._address == "local":
            _lock_own_cluster()
        with needed_by("the engine ray"):
            import ray
        self._ray = ray
        if not ray.is_initialized():
            with _quietly():
                self._connect()
            self._connected = True
        return self

    def _connect(self) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self._address == "local":
            cpus = self._most or usable_cpus()
            store = {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
            with _module_path():
                self._ray.init("local", num_cpus=cpus, **store, **quiet)
            return
        try:
            _knock(self._address)
            self._ray.init(self._address, **self._job(), **quiet)
        except (OSError, RuntimeError, ValueError, SystemExit) as error:
            raise InputError(f"no Ray cluster answers at {self._address}: {_first_line(error)}") from None

    def _job(self) -> dict[str, Any]:
        """What nodes are told of a clone: where its modules lie. Workers that wait for work already can hear of this,
        as they cannot of an environment, for which others are started."""
        if INSTALLED or "://" in str(self._address):
            return {}
        from ray.job_config import JobConfig

        return {"job_config": JobConfig(_py_driver_sys_path=[str(REPOSITORY)])}

    def _environment(self) -> dict[str, Any]:
        """What tasks are given where the nodes do not know it already: see `_job`."""
        told: dict[str, str] = {}
        if self._address != "local" and (plugins := setting("plugins").values):
            told[PLUGINS] = ",".join(plugins)
        if not INSTALLED and (not self._connected or "://" in self._address):
            told["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), "${PYTHONPATH}"])
        return {"runtime_env": {"env_vars": told}} if told else {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connected:
            self._ray.shutdown()
            self._connected = False

    @property
    def slots(self) -> int:
        cpus = self._nodes()[1]
        return max(1, cpus if self._most is None else min(cpus, self._most))

    @property
    def text(self) -> str:
        nodes, cpus = self._nodes()
        return f"Ray, {nodes} node{'' if nodes == 1 else 's'}, {cpus} CPU{'' if cpus == 1 else 's'}"

    def _nodes(self) -> tuple[int, int]:
        """(nodes, CPUs) that are there, at most `NODES_SECONDS` old."""
        if time.monotonic() - self._counted[0] > NODES_SECONDS:
            there = [node["Resources"].get("CPU", 0) for node in self._ray.nodes() if node["Alive"]]
            self._counted = (time.monotonic(), len(there), int(sum(there)))
        return self._counted[1:]

    def run(self, call: Callable[[Given], Made], given: Iterable[Given]) -> Generator[Done[Made] | None, None, None]:
        """See `TaskEngine.run`."""
        items = GivenItems(given)
        task = self._ray.remote(num_cpus=1, max_retries=0, **self._environment())(called_on_node)
        shared = self._ray.put(call)
        under_way: dict[Any, GivenItem[Given]] = {}
        try:
            while True:
                limit = self.slots + (AHEAD if self._most is None else 0)
                while len(under_way) < limit and (taken := items.take()) is not None:
                    under_way[task.remote(shared, taken.item)] = taken
                if not under_way:
                    return
                ready, _ = self._ray.wait(list(under_way), num_returns=1, timeout=WAIT_SECONDS)
                if not ready:
                    yield None
                for task_result in ready:
                    done = self._taken(task_result, under_way.pop(task_result), items)
                    if done is not None:
                        yield done
        finally:
            self._cancel(list(under_way))

    def _taken(self, task_result: Any, given: GivenItem[Given], items: GivenItems[Given]) -> Done[Any] | None:
        """What a task made; None where it is given again."""
        from ray.exceptions import LocalRayletDiedError, RayError, RayTaskError, RuntimeEnvSetupError

        try:
            result, where = self._ray.get(task_result)
        except RuntimeEnvSetupError as error:
            raise WorkError(f"a node could not prepare for {given}: {error}") from None
        except RayTaskError as error:  # what the call itself raises comes as a result
            raise WorkError(
                f"a node could not begin {given}: {_first_line(error.cause)}; {ROOT!r} must be importable there: "
                "install format-matters on every node and here, or put the clone at the same path on all of them"
            ) from None
        except LocalRayletDiedError:
            raise WorkError("the node of Ray on this machine died; start it again") from None
        except RayError as error:
            items.died(given, type(error).__name__)
            return None
        return Done(given.number, result.get(), given.attempts, where)

    def _cancel(self, under_way: list[Any]) -> None:
        """End what runs, and wait until it has ended."""
        if not under_way:
            return
        with suppress(Exception):  # the cluster itself may be gone
            for task_result in under_way:
                self._ray.cancel(task_result, force=True)
            self._ray.wait(under_way, num_returns=len(under_way), timeout=CANCEL_SECONDS, fetch_local=False)


def _knock(address: str) -> None:
    """Raises OSError where nobody listens at "host:port" or "ray://host:port": Ray itself tries for five minutes."""
    host, colon, port = address.rpartition("//")[2].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def called_on_node(call: Callable[[Given], object], item: Given) -> tuple[CallResult, str]:
    """What a task of Ray does: the call, and the name of its node."""
    import ray

    node = ray.get_runtime_context().get_node_id()[:8]
    return called(call, item), f"node {node} ({socket.gethostname()}), process {os.getpid()}"


@contextmanager
def _module_path() -> Iterator[None]:
    """Who is started meanwhile finds the modules that this process finds."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = module_environment()["PYTHONPATH"]
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@contextmanager
def _quietly() -> Iterator[None]:
    """With `QUIET` for what is started meanwhile; Ray's own handler of SIGTERM does not stay."""
    added = [name for name in QUIET if name not in os.environ]
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    os.environ.update({name: QUIET[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
        if main:
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)

"""A rival that is registered for a test, and records of runs in which it took part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core.base.home import Home
from core.measure.records import RunRecord
from core.rivals import RIVALS
from core.rivals.registration import RivalRegistration
from tests.results_fixtures import ME, repeats, write_record

TARS = RivalRegistration(
    where=".rivals.ours.loader:OursRival", title="Tar Shards", container="tar", licence="BSD-3-Clause", home_page="",
    distribution="tarshards", environment="tars", description="Reads shards in order", fair="Shards are written mixed.",
    encodings=("jpeg", "png"), transforms=("none",),
)  # fmt: skip
PAGES = RivalRegistration(
    where=".rivals.ours.loader:OursRival", title="Page Loader", container="lmdb", licence="MIT", home_page="",
    distribution="pages", environment="pages", description="Compiles", fair="Its own encoding.", reencodes=True,
)  # fmt: skip
"""Its container is called as one of our formats is."""


@contextmanager
def registered() -> Iterator[None]:
    """The two rivals, as long as it lasts."""
    RIVALS.register("tars", TARS)
    RIVALS.register("pages", PAGES)
    try:
        yield
    finally:
        RIVALS.unregister("tars")
        RIVALS.unregister("pages")


def columns(cpu_us: float, memory: int, disk: int, prepare_s: float, **more: Any) -> dict[str, Any]:
    """The columns of a row; more are given by name."""
    return {
        "cpu_s_per_sample": cpu_us / 1e6, "peak_memory_bytes": memory, "bytes_on_disk": disk, "prepare_s": prepare_s,
        "workers": "2 processes", "of_ceiling": 0.5, "shuffle_quality": 1.0, "unique": 1000, "cache": "warm",
        "split": "train", **more,
    }  # fmt: skip


def rival_rows() -> list[dict[str, Any]]:
    """Ours from lmdb/original at 200 images/s; a rival a quarter as fast with half of the memory, and one whose
    container has the name of our format, disturbed once and re-encoded; a third was refused."""
    spread = (0.99, 1.0, 1.01)

    def around(speed: float) -> list[float]:
        return [speed * share for share in spread]

    ours = repeats("lmdb/original", around(200), **columns(10, 400_000_000, 4_000_000, 1.0))
    tars = repeats("tar/original", around(50), loader="tars", rival=True,
                   **columns(80, 200_000_000, 5_000_000, 2.0))  # fmt: skip
    pages = repeats("lmdb/original", around(100), loader="pages", rival=True,
                    **columns(20, 500_000_000, 3_000_000, 4.0))  # fmt: skip
    pages[1] |= {"background_load": 0.4, "disturbed": True}
    refused = {**tars[0], "kind": "refused", "loader": "odd", "store": "odd/original", "configuration": "odd",
               "reason": "it handed image 3 out twice in an epoch"}  # fmt: skip
    return [*ours, *tars, *pages, refused]


def rival_record(home: Home, number: int = 1, rows: Sequence[dict[str, Any]] | None = None, **setup: Any) -> RunRecord:
    """A run with rivals."""
    about = {"split": "train", "cache": "warm", "rounds": 3, "seconds": 1.0, "stores": ["shapes/lmdb/original"]}
    return write_record(home, "loader", rival_rows() if rows is None else rows, number, ME, **{**about, **setup})

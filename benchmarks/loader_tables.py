"""What `python -m benchmarks.loaders` prints: a table a work, and where it is kept."""

from __future__ import annotations

import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

from benchmarks.loader_peers import Peer
from benchmarks.peers import Work
from core.measure.statistics import ratio

BEGIN, END = "<!-- loaders: begin -->", "<!-- loaders: end -->"
COLUMNS = (
    "loader", "images/s", "lowest - highest", "x best rival", "processor µs/image", "x the rival's", "MB", "workers",
    "first batch s",
)  # fmt: skip


def conditions(busy: int, rounds: int) -> str:
    """What the machine was and did: to be asked before the run begins."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    spinning = f"{busy} other process{'' if busy == 1 else 'es'} spinning while anything was timed; " if busy else ""
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), load average before the run {load} (1, 5, 15 minutes); "
        f"{spinning}{rounds} rounds; Python {platform.python_version()}, torch {version('torch')}, "
        f"numba {version('numba')}.\n"
    )


def rival_of(peers: list[Peer]) -> Peer | None:
    """The fastest that is not ours."""
    others = [peer for peer in peers if not peer.ours]
    return max(others, key=lambda peer: statistics.median(peer.rates), default=None)


def table(work: Work, peers: list[Peer], refused: dict[str, str]) -> str:
    """One work's results as Markdown: medians, their spread, and the ratios to the best rival's."""
    rival = rival_of(peers)
    lines = [f"### {work.name}", "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [_row(peer, rival) for peer in sorted(peers, key=lambda peer: -statistics.median(peer.rates))]
    lines += ["", *(f"- {name} is not in the table: {reason}" for name, reason in refused.items()), ""]
    return "\n".join(lines)


def _row(peer: Peer, rival: Peer | None) -> str:
    speed = processor = "-"
    if rival is not None:
        speed = f"{ratio(peer.rates, rival.rates).value:.2f}"
        processor = f"{ratio(peer.processor, rival.processor).value:.2f}"
    cells = [
        peer.name,
        f"{statistics.median(peer.rates):,.0f}",
        f"{min(peer.rates):,.0f} - {max(peer.rates):,.0f}",
        speed,
        f"{statistics.median(peer.processor):,.2f}",
        processor,
        f"{peer.bytes / 1e6:,.1f}" if peer.bytes else "-",
        str(peer.workers),
        f"{peer.first_batch:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def table_against(work: Work, peers: list[Peer]) -> str:
    """Our loaders against themselves in another checkout, as Markdown."""
    lines = [f"### {work.name}", "", "| loader | images/s | before | ratio | 95% interval |", "|---|---|---|---|---|"]
    for peer in peers:
        if peer.before is None:
            continue
        medians = [f"{statistics.median(rates):,.0f}" for rates in (peer.rates, peer.before.rates)]
        found = ratio(peer.rates, peer.before.rates)
        interval = "-" if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
        lines.append(f"| {' | '.join([peer.name, *medians, f'{found.value:.3f}', interval])} |")
    return "\n".join([*lines, ""])


def keep(text: str, path: Path) -> None:
    """Put the tables between their marks in a file of results."""
    before = path.read_text("utf-8") if path.exists() else ""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    path.write_text(f"{head.rstrip()}\n\n{BEGIN}\n{text}\n{END}\n{tail.lstrip()}", "utf-8")

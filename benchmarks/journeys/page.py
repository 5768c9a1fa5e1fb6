"""A journey as a page in Markdown, with its pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.base.home import REPOSITORY
from core.machine.facts import processor
from core.processes.cpus import usable_cpus

from .recording import Journey, Timing, Travelled, TravelLog, timings

FOLDER = REPOSITORY / "docs" / "journeys"


def write(journey: Journey, logs: Sequence[TravelLog], folder: Path = FOLDER) -> Path:
    """`<folder>/<name>.md` from several runs; steps and pictures are those of the last one."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{journey.name}-[0-9]*.webp"):
        old.unlink()
    steps = [_step(number, step, journey.name, folder) for number, step in enumerate(logs[-1].steps, 1)]
    parts = [f"# {journey.title}", journey.about, _conditions(journey, len(logs)), _table(timings(logs)), *steps]
    page = folder / f"{journey.name}.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _conditions(journey: Journey, runs: int) -> str:
    return (
        f"Recorded by `python -m benchmarks.journeys {journey.name} --runs {runs}` on {_machine()}. Each run begins in "
        "a clean home, with a server that was just started and no compiled kernels."
    )


def _machine() -> str:
    return f"{usable_cpus()} CPUs ({processor()})"


def _table(every: Sequence[Timing]) -> str:
    lines = ["| step | goal s | median s | worst s | runs |", "|---|---|---|---|---|"]
    for one in every:
        goal = "" if one.goal is None else f"{one.goal:g}"
        lines.append(f"| {one.title} | {goal} | {one.median:.1f} | {one.worst:.1f} | {len(one.seconds)} |")
    return "\n".join(lines)


def _step(number: int, step: Travelled, name: str, folder: Path) -> str:
    took = "" if step.seconds is None else f" ({step.seconds:.1f} s)"
    parts = [f"## {number}. {step.title}{took}", step.about]
    if step.text:
        parts.append(f"```text\n{step.text.rstrip()}\n```")
    if step.picture is not None:
        picture = folder / f"{name}-{number}.webp"
        picture.write_bytes(step.picture)
        parts.append(f"![{step.title}]({picture.name})")
    return "\n\n".join(parts)

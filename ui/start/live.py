"""The demo while it runs: the steps with where they are, and one of them large."""

from __future__ import annotations

from html import escape

from core.jobs import Job, State, Watch
from ui.shared.job_panel import queue_text
from ui.shared.labels import seconds_text
from ui.shared.live.drawing import waiting
from ui.start.steps import step_html
from ui.start.story import TITLES, Story, story_told

STATES = {"done": "✓", "there already": "✓", "running": "▸"}


def picture(job: Job, seen: Watch, chosen: str = "") -> str:
    """HTML without scripts. `chosen`: the number of the step to stay at; another text follows the demo."""
    if job.state is State.WAITING:
        return waiting(job.title, queue_text(job))
    story = story_told(job, seen)
    number = int(chosen) if chosen in map(str, range(1, len(TITLES) + 1)) else story.step
    return steps_html(story, number) + heading(number) + step_html(number, story, seen.progress)


def heading(number: int) -> str:
    return f'<h3 style="margin:14px 0 6px;padding:0">{number}. {escape(TITLES[number - 1])}</h3>'


def steps_html(story: Story, shown: int) -> str:
    """All steps in a line: done, running, to come."""
    items = "".join(_item(number, story, number == shown) for number in range(1, len(TITLES) + 1))
    style = "display:flex;flex-wrap:wrap;gap:4px 18px;margin:0;padding:0;list-style:none;font-size:0.9rem"
    return f'<ol style="{style}">{items}</ol>'


def _item(number: int, story: Story, shown: bool) -> str:
    told = story.steps.get(number, {})
    at = str(told.get("state", ""))
    took = f" {seconds_text(float(told['seconds']))}" if at == "done" else ""
    mark = STATES.get(at, "·")
    look = "font-weight:600" if shown else "" if at else "opacity:0.6"
    current = ' aria-current="step"' if shown else ""
    said = f'{mark} {escape(TITLES[number - 1])}<span style="opacity:0.7">{took}</span>'
    return f'<li style="margin:0;{look}"{current}>{said}</li>'

"""Jobs as the page shows them live: what the server answers, and what a browser makes of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from app_under_test import open_page, texts
from sse_starlette import ServerSentEvent
from starlette.requests import Request
from test_app_browser import browser, calm, serving  # noqa: F401 - `browser` is a fixture

from core.base.events import Progress, Sample, finish
from core.base.home import Home
from core.building import Build
from core.importing.task import Import
from core.jobs import Job, Jobs, State, Watch
from core.jobs.eventlog import Stamped
from ui.shared.live import route
from ui.shared.live.indicator import known_as, page_of
from ui.shared.live.pictures import PICTURES, picture
from ui.shared.live.route import MOST_WATCHED, Watches, beside, idle, live

STORES = ("disk/original", "lmdb/raw")


def ask(way, job: str, query: str = "") -> str | None:
    """The first picture of a stream; None where the job is gone."""

    async def first() -> ServerSentEvent:
        scope = {"type": "http", "path_params": {"job": job}, "query_string": query.encode(), "headers": []}
        answer = await way(Request(scope))
        assert answer.media_type == "text/event-stream"
        events = answer.body_iterator
        assert (await anext(events)).encode().startswith(b"retry: ")
        event = await anext(events)
        await events.aclose()
        return event

    event = asyncio.run(first())
    return None if event is route.GONE else event.data


def race(home: Home, seconds: float = 0.5, rounds: int = 4) -> Job:
    stores = [str(home.built / "shapes" / store) for store in STORES]
    fields = {"stores": stores, "loaders": ["torch"], "workers": ["0"], "batch_sizes": [8], "seconds": seconds}
    return Jobs(home).start(
        "loader", {**fields, "rounds": rounds, "home": str(home.root)}, title="A <race>", owner="benchmark"
    )


def running(home: Home, task: str = "loader", owner: str = "benchmark") -> Job:
    """A job that has just begun and said nothing yet; no process is behind it."""
    folder = home.jobs / "20260101-000000-000000-loader-abcd"
    folder.mkdir(parents=True)
    fields = {"stores": list(STORES), "loaders": ["torch"], "workers": ["0"], "batch_sizes": [8], "rounds": 1}
    now = time.time()
    return Job(folder, task, "A <race>", owner, True, now, fields, State.RUNNING, started=now)


def until(condition, seconds: float = 60.0, every: float = 0.05):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline
        time.sleep(every)
    return answer


def test_a_job_is_drawn_from_its_events_until_it_ends(furnished: Home) -> None:
    job = race(furnished)
    assert "A &lt;race&gt;" in ask(live, job.id)
    drawn = until(lambda: (shown := ask(live, job.id)) and "images per second: " in shown and shown, every=0.3)
    ElementTree.fromstring(f"<div>{drawn}</div>")  # whole, and nothing in it but boxes and text
    assert "<script" not in drawn
    until(lambda: not Jobs(furnished).get(job.id).active)
    assert ask(live, job.id) is None


def test_a_stream_has_what_changes_and_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "OPEN_SECONDS", 0.3)
    shown = iter(["one", "one", "two\nlines", *["three"] * 100])

    async def all_of_it() -> list[bytes]:
        return [event.encode() async for event in route._pictures(lambda: next(shown), 0.05)]

    events = b"".join(asyncio.run(all_of_it())).decode().replace("\r\n", "\n")
    assert events == "retry: 50\n\ndata: one\n\ndata: two\ndata: lines\n\ndata: three\n\n"
    assert next(shown) == "three", "it ended before they did"


def test_what_is_not_shown_live_is_not_there(furnished: Home) -> None:
    for name in ("no-such-job", "..", "../jobs", "", "x" * 300, "1" * 300, "1\x00"):
        assert ask(live, name) is None
        assert ask(beside, name) is None


def test_beside_the_page_a_change_of_the_jobs_is_told(furnished: Home) -> None:
    job = race(furnished)
    until(lambda: Jobs(furnished).get(job.id).started)
    known = known_as(Jobs(furnished).active())
    assert "progressbar" in ask(beside, job.id, f"known={known}")
    assert ask(beside, job.id, "known=other") is None
    Jobs(furnished).cancel(job.id)
    until(lambda: not Jobs(furnished).get(job.id).active)
    assert ask(beside, job.id, f"known={known}") is None


def test_a_tab_that_shows_no_job_learns_of_the_first(furnished: Home) -> None:
    known = known_as([])
    assert ask_idle(known) == "still idle"
    job = race(furnished)
    assert ask_idle(known) is None
    Jobs(furnished).cancel(job.id)
    until(lambda: not Jobs(furnished).get(job.id).active)


def test_what_comes_from_elsewhere_is_told_too(furnished: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    known = known_as([])
    assert known_as([]) == known
    finish(Build("shapes", "npy", "raw").run())
    with_store = known_as([])
    finish(Import("shapes", "others", limit=4).run())
    assert len({known, with_store, known_as([])}) == 3
    assert ask_idle(with_store) is None


def test_a_picture_is_drawn_seldom_and_a_change_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now, drawn = [0.0], []
    monkeypatch.setattr(route, "time", SimpleNamespace(monotonic=lambda: now[0]))
    picture = route._seldom(lambda: drawn.append(now[0]) or f"at {now[0]:g}", 4.0)
    seen = []
    for second in range(10):
        now[0] = float(second)
        seen.append(picture())
    assert drawn == [0.0, 4.0, 8.0]
    assert seen == [*["at 0"] * 4, *["at 4"] * 4, *["at 8"] * 2]
    assert route.EVERY_CHANGE + 0.5 < 2.0, "within two seconds, with what the page takes"


def ask_idle(known: str) -> str | None:
    """None where the stream says that the jobs are others by now; it sends nothing as long as they are not."""

    async def events() -> list[ServerSentEvent]:
        scope = {"type": "http", "path_params": {}, "query_string": f"known={known}".encode(), "headers": []}
        return [event async for event in (await idle(Request(scope))).body_iterator]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(route, "OPEN_SECONDS", 0.0)
        told = asyncio.run(events())[1:]
    assert told in ([], [route.GONE])
    return None if told else "still idle"


@pytest.mark.parametrize(
    ("owner", "page"), [("train", "train"), ("benchmark.storage", "benchmark"), ("elsewhere", "start")]
)
def test_a_job_leads_to_its_page(owner: str, page: str, empty: Home) -> None:
    assert page_of(running(empty, owner=owner)) == page


def test_only_the_last_jobs_are_remembered(empty: Home) -> None:
    job, watches, seen = running(empty), Watches(), []
    for number in range(MOST_WATCHED + 1):
        other = replace(job, folder=job.folder.with_name(f"job-{number}"))
        watches.drawn(lambda _job, watch: seen.append(watch) or "", other)
        watches.drawn(lambda _job, watch: seen.append(watch) or "", other)
        assert seen[-1] is seen[-2]
    assert len(watches._watches) == MOST_WATCHED


@pytest.mark.parametrize("task", PICTURES)
def test_every_picture_begins_with_nothing_measured(task: str, furnished: Home) -> None:
    job = running(furnished, task)
    watch = Watch(job)
    watch._take(Stamped(time.time(), Progress("measuring", 1, 4, "repeats")))
    drawn = picture(job, watch)
    assert "measuring" in drawn
    ElementTree.fromstring(f"<div>{drawn}</div>")
    watch._take(Stamped(time.time(), Sample("monitor", {"ts": 1.0, "cpu_pct": 5.0})))
    ElementTree.fromstring(f"<div>{picture(job, watch)}</div>")


def test_the_page_has_the_first_picture_at_once(furnished: Home) -> None:
    job = race(furnished, seconds=3.0)
    until(lambda: Jobs(furnished).get(job.id).started)
    app = open_page("benchmark")
    assert not app.exception
    told = [element.proto.json for element in app.get("bidi_component") if f'live/{job.id}"' in element.proto.json]
    assert len(told) == 1, "one picture, beside the small one in the sidebar"
    assert "A &lt;race" in told[0]
    assert "updates as little as possible" in texts(app)
    Jobs(furnished).cancel(job.id)


@pytest.mark.browser
def test_in_a_browser_the_picture_moves_and_gives_way_to_the_result(browser, furnished: Home) -> None:  # noqa: F811
    with serving(furnished.root) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/benchmark")
        page.get_by_role("button", name="Benchmark 2 stores").wait_for()
        other = browser.new_page(viewport={"width": 1440, "height": 900})
        other.goto(f"{address}/build")
        other.get_by_text("Stores (3)").wait_for()
        calm(page)
        calm(other)
        job = race(furnished, seconds=1.5, rounds=2)  # from outside: no tab is told but by the server
        other.get_by_test_id("stSidebar").get_by_role("progressbar").wait_for(timeout=30_000)
        figures = page.locator(".fetched [aria-label^='images per second']")
        figures.wait_for(timeout=60_000)
        before = figures.get_attribute("aria-label")
        page.wait_for_function("() => !document.hidden")
        assert until(lambda: figures.get_attribute("aria-label") != before, 20)
        assert page.get_by_test_id("stSidebar").get_by_role("progressbar").count() == 1
        page.get_by_text("Ranking").first.wait_for(timeout=60_000)
        calm(page)
        assert page.get_by_test_id("stMain").locator(".fetched").count() == 0
        assert page.get_by_test_id("stSidebar").get_by_role("progressbar").count() == 0
        assert not Jobs(furnished).get(job.id).active
        other.get_by_test_id("stSidebar").get_by_text("A <race>: done in").wait_for(timeout=30_000)
        finish(Build("shapes", "npy", "raw", home=str(furnished.root)).run())
        other.get_by_text("Stores (4)").wait_for(timeout=30_000)
        other.close()
        page.close()


@pytest.mark.browser
def test_in_a_browser_a_server_that_was_away_is_asked_again(browser, furnished: Home) -> None:  # noqa: F811
    job = race(furnished, seconds=30.0)
    with serving(furnished.root) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/benchmark")
        figures = page.locator(".fetched [aria-label^='images per second']")
        figures.wait_for(timeout=60_000)
        page.route("**/live/**", lambda asked: asked.abort())
        page.wait_for_timeout(1000 * (route.OPEN_SECONDS + 2))
        before = figures.get_attribute("aria-label")
        page.wait_for_timeout(1000)
        assert figures.get_attribute("aria-label") == before
        page.unroute("**/live/**")
        assert until(lambda: figures.get_attribute("aria-label") != before, 20)
        Jobs(furnished).cancel(job.id)
        page.get_by_text("It was cancelled").wait_for(timeout=30_000)
        page.close()

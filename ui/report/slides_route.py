"""GET /slides/DATASET: the results as slides, a page of their own for a projector. The answers of the Report page stand
in the address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.base.errors import FormatMattersError
from core.base.home import Home
from core.report.questions import QUESTIONS, Answers


def slides_address(dataset: str, answers: Answers) -> str:
    """Where the slides on this dataset are, seen from a page of the app."""
    given: dict[str, object] = {question.name: getattr(answers, question.name) for question in QUESTIONS}
    given |= {"images": answers.images}
    if answers.memory_bytes is not None:
        given["memory_gb"] = answers.memory_bytes / 1e9
    return f"slides/{quote(dataset, safe='')}?{urlencode(given)}"


async def slides(request: Request) -> Response:
    """The page; 404 with the reason where there is none."""
    try:
        page, policy = await run_in_threadpool(_made, request.path_params["dataset"], request.query_params)
    except FormatMattersError as error:
        return PlainTextResponse(f"{error}\n", 404)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def _made(dataset: str, given: Mapping[str, str]) -> tuple[str, str]:
    from core.report.presentation.document import policy
    from core.report.presentation.present import present

    return present(Home.find(), dataset, _answers(given)), policy()


def _answers(given: Mapping[str, str]) -> Answers:
    """What the address says, as far as it can be an answer. Raises InputError for an answer that there is not."""
    names = {question.name for question in QUESTIONS}
    images, memory = given.get("images", ""), given.get("memory_gb", "")
    return Answers.of(
        {name: value for name, value in given.items() if name in names},
        int(images) if images.isascii() and images.isdigit() and len(images) < 19 else None,
        float(memory) if memory.replace(".", "", 1).isdecimal() and memory.isascii() and len(memory) < 19 else None,
    )


ROUTES = [Route("/slides/{dataset}", slides)]

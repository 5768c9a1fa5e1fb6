"""The samples beside the one that is shown, for a browser that steps by itself: GET /sample/TOKEN/PLACE.

A token stands for what a page shows: a part of a file, in the order of its filter. It is drawn at random when the page
is, so that whoever has none reaches nothing; it names no path, and opens none that a page has not opened. The answer is
JSON: `place` among what the filter lets through, `position` in the file, and the sample's `html` (`sample_html`), all
three of one and the same sample, so that a browser can never put one's label beside another's picture.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    import numpy as np

    from ui.inspector.inspected import Span

# What reads and draws is imported with the first answer: the server starts without Streamlit's caches.

MOST_SHOWN = 64
"""Pages that are remembered; of one that is not, the browser lets the page itself draw the next sample."""

KEPT_SECONDS = 600


@dataclass(frozen=True)
class ShownSamples:
    """What a page shows: positions in `span`, in this order. `where` ends "Sample 7 of 60 ..."."""

    span: Span
    positions: Sequence[int] | np.ndarray[Any, Any]
    noun: str
    where: str

    def place_text(self, position: int) -> str:
        return f"{self.noun.capitalize()} {position:,} of {len(self.span):,} {self.where}"


_shown: OrderedDict[str, ShownSamples] = OrderedDict()
_lock = threading.Lock()


def token_for(shown: ShownSamples, token: str | None) -> str:
    """The token of what is shown; `token` is one that this page had for the same, and goes on where it is known."""
    with _lock:
        if token is None or token not in _shown:
            token = secrets.token_urlsafe(18)
        _shown[token] = shown
        _shown.move_to_end(token)
        while len(_shown) > MOST_SHOWN:
            _shown.popitem(last=False)
        return token


def sample_at(token: str, place: int) -> dict[str, Any] | None:
    """The answer; None where nothing has this token, or nothing stands in this place."""
    with _lock:
        shown = _shown.get(token)
    if shown is None or not 0 <= place < len(shown.positions):
        return None
    return told(shown, place, int(shown.positions[place]))


def told(shown: ShownSamples, place: int, position: int) -> dict[str, Any]:
    """A sample as the browser takes it."""
    from core.base.errors import FormatMattersError
    from ui.inspector import inspected
    from ui.inspector.sample_html import failure_html, heading, sample_html

    text = shown.place_text(position)
    try:
        sample = inspected.picture(shown.span, position)
    except FormatMattersError as error:
        return {"place": place, "position": position, "said": text, "html": failure_html(str(error), text)}
    drawn = sample_html(sample, shown.noun, position, text)
    return {"place": place, "position": position, "said": f"{text}: {heading(sample.about)}", "html": drawn}


async def sample(request: Request) -> Response:
    """GET /sample/TOKEN/PLACE."""
    answer = await run_in_threadpool(sample_at, request.path_params["token"], request.path_params["place"])
    if answer is None:
        return Response(status_code=404, headers={"Cache-Control": "no-store"})
    return JSONResponse(answer, headers={"Cache-Control": f"private, max-age={KEPT_SECONDS}"})


ROUTES = [Route("/sample/{token}/{place:int}", sample)]

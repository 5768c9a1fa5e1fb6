"""Samples for a browser that steps by itself: by a token only, each answer whole and about one sample."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest
from inspect_fixtures import png
from starlette.applications import Starlette

from core.base.errors import InputError
from core.base.home import Home
from ui.inspector import inspected, sample_route
from ui.inspector.inspected import Span
from ui.inspector.sample_route import ROUTES, ShownSamples, token_for


@pytest.fixture
def shown(empty: Home, tmp_path: Path) -> ShownSamples:
    """Five pictures, of which a filter lets three through."""
    path = tmp_path / "<b>"
    with lmdb.open(str(path)) as env, env.begin(write=True) as transaction:
        for index in range(5):
            transaction.put(f"<i>{index}".encode(), png(np.zeros((6, 8, 3), np.uint8)))
    return ShownSamples(Span.of_file(str(path)), np.array([0, 3, 4]), "entry", "in <b>")


def asked(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of a request, as the server passes it on."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], "root_path": ""}
    asyncio.run(Starlette(routes=ROUTES)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:])


def test_an_answer_is_one_sample_with_its_place(shown: ShownSamples) -> None:
    token = token_for(shown, None)
    _, headers, body = asked(f"/sample/{token}/1")
    assert headers["cache-control"].startswith("private")
    told = json.loads(body)
    assert (told["place"], told["position"]) == (1, 3)
    assert told["said"].startswith("Entry 3 of 5 in <b>")
    assert "Entry 3 of 5 in &lt;b&gt;" in told["html"]
    assert "&lt;i&gt;3" in told["html"]
    assert not re.search("<[bi]>", told["html"])
    assert re.search('<img src="data:image/png;base64,[^"]+" alt="entry 3: ', told["html"])
    assert "6 × 8 × 3" in told["html"]
    assert asked(f"/sample/{token}/3")[0] == 404


def test_nothing_is_reached_without_a_token(shown: ShownSamples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_route, "MOST_SHOWN", 2)
    tokens = [token_for(shown, None) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert min(map(len, tokens)) >= 24  # 144 bits
    assert token_for(shown, tokens[2]) == tokens[2]
    assert token_for(shown, tokens[0]) != tokens[0]  # forgotten: one is never made from what a browser says
    for address in ("x/0", f"{tokens[0]}/0", f"{tokens[2]}/-1", f"{tokens[2]}/0/..%2f..", f"..%2f{tokens[2]}/0"):
        assert asked(f"/sample/{address}")[0] == 404
    assert asked(f"/sample/{tokens[2]}/0", "POST")[0] == 405


def test_what_cannot_be_read_is_a_sentence(shown: ShownSamples, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise InputError("the reader was <i>ended</i>")

    monkeypatch.setattr(inspected, "picture", fails)
    told = json.loads(asked(f"/sample/{token_for(shown, None)}/2")[2])
    assert told["position"] == 4
    assert "&lt;i&gt;ended" in told["html"]

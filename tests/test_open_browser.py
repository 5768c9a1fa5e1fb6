"""`streamlit run app.py` opens the browser, as it does with a script."""

from __future__ import annotations

import asyncio
import webbrowser

import pytest
import streamlit as st

from ui.shell import open_browser


@pytest.mark.parametrize(("headless", "opened"), [(False, ["http://localhost:8501/base"]), (True, [])])
def test_the_app_is_opened_once_it_runs(headless: bool, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    options = {
        "server.headless": headless, "browser.serverAddress": "localhost", "server.port": 8501,
        "server.baseUrlPath": "/base/",
    }  # fmt: skip
    asked: list[str] = []
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    monkeypatch.setattr(webbrowser, "open", asked.append)
    monkeypatch.setattr(open_browser, "AFTER", 0.01)

    async def run() -> None:
        async with open_browser.open_browser(None):
            assert asked == []  # not before it listens
            await asyncio.sleep(0.1)

    asyncio.run(run())
    assert asked == opened

"""The app as Streamlit's AppTest runs it."""

from __future__ import annotations

import json
import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from ui.inspector.sample_route import sample_at
from ui.shared import estimates, import_preview

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("start", "dataset", "build", "benchmark", "train", "inspector", "report")
TIMEOUT = 60

import_preview.AT_ONCE = estimates.AT_ONCE = TIMEOUT
"""Nothing here runs a page again by itself, as a browser does while it waits."""

manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
"""Every `AppTest` asks each installed package whether it brings components, a tenth of a second; none is installed
meanwhile."""


def open_page(page: str) -> AppTest:
    """The app from its router, on the page called `page`."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT).run()
    return app if page == "start" else app.switch_page(f"pages/{page}.py").run()


def texts(app: AppTest) -> str:
    """All sentences on the page."""
    return "\n".join([marked(app), unescape(re.sub("<[^>]*>", "\n", viewed(app)["entry"]["html"]))])


def marked(app: AppTest) -> str:
    """Those that are Markdown."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind))


def charts(app: AppTest) -> set[str]:
    """What the charts on the page show, in words; the panels of one are one."""
    return {str(element.proto.alt).partition(": ")[0] for element in app.get("vega_lite_chart")}


def viewed(app: AppTest) -> dict[str, Any]:
    """What the Inspector's viewer was given; an empty sample where there is none."""
    for element in app.get("bidi_component"):
        if element.proto.component_name == "format_matters.viewer":
            return json.loads(element.proto.json)
    return {"entry": {"html": ""}, "count": 0}


def step(app: AppTest, way: int) -> AppTest | None:
    """What the browser does at an arrow key: it fetches the next sample and tells the page. None where none is."""
    shown = viewed(app)
    told = sample_at(shown["token"], shown["entry"]["place"] + way)
    if told is None:
        return None
    app.session_state["inspector.selected"] = told["position"]
    app.run()
    assert viewed(app)["entry"]["html"] == told["html"]
    return app

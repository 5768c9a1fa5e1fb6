"""The app as Streamlit's AppTest runs it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from ui.shared import import_preview

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("start", "dataset", "build", "benchmark", "train", "inspector", "report")
TIMEOUT = 60

import_preview.AT_ONCE = TIMEOUT
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
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind))


def charts(app: AppTest) -> set[str]:
    """What the charts on the page show, in words; the panels of one are one."""
    return {str(element.proto.alt).partition(": ")[0] for element in app.get("vega_lite_chart")}

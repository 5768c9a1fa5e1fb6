"""The app. `streamlit run app.py` imports this file for the server to run, and runs it as the script of each page.

All that is drawn is in `ui/shell/frame.py`, so that a page that is opened on its own has the same frame.
"""

import sys

import streamlit as st

if __name__ == "__main__":
    from ui.shell.frame import draw_app

    draw_app()
else:
    from starlette.middleware import Middleware

    from core.base.errors import InputError
    from core.base.printable import printable
    from core.base.settings import check_settings
    from core.sharing.serving import open_share
    from ui.inspector.sample_route import ROUTES as SAMPLES
    from ui.report.slides_route import ROUTES as SLIDES
    from ui.shared.live.route import ROUTES
    from ui.shell.asks_nobody import ask_nobody
    from ui.shell.hosts import OnlyOurNames
    from ui.shell.open_browser import open_browser
    from ui.shell.visitors_only import OnlyVisitors

    try:
        check_settings()
    except InputError as error:
        sys.exit(printable(str(error)))

    ask_nobody()
    share = open_share()
    guards = [Middleware(OnlyOurNames), *([] if share is None else [Middleware(OnlyVisitors, share=share)])]
    app = st.App(__file__, routes=[*ROUTES, *SAMPLES, *SLIDES], middleware=guards, lifespan=open_browser)

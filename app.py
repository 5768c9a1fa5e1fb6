"""The router: all else is in `ui/frame.py`, so that a page that is opened on its own has the same frame."""

from ui.frame import draw_app

draw_app()

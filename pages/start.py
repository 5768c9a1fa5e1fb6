"""Start: what this is, a demo in one click, and what is there already."""

from ui.shell.frame import through_router
from ui.start import page

through_router()
page.draw()

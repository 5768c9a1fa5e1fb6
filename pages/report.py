"""Report: what was measured, which store to use, what it would cost at the real size, and what is missing."""

from ui.report import page
from ui.shell.frame import through_router

through_router()
page.draw()

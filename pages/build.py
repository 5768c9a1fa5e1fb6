"""Build: choose formats, encodings and compressions; see what they cost, before and after."""

from ui.build import page
from ui.shell.frame import through_router

through_router()
page.draw()

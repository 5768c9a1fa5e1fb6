"""Dataset: pick or import one, then see it."""

from ui.dataset import page
from ui.shell.frame import through_router

through_router()
page.draw()

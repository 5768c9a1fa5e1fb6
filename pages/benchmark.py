"""Benchmark: compare loaders, compare storage methods, and look at all that was measured."""

from ui.benchmark import page
from ui.shell.frame import through_router

through_router()
page.draw()

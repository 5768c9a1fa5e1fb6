"""Benchmark: compare loaders, compare storage methods, and look at all that was measured."""

from ui.benchmark import page
from ui.shell.frame import draw_page

draw_page(page.draw)

"""Report: what was measured, which store to use, what it would cost at the real size, and what is missing."""

from ui.report import page
from ui.shell.frame import draw_page

draw_page(page.draw)

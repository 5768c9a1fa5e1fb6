"""Start: what this is, a demo in one click, and what is there already."""

from ui.shell.frame import draw_page
from ui.start import page

draw_page(page.draw)

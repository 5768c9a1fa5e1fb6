"""Build: choose formats, encodings and compressions; see what they cost, before and after."""

from ui.build import page
from ui.shell.frame import draw_page

draw_page(page.draw)

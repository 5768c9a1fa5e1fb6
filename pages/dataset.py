"""Dataset: pick or import one, then see it."""

from ui.dataset import page
from ui.shell.frame import draw_page

draw_page(page.draw)

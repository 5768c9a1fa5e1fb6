"""Train: the same training from several stores or in several orders, and how long it waits for data."""

from ui.shell.frame import draw_page
from ui.train import page

draw_page(page.draw)

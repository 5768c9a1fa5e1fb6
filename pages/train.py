"""Train: the same training from several stores or in several orders, and how long it waits for data."""

from ui.shell.frame import through_router
from ui.train import page

through_router()
page.draw()

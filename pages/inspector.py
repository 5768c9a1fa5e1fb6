"""Inspector: look into any built store, and into any LMDB, HDF5 file or folder from elsewhere."""

from ui.inspector import page
from ui.shell.frame import draw_page

draw_page(page.draw)

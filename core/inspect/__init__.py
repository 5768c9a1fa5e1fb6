"""Any container of images, looked at safely: what it is, how it is understood, and the images inside.

`inspect_file` and `scan_file` serve the command line and the app; `open_foreign` gives a file the face of a store,
with a loader. Native libraries meet the file only in a reader process (`process`, `reader`), never in the caller's.
"""

from __future__ import annotations

from .files import inspect_file, open_inspected
from .kinds import identify
from .opened_store import ForeignStore
from .opening import open_foreign
from .scan import scan_file

__all__ = ["ForeignStore", "identify", "inspect_file", "open_foreign", "open_inspected", "scan_file"]

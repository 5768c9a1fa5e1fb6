"""Parts from elsewhere: modules that add to the registries, named in the setting `plugins`.

`FORMAT_MATTERS_PLUGINS="my_format,my_codec"` names importable modules. Each has a function `register()`, which calls
`FORMATS.register(...)` or that of another registry. It is called once in every process (jobs, workers and readers
inherit the setting) before the first registry is looked at.
"""

from __future__ import annotations

import threading
from importlib import import_module

from .errors import InputError
from .settings import SETTINGS, setting

VARIABLE = SETTINGS["plugins"].variable

_lock = threading.RLock()
_loaded: set[str] = set()


def load_plugins() -> None:
    """Register what the setting names and this process has not registered yet.

    Raises InputError for a module that cannot be imported or has no `register`.
    """
    named = setting("plugins").values
    if not named:
        return
    with _lock:  # another thread waits until all of it is registered; this one comes back from within `register`
        for name in named:
            if name not in _loaded:
                _loaded.add(name)
                _register(name)


def _register(name: str) -> None:
    try:
        register = import_module(name).register
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"the plugin {name!r} of {VARIABLE} cannot be used ({error}): it must be an importable module "
            "with a function register()"
        ) from error
    register()

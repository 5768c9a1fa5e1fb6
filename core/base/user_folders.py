"""Where a user's configuration, data and cached files lie on this system, each in a folder of our name."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "format-matters"
SYSTEM: str = sys.platform

_XDG = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
}


def user_folder(kind: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of "config", "data" or "cache", whether or not it is there.

    On Linux by the XDG base directory specification. Elsewhere by the system's own convention (platformdirs), except
    where the XDG folder is there already: earlier versions made it on every system.
    """
    variable, usual = _XDG[kind]
    xdg = Path(environment.get(variable) or Path.home() / usual) / NAME
    if SYSTEM.startswith("linux") or xdg.is_dir():
        return xdg  # without the library, whose import costs more than all else that is read here
    import platformdirs

    places = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }
    return places[kind](NAME, appauthor=False)

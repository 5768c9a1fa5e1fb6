"""The environment variables of a process that runs in an environment of a rival's."""

from __future__ import annotations

import os
from pathlib import Path

from ...base.plugins import VARIABLE
from ...base.settings import CONFIG
from .installers import NOT_OURS

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LITDATA_DISABLE_VERSION_CHECK": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
}
"""A measurement reads this machine's disk and talks to nobody: the switches that the libraries document."""

OURS = (*NOT_OURS, VARIABLE)


def environment_variables(python: Path) -> dict[str, str]:
    """This process's variables as one that runs with `python`, of another environment, gets them.

    Nothing leads to our libraries or the user's own, nor to the settings file, which may name plugins; programs of the
    environment are found first; how many threads a library starts is left as it is.
    """
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    path = os.pathsep.join([str(python.parent), kept.get("PATH", os.defpath)])
    return {**kept, **QUIET, CONFIG: os.devnull, "PATH": path, "PYTHONNOUSERSITE": "1"}

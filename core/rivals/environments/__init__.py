"""The Python environments that rivals run in, one or several rivals each, made on demand (docs/rivals.md)."""

from .environments import Environments, EnvironmentState
from .reasons import InstallFailed
from .specs import environments, rivals_in, spec_of
from .task import RivalInstall, rival_rows
from .use import hold
from .variables import environment_variables

__all__ = [
    "EnvironmentState",
    "Environments",
    "InstallFailed",
    "RivalInstall",
    "environment_variables",
    "environments",
    "hold",
    "rival_rows",
    "rivals_in",
    "spec_of",
]

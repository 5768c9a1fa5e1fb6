"""The environments there are, each told by the folder of a rival that runs in it, and whether one may be installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module

from ...base.errors import InputError
from ...base.package import ROOT
from .. import RIVALS
from ..registration import OWN, EnvironmentSpec, RivalRegistration

PINNED = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,.-]+\])?==[^*,;\s=]+")
FLAGS = ("--no-deps", "--no-build-isolation")
FLAGS_WITH_VALUE = ("--only-binary=", "--no-binary=", "--config-settings=")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def environments() -> Mapping[str, EnvironmentSpec]:
    """Every environment that a rival runs in, by name: the `ENVIRONMENT` of the rivals' packages.

    Raises InputError where two differ under one name.
    """
    found: dict[str, EnvironmentSpec] = {}
    for package in dict.fromkeys(filter(None, map(_package, RIVALS.values()))):
        spec = getattr(import_module(package, ROOT), "ENVIRONMENT", None)
        if isinstance(spec, EnvironmentSpec) and found.setdefault(spec.name, spec) != spec:
            raise InputError(f"two environments are called {spec.name!r}: give one of them another name")
    return found


def _package(registration: RivalRegistration) -> str:
    """Where a rival is registered: the package of its `loader`; "" for a module that lies in none."""
    return registration.where.partition(":")[0].rpartition(".")[0]


def spec_of(name: str) -> EnvironmentSpec | None:
    """The environment of a rival, or the one of that name; None for what runs in this program's own Python.

    Raises InputError for a name that neither has, and for a rival whose environment nobody describes.
    """
    known = environments()
    if name in RIVALS:
        wanted = RIVALS[name].environment
        if wanted == OWN:
            return None
        if wanted not in known:
            raise InputError(f"the rival {name!r} runs in an environment {wanted!r} that nothing describes")
        return known[wanted]
    if name not in known:
        raise InputError(f"unknown rival {name!r}; there are: {', '.join([*RIVALS, *known])}")
    return known[name]


def rivals_in(environment: str) -> list[str]:
    """The rivals that run in an environment, by name."""
    return [name for name, registration in RIVALS.items() if registration.environment == environment]


def check_pins(spec: EnvironmentSpec) -> None:
    """Raises InputError where a step names a distribution without its version, or an option that we do not know."""
    if not NAME.fullmatch(spec.name):
        raise InputError(f"the environment {spec.name!r} needs a name of small letters, digits, '_' and '-'")
    for word in (word for step in spec.steps for word in step):
        if not (PINNED.fullmatch(word) or word in FLAGS or word.startswith(FLAGS_WITH_VALUE)):
            raise InputError(f"the environment {spec.name!r} installs {word!r}: a distribution needs a version (==)")

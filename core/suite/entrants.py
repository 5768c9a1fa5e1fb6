"""Which loaders take part in a workload, and why others do not."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from ..base.errors import InputError
from ..measure.rival_choice import KINDS
from ..rivals import RIVALS
from ..rivals.environments import Environments, EnvironmentState
from ..rivals.registration import OWN, RivalRegistration
from .workloads import ALL, USUAL, SuiteWorkload

OURS = ("fast", "torch", "naive")


def chosen_loaders(names: Sequence[str]) -> list[str]:
    """Ours, and the rivals of these names, "usual" (one of each library) or "all". Raises InputError for a name that
    there is not."""
    for name in names:
        if name not in (USUAL, ALL) and name not in RIVALS:
            raise InputError(f"unknown rival {name!r}; there are: {USUAL}, {ALL}, {', '.join(RIVALS)}")
    wanted = [name for name, told in RIVALS.items() if ALL in names or name in names or (USUAL in names and told.usual)]
    return list(dict.fromkeys([*OURS, *wanted]))


def not_installed(loaders: Sequence[str], there: Environments) -> list[str]:
    """The environments of these loaders that can be had here and are not there yet, each once."""
    others = ((RIVALS[name].environment, name) for name in loaders if RIVALS[name].environment != OWN)
    states = ((environment, state_of(there, name)) for environment, name in others)
    return list(dict.fromkeys(name for name, state in states if not state.installed and state.available))


def state_of(there: Environments, name: str) -> EnvironmentState:
    """Of a loader; one whose registration is at fault cannot be had, and the reason says so."""
    try:
        return there.state(name)
    except InputError as error:
        return EnvironmentState(name, False, False, str(error), 0, "", None)


def why_not(registration: RivalRegistration, workload: SuiteWorkload) -> str:
    """Why a loader cannot take part in a workload; "" where it can."""
    if workload.encoding not in registration.encodings:
        return f"it does not load {KINDS[workload.encoding]}"
    if workload.transform not in registration.transforms:
        return f"it has no transform {workload.transform}"
    if "float32" not in registration.outputs:
        return "it does not give float32"
    return "" if "cpu" in registration.devices else "it makes batches on a GPU, and the suite measures the CPU"


def entrants(
    loaders: Sequence[str],
    workload: SuiteWorkload,
    there: Environments,
    reasons: Mapping[str, str],
    coming: Container[str] = (),
) -> tuple[list[str], list[dict[str, Any]]]:
    """The loaders that take part, and a row for each that does not. `reasons`: environment -> why its installation
    failed; `coming`: environments that will be installed."""
    taking, refused = [], []
    for name in loaders:
        told, state = RIVALS[name], state_of(there, name)
        reason = why_not(told, workload)
        if not reason and not state.installed and told.environment not in coming:
            reason = reasons.get(told.environment) or state.reason or "its environment is not installed"
        if reason:
            refused.append({"loader": name, "reason": reason, "rival": told.environment != OWN})
        else:
            taking.append(name)
    return taking, refused


def told_rivals(loaders: Sequence[str], there: Environments, reasons: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What a suite's file says of its loaders."""
    for name in loaders:
        told, state = RIVALS[name], state_of(there, name)
        reason = "" if state.installed else reasons.get(told.environment) or state.reason
        yield {
            "name": name,
            "title": told.title,
            "container": told.container,
            "version": state.version,
            "licence": told.licence,
            "home_page": told.home_page,
            "environment": told.environment,
            "description": told.description,
            "fair": told.fair,
            "installed": state.installed,
            "reencodes": told.reencodes,
            "reason": reason,
        }

"""What an import would bring, and what can be chosen otherwise: the part that the pages which import have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import streamlit as st

from core.base.options import Option, Value
from core.sources import SOURCES
from ui.shared import state
from ui.shared.forms import option_widgets, remembered_options
from ui.shared.import_preview import draw_preview, preview_of
from ui.shared.labels import plain

REFERRED_BYTES = 4 << 30
"""From here on an import by reference is proposed."""

FREE: Mapping[str, Value] = MappingProxyType({})


class ToImport(NamedTuple):
    """What is to be imported: `told` is the preview, where there was one."""

    source: str
    options: Mapping[str, object]
    told: Mapping[str, Any] | None = None


def look_at(source: str, name: str, page: str, settled: Mapping[str, Value] = FREE) -> ToImport | None:
    """The preview of a path that the source `name` reads, and below it what can be chosen otherwise.

    `settled`: options that are chosen already, elsewhere on the page. None where there is nothing to import.
    """
    declared = SOURCES.options(name)
    settled = {option: value for option, value in settled.items() if option in declared}
    declared = {option: entry for option, entry in declared.items() if option not in settled}
    key = f"{page}.{name}.{plain(source)}"
    options = {**settled, **remembered_options(declared, key)}
    with st.container(border=True):
        told = preview_of(source, options)
        if told is not None:
            draw_preview(told)
    if told is not None or len(options) > len(settled):
        _draw_corrections(declared, told, key)
    return None if told is None else ToImport(source, options, told)


def _draw_corrections(declared: Mapping[str, Option], told: Mapping[str, Any] | None, key: str) -> None:
    """A widget for each option; `told` is the preview that was made with what they said, None where it failed."""
    offered = told["options"] if told is not None else {}
    options: dict[str, Option] = {}
    guessed: dict[str, str | None] = {}
    for name, option in declared.items():
        choices = offered.get(name, {}).get("choices")
        if option.choices is None and choices is not None:
            if not choices and not offered[name]["value"]:
                continue
            option = dataclasses.replace(option, choices=tuple(choices))
            guessed[name] = offered[name]["recognised"]
        elif option.default is None:
            guessed[name] = None
        options[name] = option
    if options:
        with st.expander("Something wrong? Choose otherwise", icon=":material/tune:", expanded=told is None):
            option_widgets(options, key, guessed)


def draw_reference(chosen: ToImport, page: str) -> bool:
    """Whether nothing is to be copied; proposed where that is much."""
    told = chosen.told
    return (
        told is not None
        and told["referable"]
        and st.toggle(
            "Refer to the images where they lie (copy nothing)",
            value=told["bytes"] > REFERRED_BYTES,
            key=f"{page}.reference.{plain(chosen.source)}",
            help="The dataset keeps where each image lies and its checksum. It is complete only as long as the files "
            "stay there unchanged; what has moved or changed is said by name.",
        )
    )


def free_name(name: str) -> str:
    """`name`, or with a number where a dataset is called so."""
    taken = {dataset.name for dataset in state.datasets()}
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free

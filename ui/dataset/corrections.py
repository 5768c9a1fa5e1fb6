"""What a preview guessed, to be corrected: the source's options, with what the place itself offers as choices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.base.options import Option, Value
from ui.shared.forms import option_widgets


def draw_corrections(declared: Mapping[str, Option], told: Mapping[str, Any] | None, key: str) -> dict[str, Value]:
    """A widget for each option; `told` is the preview that was made with what they said, None where it failed."""
    if not declared:
        return {}
    offered = told["options"] if told is not None else {}
    options, guessed = {}, {}
    for name, option in declared.items():
        choices = offered.get(name, {}).get("choices")
        if choices is not None and option.choices is None:
            option = dataclasses.replace(option, choices=tuple(choices))
            guessed[name] = offered[name]["recognised"]
        options[name] = option
    with st.expander("Something wrong? Choose otherwise", icon=":material/tune:", expanded=told is None):
        return option_widgets(options, key, guessed)

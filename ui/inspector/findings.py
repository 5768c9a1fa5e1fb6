"""What is wrong with a file: each finding with what it means and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui.shared.labels import counted, verbatim

SHOWN = 3


def draw_findings(findings: Sequence[dict[str, Any]]) -> None:
    """The first ones as they are, the others folded; `findings` as `Finding.to_json` tells them."""
    if not findings:
        return
    with st.container(border=True):
        st.markdown("\n\n".join(map(finding_text, findings[:SHOWN])))
        if len(findings) > SHOWN:
            with st.expander(counted(len(findings) - SHOWN, "more finding"), icon=":material/troubleshoot:"):
                st.markdown("\n\n".join(map(finding_text, findings[SHOWN:])))


def finding_text(finding: dict[str, Any]) -> str:
    """One finding as Markdown: what, how often, where; its meaning; what to do."""
    name = str(finding["kind"]).replace("-", " ")
    name = f"{name[:1].upper()}{name[1:]}".replace("Hf ", "HF ")
    facts = [f"{finding['count']:,} ×" if finding["count"] > 1 else "", verbatim(finding["where"])]
    said = " ".join(filter(None, facts))
    meaning, remedy = (verbatim(_sentence(finding[part])) for part in ("meaning", "remedy"))
    return f":orange[:material/troubleshoot:] **{verbatim(name)}** :gray[{said}]  \n{meaning} *{remedy}*"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"

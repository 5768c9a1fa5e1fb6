"""docs/fair.md lists the rivals as they are registered."""

from __future__ import annotations

from benchmarks.fair_table import DOCUMENT, renewed, rival_list
from core.rivals import RIVALS


def test_the_rules_list_what_is_set_for_every_rival() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == renewed(text), "run: python -m benchmarks.fair_table"
    for name, rival in RIVALS.items():
        if rival.where.startswith(".rivals."):
            assert f"(`{name}`; " in rival_list()
            assert rival.fair in text

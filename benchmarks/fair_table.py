"""The list of rivals in docs/fair.md, from their registrations: `python -m benchmarks.fair_table` writes it anew."""

from __future__ import annotations

from pathlib import Path

from core.rivals import RIVALS
from core.rivals.registration import RivalRegistration

DOCUMENT = Path(__file__).parents[1] / "docs" / "fair.md"
BEGIN, END = "<!-- rivals -->", "<!-- end of rivals -->"


def described(name: str, rival: RivalRegistration) -> str:
    """A rival as an item of the list."""
    encodes = "; encodes images again itself" if rival.reencodes else ""
    page = f"[{rival.title}]({rival.home_page})" if rival.home_page else rival.title
    facts = f"{rival.licence}; keeps images in: {rival.container}; reads {', '.join(rival.encodings)}{encodes}"
    transforms = "" if "train224" in rival.transforms else "; without train224"
    return f"- **{page}** (`{name}`; {facts}{transforms}). {rival.description.rstrip('.')}. {rival.fair}"


def rival_list() -> str:
    """All that come with this program."""
    own = {name: rival for name, rival in RIVALS.items() if rival.where.startswith(".rivals.")}
    return "\n".join(described(name, rival) for name, rival in own.items())


def renewed(text: str) -> str:
    """The document with the list as it is now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{rival_list()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")

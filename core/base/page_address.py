"""The addresses of the app's pages, for whoever links to one: the app itself, the command line, reports.

Names that pages understand: `dataset`, `store` ("lmdb/raw"), `split`, `file` (a path or an address), `view`, `sample`
(an index) or `key`, `search` and `how` (`prefix`, `contains`), `label`, `run`, `runs` (docs/addresses.md). Each page
checks what an address says; it opens and starts nothing that whoever follows it may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote_plus


def page_address(page: str, /, **fields: str | int | None) -> str:
    """An address below the app's own, without a slash before it: "inspector?store=lmdb%2Fraw&view=structure".

    `page` is the page's name ("start": the first page); fields without a value are left out.
    """
    query = page_query(fields)
    return ("" if page == "start" else page) + (f"?{query}" if query else "")


def page_query(fields: Mapping[str, str | int | None]) -> str:
    """The part behind the question mark. What is no proper text is spelled out, as `base.names.readable` does."""
    named = {name: "" if value is None else str(value) for name, value in fields.items()}
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in named.items() if value)


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "backslashreplace"), safe="")

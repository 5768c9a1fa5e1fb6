"""Columns of bytes in tables that can be sorted: written as everywhere else ("2.00 MB"), sorted by the number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.base.units import size_text

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def with_sizes(table: Any, columns: Iterable[str]) -> Styler:
    """What `st.dataframe` takes: `table` with its `columns` of bytes in our words; where none is known, None.

    Streamlit's own format for bytes writes "2MB". A column that has a `format` in the page's `column_config` shows that
    instead of this. What is sorted, selected and downloaded is the number.
    """
    import pandas as pd

    return pd.DataFrame(table).style.format(size_text, subset=list(columns), na_rep="")

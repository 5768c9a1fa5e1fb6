"""What a storage experiment found: in sentences, as charts, and every time as it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.measure.background_load import background_warning
from core.measure.headlines import group_title
from core.measure.records import RunRecord
from core.measure.storage.ranking import comparisons, rank_methods
from core.measure.storage.rows import LEFT_OUT, shown_rows
from ui.benchmark.storage.charts import EACH, LINEAR, LOG, times_chart, times_table, winners_chart
from ui.benchmark.storage.labels import OPERATIONS, flavoured, left_out_text, operation_title, verdict
from ui.benchmark.storage.size_charts import growth_chart, sizes_chart, sizes_table
from ui.shared.chart_export import download_row
from ui.shared.charts import draw_chart
from ui.shared.labels import code, counted, listed, size_text, verbatim
from ui.shared.size_columns import with_sizes
from ui.shared.stores import SIZES_EXPLAINED, store_name

Row = Mapping[str, Any]


def draw_result(record: RunRecord) -> None:
    """Sentences first, then who wins where, then times, sizes and the raw rows."""
    rows = shown_rows(record)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        synced = st.toggle(
            "Include fsync", key="storage.synced", persist_state="session",
            help="Time a write until the disk confirms it (fsync), not only until the call returns. The tutorial's "
            "LMDB code waits for that in every transaction anyway.",
        )  # fmt: skip
        random = st.toggle(
            "Random order", key="storage.random", persist_state="session",
            help="Reads in random order, as training does, instead of sequentially.",
        )  # fmt: skip
    wanted = [flavoured(operation, synced, random) for operation in OPERATIONS]
    if busy := background_warning(rows):
        st.warning(verbatim(busy), icon=":material/hourglass_top:")
    _draw_comparison(record, rows, wanted)
    if rank_methods(rows, wanted):
        _draw_times(record, rows, synced, random, wanted)
    _draw_sizes(record, rows)
    _draw_left_out(record.of(LEFT_OUT))
    _draw_rows(record, rows)
    st.caption(verbatim(_conditions(record)))


ALL = "All methods"


def _draw_comparison(record: RunRecord, rows: Sequence[Row], wanted: Sequence[str]) -> None:
    """Who is ahead among methods that differ in one factor; which comparison that is can be chosen."""
    by_title = {group_title(group): group for group in comparisons(rows)}
    title = ALL
    if by_title:
        title = st.selectbox(
            "Comparison", [*by_title, ALL], width=440, key=f"storage.comparison.{record.path.name}",
            help="Only methods that differ in one factor are compared, so a difference has one cause.",
        )  # fmt: skip
    members = by_title[title].members if title in by_title else None
    found = rank_methods([row for row in rows if members is None or (row["format"], row["variant"]) in members], wanted)
    if not found:
        return
    if members is None and len({(row["format"], row["variant"]) for row in rows}) > 1:
        st.caption("Several factors differ between these methods: a difference cannot be traced to one of them.")
    st.markdown("\n".join(f"- {sentence}" for sentence in verdict(found)) or "Select at least two methods to compare.")
    _draw_winners(record, found)


def _draw_winners(record: RunRecord, found: Any) -> None:
    st.markdown("##### Fastest method by operation")
    chart = winners_chart(found)
    draw_chart(
        chart,
        "The fastest method by operation and number of images",
        rows=[_ranking_row(ranking) for ranking in found],
        export=f"{record.path.stem}-winners",
    )
    st.caption(
        "Each cell has the colour of the fastest method, and its lead over the next. Grey and =: no significant "
        "difference."
    )


def _ranking_row(ranking: Any) -> dict[str, Any]:
    return {
        "operation": ranking.operation,
        "samples": ranking.samples,
        "fastest": ranking.best.name,
        "median_s": ranking.best.summary.median,
        "no_difference_to": " ".join(place.name for place in ranking.tied),
    }


def _draw_times(record: RunRecord, rows: Sequence[Row], synced: bool, random: bool, wanted: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("##### Time")
        scale = st.segmented_control(
            "Scale", [LOG, LINEAR, EACH], default=LOG, required=True, key="storage.scale", persist_state="session",
            label_visibility="collapsed",
        )  # fmt: skip
    table = times_table(rows, synced, random)
    chart = times_chart(table, rows, str(scale), [operation_title(operation) for operation in wanted])
    draw_chart(
        chart,
        "Seconds by number of images, one panel per operation, one line per method",
        rows=table,
        export=f"{record.path.stem}-times",
    )
    st.caption(
        "Medians; the band is the spread (the middle half of five repeats or more, all of fewer). Dashed: the "
        "tutorial's code. Lower is better."
    )


def _draw_sizes(record: RunRecord, rows: Sequence[Row]) -> None:
    table = sizes_table(rows)
    if table.empty:
        return
    st.markdown("##### Space on disk", help=SIZES_EXPLAINED)
    counts = sorted({int(count) for count in table["images"]}, reverse=True)
    count = st.selectbox(
        "Images", counts, format_func=lambda count: f"{count:,} images", width=200, label_visibility="collapsed",
        key=f"storage.sizes.{record.path.name}",
    )  # fmt: skip
    sizes = sizes_chart(table[table["images"] == count])
    draw_chart(sizes, "The four sizes of each method", rows=table, export=f"{record.path.stem}-sizes")
    if len(counts) > 1:
        scale = st.session_state.get("storage.scale", LOG)
        draw_chart(growth_chart(table, LINEAR if scale == LINEAR else LOG), "Allocated bytes by images")


def _draw_left_out(left_out: Sequence[Row]) -> None:
    if not left_out:
        return
    with st.expander(f"{counted(len(left_out), 'measurement')} left out", icon=":material/timer_off:"):
        st.markdown("\n".join(f"- {verbatim(left_out_text(told))}" for told in left_out))


def _draw_rows(record: RunRecord, rows: Sequence[Row]) -> None:
    with st.expander("All measured times", icon=":material/table_rows:"):
        st.dataframe(
            with_sizes(
                {
                    "Method": [store_name(row["format"], row["variant"]) for row in rows],
                    "Operation": [operation_title(row["operation"]) for row in rows],
                    "Images": [row["samples"] for row in rows],
                    "Repeats": [len(row["seconds"]) for row in rows],
                    "Seconds": [[round(seconds, 7) for seconds in row["seconds"]] for row in rows],
                    "Allocated": [row["bytes"] for row in rows],
                    "Files": [row["files"] for row in rows],
                    "Includes": [row.get("includes", "") for row in rows],
                },
                ["Allocated"],
            ),
            hide_index=True,
            column_config={
                "Images": st.column_config.NumberColumn(format="localized"),
                "Seconds": st.column_config.ListColumn(width="large"),
                "Files": st.column_config.NumberColumn(format="localized"),
            },
        )
        download_row(None, [dict(row) for row in rows], f"{record.path.stem}-rows")
        st.caption(f"Saved in {code(record.path)}.")


def _conditions(record: RunRecord) -> str:
    """How it was measured, and on what."""
    setup, machine = record.setup, record.machine
    images, largest = setup.get("images", 0), max(setup["cutoffs"])
    again = f" Beyond {images:,} different images they repeat." if images < largest else ""
    parts = [
        f"Images of {listed(setup['datasets'])}, {setup.get('split', '')}, sampled at random, held in memory.{again}",
        "Repeats are interleaved. Reads come from the page cache (warm), right after the write was synced. Every image",
        "that was read was compared with its source, outside of the timed part. One thread.",
    ]
    if machine:
        memory = size_text(machine["memory_bytes"]) if machine.get("memory_bytes") else "unknown"
        parts.append(f"On {machine.get('processor')}, {memory} of memory, {machine.get('file_system')}.")
    return " ".join(parts)

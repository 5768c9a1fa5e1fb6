"""One run, or several side by side: what may be compared, the chart, what it says, machines and options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.base.errors import InputError
from core.measure.background_load import background_warning
from core.measure.compare import (
    Comparison,
    RunDifference,
    check_comparable,
    common_measures,
    compare,
    differences,
    told,
)
from core.measure.legacy_summary import size_warnings, sizes_explained
from core.measure.monitor import read_monitor
from core.measure.records import RunRecord
from core.measure.series import Measure
from ui.benchmark.results.charts import MOST_THINGS, chart_rows, comparison_chart, ordered
from ui.benchmark.results.labels import (
    VERDICTS,
    controlled_sentences,
    interval_text,
    letter,
    machine_rows,
    one_run_sentence,
    ratio_text,
    run_title,
    shared_text,
    side_by_side_sentences,
    spread_text,
    thing_text,
    value_text,
)
from ui.shared import address, state
from ui.shared.charts import draw_chart
from ui.shared.labels import code, counted, verbatim
from ui.shared.monitor_chart import USED, monitor_chart

CHART, FIGURES, MACHINES, MONITOR = "Chart", "Figures", "Machine and options", "Monitor"
HOW = (
    "Diamond: median. Dot: one value. Bar: spread, which is the middle half of five values or more, or all of fewer. "
    "A difference is significant where the 95% interval of the ratio of the medians excludes 1 and the medians are "
    "at least 3% apart. The interval is bootstrapped from five repeats on, with fewer it is Welch's on the logarithms; "
    "one in twenty comparisons of equals falls outside of it by chance."
)
MOST_SENTENCES = 6


def draw_runs(runs: Sequence[RunRecord]) -> None:
    """One run by itself, or several side by side where they may be."""
    for number, run in enumerate(runs):
        _draw_title(run, letter(number) if len(runs) > 1 else "")
    if len(runs) > 1 and not _may_compare(runs):
        return
    known = common_measures(runs)
    if not known:
        st.caption("This run has no comparable figures. You can download its rows below.")
        return
    measure = _choose_measure(known)
    comparison = compare(runs, measure)
    _draw_sentences(comparison)
    views = (CHART, FIGURES, MACHINES, MONITOR)
    address.hold("show", "results.view", views, CHART)
    view = st.segmented_control(
        "What to see of these runs", views, required=True,
        key="results.view", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    {CHART: _draw_chart, FIGURES: _draw_figures, MACHINES: _draw_machines, MONITOR: _draw_monitor}[view](comparison)


def _draw_title(run: RunRecord, name: str) -> None:
    """Which run it is, where it comes from, and what is wrong with it."""
    lead = f"{name}: " if name else ""
    st.markdown(f"**{lead}{verbatim(run_title(run))}**")
    if run.foreign:
        origin = verbatim(run.foreign.get("from", "somewhere"))
        st.caption(f":material/move_to_inbox: Imported from {origin}, measured elsewhere.")
    if run.lost:
        st.warning(f"{counted(run.lost, 'line')} of this run could not be read; the rest is shown.",
                   icon=":material/broken_image:")  # fmt: skip
    if busy := background_warning(run.rows):
        st.warning(verbatim(busy), icon=":material/hourglass_top:")
    _draw_doubts(run)


def _draw_doubts(run: RunRecord) -> None:
    """What a notebook's sizes are worth."""
    doubts = size_warnings(state.home(), run)
    if not doubts:
        return
    lines = "\n".join(f"- {verbatim(doubt)}" for doubt in doubts[:MOST_SENTENCES])
    more = f"\n- and {len(doubts) - MOST_SENTENCES} more" if len(doubts) > MOST_SENTENCES else ""
    st.warning(
        "**Unreliable sizes.** The notebook added up what files claim to be long. "
        f"{sizes_explained(run)}\n{lines}{more}",
        icon=":material/straighten:",
    )


def _may_compare(runs: Sequence[RunRecord]) -> bool:
    """Say in what the runs differ, and ask before what does not belong together stands side by side."""
    try:
        found = differences(runs)
        refusing = [difference for difference in found if difference.refuses]
        check_comparable(runs, anyway=True)
    except InputError as error:
        st.error(f"These runs cannot be compared: {verbatim(error)}.", icon=":material/block:")
        return False
    if not refusing:
        _draw_said([difference for difference in found if not difference.refuses])
        return True
    st.warning("These runs should not be compared: they differ in conditions that change the result.",
               icon=":material/compare_arrows:")  # fmt: skip
    _draw_differences(refusing)
    names = ".".join(run.name for run in runs)
    return st.toggle("Compare them anyway", key=f"results.anyway.{names}")


def _draw_said(found: Sequence[RunDifference]) -> None:
    if found:
        st.caption(f"Note: {verbatim('; '.join(map(told, found)))}")


def _draw_differences(found: Sequence[RunDifference]) -> None:
    runs = len(found[0].values)
    columns = {letter(number): [one.values[number] for one in found] for number in range(runs)}
    st.dataframe({"": [one.subject[:1].upper() + one.subject[1:] for one in found], **columns}, hide_index=True)


def _choose_measure(known: Sequence[Measure]) -> Measure:
    if len(known) == 1:
        return known[0]
    by_name = {measure.name: measure for measure in known}
    key = f"results.measure.{known[0].name}.{len(known)}"
    address.hold("metric", key, by_name, known[0].name)
    chosen = st.selectbox(
        "Metric",
        list(by_name),
        format_func=lambda name: by_name[name].title,
        key=key,
        width=440,
    )
    return by_name[chosen]


def _draw_sentences(comparison: Comparison) -> None:
    sentences = [one_run_sentence(comparison), *controlled_sentences(comparison)]
    if len(comparison.runs) > 1:
        sentences = side_by_side_sentences(comparison)
    st.markdown("  \n".join(sentences[:MOST_SENTENCES]))
    if len(sentences) > MOST_SENTENCES:
        with st.expander(f"and {len(sentences) - MOST_SENTENCES} more"):
            st.markdown("  \n".join(sentences[MOST_SENTENCES:]))


# ---------------------------------------------------------------- views


def _draw_chart(comparison: Comparison) -> None:
    chart = comparison_chart(comparison)
    draw_chart(
        chart,
        f"{comparison.measure.title}: medians, spreads and raw values of each run",
        rows=chart_rows(comparison),
        export=f"{comparison.measure.name} {comparison.runs[0].path.stem}",
    )
    if len(comparison.lines) > MOST_THINGS:
        st.caption(f"The first {MOST_THINGS} of {len(comparison.lines)}. **Figures** has all.")
    shared = shared_text(comparison)
    st.caption(f"All with {verbatim(shared)}." if shared else "Every raw value, its median and its spread.", help=HOW)


def _draw_figures(comparison: Comparison) -> None:
    unit = comparison.measure.unit
    rows = []
    for line in ordered(comparison):
        for number, summary in enumerate(line.summaries):
            if summary is None:
                continue
            ratio = comparison.times(line, number) if number else None
            against = {
                "Against A": ratio_text(ratio) if ratio else "",
                "95% interval": interval_text(ratio) if ratio else "",
                "Verdict": VERDICTS[ratio.verdict] if ratio else "",
            }
            rows.append(
                {
                    "Configuration": thing_text(line.parts),
                    "Run": letter(number),
                    "Median": value_text(summary.median, unit),
                    "Spread": spread_text(summary.low, summary.high, unit),
                    "Repeats": summary.repeats,
                    **(against if len(comparison.runs) > 1 else {}),
                }
            )
    st.dataframe(rows, hide_index=True)
    st.caption("When a difference is significant.", help=HOW)


def _draw_machines(comparison: Comparison) -> None:
    """What each run was measured on and with, one column per run."""
    told_by = [{**machine_rows(run.machine), **_options(run)} for run in comparison.runs]
    names = list(dict.fromkeys(name for rows in told_by for name in rows))
    columns = {letter(number): [rows.get(name, "") for name in names] for number, rows in enumerate(told_by)}
    st.dataframe({"": names, **columns}, hide_index=True, height="content")
    for number, run in enumerate(comparison.runs):
        st.caption(f"{letter(number)} is saved in {code(run.path)}.")


def _options(run: RunRecord) -> dict[str, str]:
    """A run's setup as text, what people look for first."""
    passed = {
        "kind",
        "session",
        "configurations",
        "stores",
        "store_bytes",
        "left_out",
        "experiment",
        "columns",
        "ceilings",
    }
    flat: dict[str, str] = {}
    for name, value in run.setup.items():
        if name in ("fingerprints", "versions") and isinstance(value, dict):
            word = "Fingerprint of" if name == "fingerprints" else "Version of"
            flat |= {f"{word} {key}": str(part)[:200] for key, part in value.items()}
        elif name not in passed and value not in (None, [], {}):
            flat[name.replace("_", " ").capitalize()] = (
                ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            )[:200]
    return flat


def _draw_monitor(comparison: Comparison) -> None:
    """What each run used of its machine."""
    for number, run in enumerate(comparison.runs):
        rows = read_monitor(run.beside("monitor.csv"))
        if len(comparison.runs) > 1:
            st.markdown(f"**{letter(number)}**")
        chart = monitor_chart(_moving(rows))
        if chart is None:
            st.caption("No machine data was recorded during this run.")
            continue
        draw_chart(chart, USED, rows=rows, export=f"monitor {run.path.stem}")


def _moving(rows: Sequence[Mapping[str, float | None]]) -> list[dict[str, float | None]]:
    """The columns in which anything ever was: a line of zeros tells nothing."""
    names = [name for name in (rows[0] if rows else ()) if any(row.get(name) for row in rows)]
    return [{name: row.get(name) for name in names} for row in rows]

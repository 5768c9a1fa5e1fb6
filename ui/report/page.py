"""The page Report: the questions, the answer, everything that was measured, and all of it to take away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.base.errors import FormatMattersError
from core.base.files import stamp
from core.base.home import Home
from core.building.estimate_process import EstimateQuestion
from core.datasets.dataset import Dataset
from core.measure.records import record_paths
from core.report.evidence import PossibleGain
from core.report.gains import tried_encodings
from core.report.gather import gather
from core.report.questions import MOST_IMAGES, QUESTIONS, Answers
from core.report.ranking import loading_configurations
from core.stores.store import MANIFEST
from ui.report.downloads import draw_downloads
from ui.report.scale_card import draw_scale_card
from ui.report.view import draw_section
from ui.shared import address, state, titles
from ui.shared.cached import cache_data
from ui.shared.estimates import ask, draw_watched, estimates, gain_question
from ui.shared.labels import verbatim
from ui.shared.navigation import link
from ui.shared.no_data import draw_no_data
from ui.shared.stores import stores

if TYPE_CHECKING:
    from core.report.document import Report
    from core.report.evidence import Evidence, LoadingConfiguration

ANSWER, USING, CODE, REAL_SIZE = "answer", "using", "code", "real-size"
GIGABYTE = 1e9


def draw() -> None:
    """The report on the current dataset, or what is missing for one."""
    st.title("Report")
    dataset = state.current_dataset()
    if dataset is None:
        draw_no_data("A report is based on measurements of a dataset. There is no dataset yet.", "dataset",
                     "Import a dataset")  # fmt: skip
    elif not stores(dataset.name):
        st.markdown(f"A report compares built stores. No store was built from {verbatim(dataset.name)} yet.")
        link("build", "Build stores")
        draw_scale_card(dataset)
    else:
        _draw_report(dataset)


def _draw_report(dataset: Dataset) -> None:
    """Everything; `dataset` has a store at least."""
    evidence = _evidence(str(state.home().root), dataset.name, dataset.fingerprint, _changed(dataset.name))
    asked = [gain_question(dataset, encoding, {}) for encoding in tried_encodings(evidence.stores)]
    ask(asked)
    evidence = replace(evidence, gains=tuple(_gains(asked)))
    answers, configuration = _draw_questions(evidence)
    report = _composed(evidence, answers, configuration)
    sections = {section.name: section for section in report.sections}
    with st.container(border=True):
        draw_section(sections[ANSWER])
        draw_watched(asked, lambda: None, " what other compressions would bring")
    draw_downloads(report)
    draw_section(sections[USING])
    if CODE in sections:
        with st.expander(sections[CODE].title, icon=":material/code:"):
            draw_section(sections[CODE], titled=False)
    draw_section(sections[REAL_SIZE])
    draw_scale_card(dataset)
    _draw_measured(report)


def _gains(asked: Sequence[EstimateQuestion]) -> Iterator[PossibleGain]:
    """As far as it is known what compressions bring."""
    for question in asked:
        with contextlib.suppress(FormatMattersError):  # the stores can be told of without
            for gain in estimates().answer(question) or []:
                yield PossibleGain(question.fields["encoding"], gain["compression"], gain["ratio"])


def _composed(evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None) -> Report:
    from core.report.compose import compose

    return compose(evidence, answers, configuration)


# ---------------------------------------------------------------- questions


def _draw_questions(evidence: Evidence) -> tuple[Answers, LoadingConfiguration | None]:
    with st.container(border=True):
        given = {}
        for question, column in zip(QUESTIONS, st.columns(len(QUESTIONS)), strict=True):
            address.hold(question.name, f"report.{question.name}", question.choices, next(iter(question.choices)))
            given[question.name] = column.radio(
                question.text, list(question.choices), format_func=question.choices.__getitem__,
                key=f"report.{question.name}", persist_state="session",
            )  # fmt: skip
        images, memory, loading = st.columns([1, 1, 2])
        address.hold("images", "report.images", _number_of_images, Answers.images)
        count = images.number_input(
            "Expected number of images", 1, MOST_IMAGES, step=100_000, key="report.images",
            help="Sizes and times are predicted for this many images like the dataset's.", persist_state="session",
        )  # fmt: skip
        with memory:
            memory_bytes = _ask_memory(evidence)
        with loading:
            configuration = _ask_configuration(evidence)
    return Answers(**given, images=int(count), memory_bytes=memory_bytes), configuration


def _ask_memory(evidence: Evidence) -> int | None:
    here = evidence.memory_bytes
    address.hold("memory_gb", "report.memory_gb", _gigabytes, None if here is None else round(here / GIGABYTE, 1))
    gigabytes = st.number_input(
        "Memory (GB)", 0.1, 1e6, None, 1.0, format="%.1f",
        key="report.memory_gb", help="Of the machine that will read the images. Data that fits is read from disk once.",
        persist_state="session",
    )  # fmt: skip
    return None if gigabytes is None else round(gigabytes * GIGABYTE)


def _number_of_images(text: str) -> int | None:
    count = address.number(text)
    return count if count is not None and 1 <= count <= MOST_IMAGES else None


def _gigabytes(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.1 <= value <= 1e6 else None


def _ask_configuration(evidence: Evidence) -> LoadingConfiguration | None:
    """Which loader configuration to go by; nothing to ask where there is but one."""
    found = loading_configurations(evidence)
    if not found:
        st.caption("No loader run yet. The Benchmark page measures how fast these stores load.")
        return None
    return st.selectbox(
        f"Loader configuration ({len(found):,} measured)", found,
        format_func=lambda one: one.text, key=f"report.configuration.{evidence.images.name}.{len(found)}",
        help="Speeds are compared within one configuration only.", persist_state="session",
    )  # fmt: skip


# ---------------------------------------------------------------- what was measured


def _draw_measured(report: Report) -> None:
    """One section at a time: each draws charts."""
    rest = [section for section in report.sections if section.name not in (ANSWER, USING, CODE, REAL_SIZE)]
    by_name = {section.name: section for section in rest}
    st.subheader("What was measured")
    address.hold("section", "report.section", by_name, rest[0].name)
    chosen = st.segmented_control(
        "Section", list(by_name), required=True, key="report.section",
        format_func=lambda name: by_name[name].title, label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    titles.say("section", by_name[chosen].title)
    draw_section(by_name[chosen], titled=False)
    for left_out in report.evidence.left_out[:1]:
        more = len(report.evidence.left_out) - 1
        st.caption(
            f"Left out: {verbatim(left_out.what)}, {verbatim(left_out.reason)}"
            + (f"; and {more} more, under How these numbers came about." if more else ".")
        )


# ---------------------------------------------------------------- kept between runs of the page


@cache_data(max_entries=8, show_spinner="Reading what was measured…")
def _evidence(root: str, dataset: str, fingerprint: str, changed: tuple[tuple[str, int, int], ...]) -> Evidence:
    """`fingerprint` and `changed` are parts of the cache's key only."""
    return gather(Home.find(root), dataset, compare=False)


def _changed(dataset: str) -> tuple[tuple[str, int, int], ...]:
    """Another one as soon as a store or a record comes, goes or grows."""
    home = state.home()
    files = [*home.built.glob(f"{dataset}/*/*/{MANIFEST}"), *record_paths(home)]
    return tuple(sorted((str(path), *stamp(path)) for path in files))

"""The sections of a report, made from evidence: what was measured, drawn and said; what was not, with its command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..base.units import number_text, rounded, seconds_text, size_text, speed_text
from ..formats import example_format
from . import charts, code, sentences
from .document import Block, Chart, Section, Table, Text
from .evidence import Evidence, Loading, LoadingConfiguration, StoreFacts
from .experiments import brief, missing, reading_and_writing, spread_text, trained
from .figures import Figure
from .other_loaders import other_loaders
from .ranking import SHUFFLED, Ranked, front, loads, main_training


def measured(evidence: Evidence, configuration: LoadingConfiguration | None) -> list[Section]:
    """Everything that was measured, or would be here if it were."""
    return [
        Section("trade-off", "Size against speed", list(_trade_off(evidence, configuration))),
        Section("loading", "Loading in batches", list(_loading(evidence, configuration))),
        Section("loaders", "Other loaders", list(other_loaders(evidence, configuration))),
        Section("waiting", "Waiting for data", list(_waiting(evidence))),
        Section("building", "Building and size", list(_building(evidence))),
        Section("reading", "Reading and writing, one and many", list(reading_and_writing(evidence))),
        Section("training", "Training", list(trained(evidence))),
    ]


# ---------------------------------------------------------------- size and speed


def _ranked(evidence: Evidence, configuration: LoadingConfiguration | None) -> list[Ranked]:
    rows = loads(evidence, configuration) if configuration else []
    return [Ranked(evidence.store(row.store), row.speed) for row in rows]


def _trade_off(evidence: Evidence, configuration: LoadingConfiguration | None) -> Iterator[Block]:
    ranked = _ranked(evidence, configuration)
    if not ranked or configuration is None:
        yield from missing("how fast these stores load", code.loader_command(evidence, evidence.stores, configuration))
        return
    points = {one.store.name: (one.store.allocated_bytes, one.rate.median) for one in ranked}
    best = front(points)
    rows = [
        {
            **_about(one.store),
            "mb": one.store.allocated_bytes / 1e6,
            "rate": one.rate.median,
            "low": one.rate.low,
            "high": one.rate.high,
        }
        for one in ranked
    ]
    yield Chart(
        "trade-off",
        charts.trade_off(rows, best),
        sentences.trade_off(ranked, best),
        "Allocated MB against images per second by store, with spreads and the Pareto front",
    )
    dashes = ", the dashes join the Pareto front" if len(best) > 1 else ""
    lines = f"The lines span the spread{dashes}."
    yield Text(f"{sentences.conditions(configuration, loads(evidence, configuration))} {lines}", "small")


def _about(store: StoreFacts) -> dict[str, str]:
    return {"store": store.name, "format": store.format, "encoding": store.encoding}


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- loading


def _loading(evidence: Evidence, configuration: LoadingConfiguration | None) -> Iterator[Block]:
    rows = loads(evidence, configuration) if configuration else []
    if not rows:
        yield from missing("loading", code.loader_command(evidence, evidence.stores, configuration))
        return
    ranked = _ranked(evidence, configuration)
    drawn = [_bar(row.store, row.speed, speed_text(row.speed.median)) for row in rows]
    yield Chart(
        "speed", charts.bars(drawn, "images per second"), sentences.speeds(ranked), "Images per second by store"
    )
    firsts = sorted(rows, key=lambda row: row.first_batch_s.median)
    drawn = [_bar(row.store, row.first_batch_s, brief(row.first_batch_s.median)) for row in firsts]
    yield Chart(
        "first-batch",
        charts.bars(drawn, "seconds from opening the store to the first batch", ",.3~r"),
        sentences.first_batches(rows),
        "Seconds to the first batch by store",
    )
    spent = [
        {"store": row.store, "stage": stage, "microseconds": took} for row in rows for stage, took in row.stages.items()
    ]
    if spent:
        yield Chart(
            "stages", charts.stages(spent), sentences.stages(rows), "Microseconds per image of each stage, by store"
        )
    yield _loading_table(rows)
    if configuration is not None:
        yield Text(sentences.conditions(configuration, rows), "small")


def _bar(store: str, value: Figure, text: str) -> dict[str, object]:
    return {
        "store": store,
        "format": store.partition("/")[0],
        "value": value.median,
        "low": value.low,
        "high": value.high,
        "figure": text,
    }


def _loading_table(rows: Sequence[Loading]) -> Table:
    columns = (
        "Store",
        "Images/s",
        "Spread",
        "Repeats",
        "First batch",
        "Read limit",
        "Limited by",
        "Workers",
        "Run",
    )
    cells = [
        (
            row.store,
            number_text(rounded(row.speed.median)),
            spread_text(row.speed),
            str(row.speed.times),
            brief(row.first_batch_s.median),
            number_text(rounded(row.ceilings["read"])) if row.ceilings.get("read") else "-",
            row.bound or "-",
            f"{row.workers}: {row.workers_reason}" if row.workers_reason else row.workers,
            row.speed.run.name,
        )
        for row in rows
    ]
    return Table("The same in numbers", columns, cells, folded=True)


# ---------------------------------------------------------------- waiting


def _waiting(evidence: Evidence) -> Iterator[Block]:
    training = main_training(evidence)
    results = training.in_order(SHUFFLED) if training else []
    stepped = [row for row in evidence.loading if row.wait_share is not None]
    if not results and not stepped:
        yield from missing("how long training waits for data", code.train_command(evidence, evidence.stores))
        return
    if training and results:
        pairs = [(result.store, result.wait_share) for result in results]
        yield _share_chart("wait-training", pairs, f"Training ({training.model}, {training.device})")
    if stepped:
        configuration = max(
            (row.configuration for row in stepped), key=lambda one: sum(row.configuration == one for row in stepped)
        )
        pairs = [
            (row.store, row.wait_share) for row in stepped if row.configuration == configuration and row.wait_share
        ]
        step = (
            f"A training step of {configuration.step_ms:g} ms"
            if configuration.step_ms
            else "A training step of a small model"
        )
        yield _share_chart("wait-step", pairs, step)
        used = [row for row in stepped if row.configuration == configuration]
        yield Text(sentences.conditions(configuration, used), "small")


def _share_chart(name: str, pairs: Sequence[tuple[str, Figure]], what: str) -> Chart:
    pairs = sorted(pairs, key=lambda pair: pair[1].median)
    drawn = [_bar(store, share, f"{share.median:.1%}") for store, share in pairs]
    title = "share of the time spent waiting for data"
    return Chart(name, charts.bars(drawn, title, ".0%"), sentences.waits(pairs, what), f"{what}: {title}, by store")


# ---------------------------------------------------------------- building


def _building(evidence: Evidence) -> Iterator[Block]:
    stores = sorted(evidence.stores, key=lambda store: store.allocated_bytes)
    if not stores:
        yield from missing("what a store costs", code.build_command(evidence, example_format(), "raw"))
        return
    drawn = [
        {**_about(store), "value": mb, "low": mb, "high": mb, "figure": size_text(store.allocated_bytes)}
        for store in stores
        for mb in [store.allocated_bytes / 1e6]
    ]
    yield Chart("sizes", charts.bars(drawn, "MB on the disk"), sentences.sizes(stores), "Allocated MB by store")
    quick = sorted(stores, key=lambda store: store.build_s)
    yield Chart(
        "builds",
        charts.bars([_build_bar(store) for store in quick], "seconds of writing", ",.3~r"),
        sentences.builds(stores),
        "Seconds of writing by store",
    )
    columns = ("Store", "Payload", "Used", "Allocated", "Apparent", "Files", "Write time", "Start-up", "Per image")
    cells = [
        (
            store.name,
            *(size_text(size) for size in (store.payload_bytes, store.used_bytes, store.allocated_bytes)),
            size_text(store.apparent_bytes),
            number_text(store.files),
            seconds_text(store.build_s),
            "not recorded" if store.fixed_s is None else seconds_text(store.fixed_s) if store.fixed_s else "-",
            size_text(store.each),
        )
        for store in stores
    ]
    yield Table("The four sizes", columns, cells)
    if busy := sentences.busy_text(store.background_load for store in stores):
        yield Text(busy, "small")


def _build_bar(store: StoreFacts) -> dict[str, object]:
    low, high = min(store.paces) * store.samples, max(store.paces) * store.samples
    text = seconds_text(store.build_s)
    return {**_about(store), "value": store.build_s, "low": min(low, store.build_s), "high": high, "figure": text}

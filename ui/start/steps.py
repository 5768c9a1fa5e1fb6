"""The steps of the demo as HTML without scripts: the same while it runs and afterwards."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from core.base.events import Progress
from core.base.page_address import page_address
from core.formats import FORMATS
from core.jobs.demo_plan import AS_FILES, IMAGES, LOADING, RAW, STORES, UNCOMPILED, formats
from core.loading.loaders import LOADERS
from core.sources.shapes import Shapes
from core.stores.store import StoreInfo
from ui.shared.labels import counted, number_text, plain, rounded, seconds_text, size_text, times_text
from ui.shared.live.drawing import Bar, bars, progress_bar, small
from ui.shared.loader_labels import workers_text
from ui.shared.stores import totals
from ui.shared.theme import format_colour, format_title
from ui.start.drawings import drawing
from ui.start.pictures import built_in_cards, cards_html, dataset_cards
from ui.start.story import END, FactorComparison, Story

_EDGE = "border:1px solid color-mix(in srgb,currentColor 22%,transparent)"
_LINK = 'style="color:var(--st-link-color,inherit)"'
FRAME = f"{_EDGE};border-radius:8px;padding:12px 14px;min-width:0"
CELL = "text-align:right;padding:3px 0 3px 12px;white-space:nowrap"
GRID = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,250px),1fr));gap:14px"


def step_html(number: int, story: Story, progress: Progress | None = None) -> str:
    """Step `number` as far as it is; `progress` of what runs now is shown where it belongs."""
    running = progress if number == story.step else None
    return DRAWN[number](story, running)


# ---------------------------------------------------------------- the images


def _images(story: Story, running: Progress | None) -> str:
    dataset = story.dataset
    if dataset is not None:
        images, sizes = sum(dataset.splits.values()), list(dataset.shapes())
        shape = f"{sizes[0][1]} × {sizes[0][0]} pixels" if len(sizes) == 1 else f"of {len(sizes):,} different sizes"
        told = f"{counted(images, 'image')} in {counted(len(dataset.classes), 'class', 'classes')}, {shape}, "
        told += f"in image files of {size_text(dataset.bytes)}."
        return _said(told) + cards_html(dataset_cards(dataset)) + _understood(story)
    if story.built_in:
        cards = built_in_cards()
        drawn = story.imported // max(Shapes().train // len(cards), 1) + 1  # class by class, the training images first
        told = f"Drawing {counted(sum(Shapes().counts.values()), 'image')}, class by class."
        return _said(told) + cards_html(cards, list(cards)[drawn:]) + _bar(running)
    return _said("Reading your images. Nothing of yours is changed.") + _bar(running)


def _understood(story: Story) -> str:
    """What somebody's own images were taken for, and what was left out."""
    dataset = story.dataset
    if dataset is None or story.built_in:
        return ""
    why = f" ({dataset.why})" if dataset.why else ""
    lines = [f"Recognised as: {dataset.recognised}{why}."] if dataset.recognised else []
    skipped, unused = dataset.skipped(), dataset.unused()
    for one, word in ((skipped, "could not be imported"), (unused, "not used")):
        if one:
            first = "; ".join(f"{entry.path}: {entry.reason}" for entry in one[:2])
            lines.append(f"{len(one):,} {word}: {first}{' …' if len(one) > 2 else ''}")
    lines += dataset.notes[:3]
    return "".join(f'<div style="margin-top:6px">{small(plain(line))}</div>' for line in lines)


# ---------------------------------------------------------------- the stores


def structure_of(store: StoreInfo) -> dict[str, str]:
    """What the address of the Inspector says where it shows how a store is built."""
    return {"dataset": store.manifest.dataset, "store": store.name, "view": "structure"}


def _stores(story: Story, running: Progress | None) -> str:
    cards = "".join(_store_card(name, story.stores.get(name), story.step < END) for name in formats())
    told = (
        "The same image files, byte by byte, in different formats: what differs is how a program gets at one of them."
    )
    return _said(told) + f'<div style="{GRID}">{cards}</div>' + _bar(running)


def _store_card(name: str, store: StoreInfo | None, linked: bool) -> str:
    """`linked`: with a link into the Inspector, in a tab of its own, so that the demo stays in sight."""
    entry = FORMATS[name]
    figures = _store_figures(store) if store is not None else small("being built…")
    if store is not None and linked:
        address = escape(page_address("inspector", **structure_of(store)), quote=True)
        figures += (
            f'<p style="margin:8px 0 0"><a href="{address}" {_LINK} target="_blank" rel="noopener">Look inside</a></p>'
        )
    return (
        f'<div style="{FRAME}"><div style="font-weight:600;margin-bottom:8px">{escape(entry.title)}</div>'
        f"{drawing(entry.drawing, format_colour(name))}"
        f'<p style="margin:10px 0;font-size:0.95rem">{escape(entry.layout)}</p>{figures}</div>'
    )


def _store_figures(store: StoreInfo) -> str:
    told = totals(store)
    rows = {
        "Files": number_text(told["files"]),
        "Images' own bytes": size_text(told["payload_bytes"]),
        "On the disk": size_text(told["allocated_bytes"]),
        "Built in": seconds_text(told["seconds"]),
    }
    return _facts(rows)


# ---------------------------------------------------------------- loading


def _loading(story: Story, running: Progress | None) -> str:
    told = "All hold the same image files, and every image is decoded for every batch. Only the format differs."
    return _said(told) + _compared(story.formats, _by_format, running)


def _by_format(row: Mapping[str, Any]) -> str:
    return format_title(str(row["format"]))


def _by_encoding(row: Mapping[str, Any]) -> str:
    return _encoding_title(str(row["store"]).partition("/")[2])


def _encoding_title(variant: str) -> str:
    return "Image files" if variant == AS_FILES else "Raw pixels"


def _compared(comparison: FactorComparison, label: Callable[[Mapping[str, Any]], str], running: Progress | None) -> str:
    """The bars of one comparison, its sentence when it is complete, how it was measured, and what disturbed it."""
    rows = _bars(comparison, label)
    if not rows:
        return (
            _bar(running)
            if running is not None
            else small("Not measured yet: this comes when the steps before it are done.")
        )
    sentence = comparison.sentence()
    said = f'<p style="font-size:1.15rem;font-weight:600;margin:16px 0 6px">{escape(sentence)}</p>' if sentence else ""
    busy = comparison.busy()
    warned = f'<p role="alert" style="{FRAME};margin:12px 0">⚠ {escape(busy)}</p>' if busy else ""
    unit = "Images per second. A bar ends at the median of its rounds, each of which is a dot."
    unit = f'<div style="margin-bottom:10px">{small(unit)}</div>'
    drawn = f'<div style="margin:14px 0">{unit}{bars(rows, "images per second")}</div>'
    return f"{drawn}{said}{warned}{_how(comparison)}"


def _bars(comparison: FactorComparison, label: Callable[[Mapping[str, Any]], str]) -> list[Bar]:
    """In the order in which they were first loaded."""
    seen: dict[str, Mapping[str, Any]] = {}
    speeds: dict[str, list[float]] = {}
    for row in comparison.repeats:
        seen.setdefault(str(row["store"]), row)
        speeds.setdefault(str(row["store"]), []).append(float(row["samples_per_s"]))
    now = comparison.now
    if now is not None:
        seen.setdefault(str(now["store"]), now)
    refused = {str(row["store"]): row for row in comparison.refused}
    drawn = []
    for store, row in {**seen, **refused}.items():
        here = now is not None and str(now["store"]) == store and now.get("samples_per_s")
        note = f"refused: {refused[store]['reason']}" if store in refused else ""
        at = float(now["samples_per_s"]) if here and now is not None else None
        drawn.append(
            Bar(label(row), format_colour(str(row["format"])), () if note else speeds.get(store, ()), at, note)
        )
    return drawn


def _how(comparison: FactorComparison) -> str:
    """Loader, threads, batches: the same for all, and said once."""
    row = next(iter(comparison.repeats), comparison.now) or {}
    loader = str(row.get("loader", ""))
    title = LOADERS[loader].title if loader in LOADERS else loader
    parts = [f"The same loader for all: {title}", f"batches of {row.get('batch_size')}"]
    if row.get("workers"):
        parts.append(workers_text(str(row["workers"])))
    if row.get("transform") not in ("none", None):
        parts.append("each image cropped and resized to 224 × 224")
    rounds = max((row.repeats for row in comparison.ranking), default=0)
    repeats = f" {counted(rounds, 'round')}, the stores by turns." if rounds else ""
    why = " It needs no compiled code, so the first run waits for no compiler." if loader == UNCOMPILED else ""
    warm = " The files were in memory before, so nothing was read from the disk." if row.get("cache") == "warm" else ""
    return small(f"{', '.join(parts)}.{why}{repeats}{warm}")


# ---------------------------------------------------------------- raw pixels


def _raw(story: Story, running: Progress | None) -> str:
    example, raw = story.example, story.raw
    where = format_title(example.manifest.format) if example is not None else ""
    told = f"Both in {where}; only the encoding differs. Raw pixels need no decoding."
    size = raw.manifest.encoding.get("options", {}).get("size") if raw is not None else None
    if size:
        told += f" They need one shape: these were resized to {size} × {size}, so they are smaller images as well."
    facts = ""
    if example is not None and raw is not None:
        facts = f'<div style="{GRID}">{_encoding_card(example)}{_encoding_card(raw)}</div>'
    return _said(told) + facts + _compared(story.encodings, _by_encoding, running)


def _encoding_card(store: StoreInfo) -> str:
    told = totals(store)
    rows = {
        "Bytes per image": number_text(round(told["payload_bytes"] / max(told["samples"], 1))),
        "On the disk": size_text(told["allocated_bytes"]),
    }
    return (
        f'<div style="{FRAME}"><div style="font-weight:600;margin-bottom:6px">'
        f"{_encoding_title(store.manifest.variant)}</div>{_facts(rows)}</div>"
    )


# ---------------------------------------------------------------- what it came to


def _end(story: Story, running: Progress | None) -> str:
    if story.step < END:
        return small("This comes when everything is measured.")
    example, raw = story.example, story.raw
    speeds = {row.store: row for row in story.formats.ranking}
    by_format = [(format_title(name), store, speeds.get(store.name)) for name, store in story.stores.items()]
    speeds = {row.store: row for row in story.encodings.ranking}
    pair = [store for store in (example, raw) if store is not None]
    by_encoding = [(_encoding_title(store.manifest.variant), store, speeds.get(store.name)) for store in pair]
    space = totals(pair[1])["allocated_bytes"] / max(totals(pair[0])["allocated_bytes"], 1) if len(pair) == 2 else 0
    cost = f"Raw pixels take {times_text(space)} the space on the disk." if space else ""
    where = format_title(example.manifest.format) if example is not None else ""
    return (
        f'<div style="{GRID.replace("250px", "380px")}">'
        f"{_panel('Formats, all with the same image files', by_format, story.formats)}"
        f"{_panel(f'Encodings, both in {where}', by_encoding, story.encodings, cost)}</div>"
    )


def _panel(title: str, rows: Sequence[tuple[str, StoreInfo, Any]], measured: FactorComparison, cost: str = "") -> str:
    """A table of stores that differ in one factor, what was measured of them in a sentence, and what it costs."""
    head = "".join(
        f'<th scope="col" style="text-align:{"left" if not number else "right"};font-weight:400;opacity:0.75;'
        f'padding:2px 0 6px 12px">{name}</th>'
        for number, name in enumerate(("", "files", "on the disk", "built in", "images/s"))
    )
    body = "".join(_row(name, store, speed) for name, store, speed in rows)
    told = "".join(
        f'<p style="margin:8px 0;font-weight:600">{escape(one)}</p>' for one in (measured.sentence(), cost) if one
    )
    busy = measured.busy()
    warned = f'<p role="alert" style="margin:8px 0">⚠ {escape(busy)}</p>' if busy else ""
    return (
        f'<div style="{FRAME}"><div style="font-weight:600;margin-bottom:8px">{escape(title)}</div>'
        '<table style="border-collapse:collapse;width:100%;font-size:0.95rem;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{told}{warned}</div>"
    )


def _row(name: str, store: StoreInfo, speed: Any) -> str:
    told = totals(store)
    median = number_text(rounded(statistics.median(speed.values))) if speed is not None else ""
    cells = (number_text(told["files"]), size_text(told["allocated_bytes"]), seconds_text(told["seconds"]), median)
    return (
        f'<tr><th scope="row" style="text-align:left;font-weight:600;padding:3px 0">{escape(name)}</th>'
        + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells)
        + "</tr>"
    )


DRAWN: Mapping[int, Callable[[Story, Progress | None], str]] = {
    IMAGES: _images, STORES: _stores, LOADING: _loading, RAW: _raw, END: _end
}  # fmt: skip


# ---------------------------------------------------------------- what they have in common


def _said(text: str) -> str:
    return f'<p style="font-size:1.05rem;margin:0 0 14px">{escape(text)}</p>'


def _bar(running: Progress | None) -> str:
    if running is None or not running.total:
        return ""
    return progress_bar(min(running.done / running.total, 1.0)) + small(running.stage)


def _facts(rows: Mapping[str, str]) -> str:
    cells = "".join(
        f'<dt style="opacity:0.75">{escape(name)}</dt><dd style="margin:0;text-align:right">{escape(value)}</dd>'
        for name, value in rows.items()
    )
    style = "display:grid;grid-template-columns:1fr max-content;gap:2px 12px;margin:0;font-size:0.9rem"
    return f'<dl style="{style};font-variant-numeric:tabular-nums">{cells}</dl>'

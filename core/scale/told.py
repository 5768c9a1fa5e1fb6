"""A plan in words and figures with units, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.units import number_text, seconds_text, size_text, speed_text

Told = Mapping[str, Any]


def count_text(count: int) -> str:
    """ "1 million", "2.5 billion", "10,000"."""
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if count >= size:
            return f"{count / size:.4g} {name}"
    return number_text(count)


def scale_row(scale: Told) -> dict[str, str]:
    """One number of images: sizes, times, what is fetched."""
    build, epoch = scale["build"], scale["epoch"]
    return {
        "Images": count_text(scale["images"]),
        "Stored": size_text(scale["bytes"]["stored"]),
        "Files": number_text(scale["bytes"]["files"]),
        "Build": long_text(build["seconds"]),
        "Node hours": figure_text(build["node_hours"]),
        "First epoch": long_text(epoch["first"]["seconds"]),
        "Epoch": long_text(epoch["seconds"]),
        "Loads": speed_text(epoch["images_per_s"]),
        "Fetched": size_text(epoch["bytes"]),
        "Requests": number_text(epoch["requests"]),
    }


def cost_row(scale: Told) -> dict[str, str]:
    """What that costs, and how the cost of building was computed."""
    cost = scale["cost"]
    names = {"build": "Build", "storage_month": "Storage a month", "epoch": "Epoch", "training": "All epochs"}
    amounts = {title: f"{cost[name]['amount']:,.2f}" for name, title in names.items()}
    return {"Images": count_text(scale["images"]), **amounts, "Building is": cost["build"]["how"]}


def binding_texts(scale: Told) -> list[str]:
    """What sets the pace of building and of an epoch, and what comes next, a sentence each."""
    count = count_text(scale["images"])
    return [f"{work} {count}: {scale['binds'][name]}." for name, work in (("build", "Building"), ("epoch", "Loading"))]


def assumption_row(row: Told) -> dict[str, str]:
    return {
        "Assumption": row["name"],
        "Value": f"{figure_text(row['value'])} {row['unit']}",
        "From": row["from"],
        "Meaning": row["about"],
    }


def long_text(seconds: float) -> str:
    """As `seconds_text`, and days from three on."""
    return seconds_text(seconds) if seconds < 3 * 86400 else f"{number_text(round(seconds / 86400, 1))} days"


def figure_text(value: float) -> str:
    """A number of any size with three digits or more."""
    return number_text(value) if value >= 0.01 or value == 0 else f"{value:.3g}"

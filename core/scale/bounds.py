"""Which of several resources that work at the same time sets the pace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.units import seconds_text

CPU, DISK, NETWORK, REQUESTS, DRIVER, GPU = "CPU", "disk", "network", "requests", "driver", "GPU"


def binding(seconds: Mapping[str, float]) -> dict[str, Any]:
    """The resource that is busy for longest, the one after it, and the share of the time that this one is busy.

    Returns `first`, `second` ("" where there is but one), `share` (0 to 1) and `text`, all of it in a sentence.
    """
    order = sorted(seconds, key=lambda name: seconds[name], reverse=True)
    first, second = order[0], order[1] if len(order) > 1 else ""
    share = seconds[second] / seconds[first] if second and seconds[first] > 0 else 0.0
    text = f"bound by {first} ({seconds_text(seconds[first])})"
    if second:
        text += f"; next is {second} ({seconds_text(seconds[second])}, {share:.0%} of it)"
    return {"first": first, "second": second, "share": share, "text": text}

"""What a plan costs, each amount with how it was computed. Prices are the assumptions'; none is a vendor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.units import number_text, size_text
from .assumptions import Surroundings


def costs(
    build: Mapping[str, Any], epoch: Mapping[str, Any], stored_bytes: float, nodes: int, around: Surroundings
) -> dict[str, dict[str, Any]]:
    """`build`, `storage_month`, `epoch` (one after the first) and `training` (all epochs): `{amount, how}` each."""
    assumed = around.assumed
    training = {name: epoch[f"training_{name}"] for name in ("seconds", "bytes", "requests")}
    read = build["read_bytes"]
    return {
        "build": _total(
            (build["node_hours"], "node hours", assumed.node_hour),
            (build["requests"]["get"] / 1000, "thousand reads", assumed.get_1000),
            (build["requests"]["put"] / 1000, "thousand writes", assumed.put_1000),
            (read / 1e9, "GB read", assumed.egress_gb),
        ),
        "storage_month": _amount(
            stored_bytes / 1e9 * assumed.gb_month, f"{size_text(stored_bytes)} at {assumed.gb_month:g} a GB and month"
        ),
        "epoch": _loading(epoch, nodes, around),
        "training": _loading(training, nodes, around),
    }


def _loading(epoch: Mapping[str, Any], nodes: int, around: Surroundings) -> dict[str, Any]:
    assumed = around.assumed
    return _total(
        (epoch["seconds"] * nodes / 3600, "node hours", assumed.node_hour),
        (epoch["requests"] / 1000, "thousand reads", assumed.get_1000),
        (epoch["bytes"] / 1e9, "GB read", assumed.egress_gb),
    )


def _total(*parts: tuple[float, str, float]) -> dict[str, Any]:
    """The sum of (number, of what, price of one); what costs nothing is left out of how."""
    said = [f"{_number(number)} {what} at {price:g}" for number, what, price in parts if number and price]
    return _amount(sum(number * price for number, _, price in parts), " + ".join(said) or "no price is set")


def _amount(amount: float, how: str) -> dict[str, Any]:
    return {"amount": amount, "how": how}


def _number(value: float) -> str:
    return number_text(value) if value >= 0.01 else f"{value:.2g}"

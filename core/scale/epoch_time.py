"""How long an epoch takes, what it fetches, and which resource sets its pace (docs/plan.md has the formulas)."""

from __future__ import annotations

import math
from typing import Any

from .assumptions import Surroundings
from .bounds import CPU, DISK, GPU, NETWORK, REQUESTS, binding
from .build_time import GBIT, MB, request_time
from .rates import ImageFacts, LoadRates, ScaleRequest

OPENING = 2
"""Requests that opening a shard takes: what it is, and where its samples lie."""


def epoch_time(request: ScaleRequest, image: ImageFacts, rates: LoadRates, around: Surroundings) -> dict[str, Any]:
    """`seconds`, `images_per_s`, `requests`, `bytes` and `binds` of an epoch after the first; `first`: the same of the
    first, which finds nothing in a cache and opens the store; `epochs` and `training_seconds`, of all of them;
    `cached_share`, of the store that the nodes' caches hold; `resources`, seconds that each is busy."""
    cached = _cached(request, image, around)
    first = _epoch(request, image, rates, around, 0.0, rates.image_s(_bytes(request, image)) + rates.first_s)
    later = _epoch(request, image, rates, around, cached, rates.image_s(_bytes(request, image)))
    first["seconds"] += rates.start_s + request.images * rates.open_s
    later["seconds"] += rates.epoch_s
    for one in (first, later):
        one["seconds"] += request.images * rates.order_s
        one["images_per_s"] = request.images / one["seconds"] if one["seconds"] else 0.0
    return {
        **later,
        "first": first,
        "cached_share": cached,
        "epochs": request.epochs,
        "training_seconds": first["seconds"] + (request.epochs - 1) * later["seconds"],
        "training_bytes": first["bytes"] + (request.epochs - 1) * later["bytes"],
        "training_requests": first["requests"] + (request.epochs - 1) * later["requests"],
    }


def _bytes(request: ScaleRequest, image: ImageFacts) -> float:
    return request.images * image.read


def _cached(request: ScaleRequest, image: ImageFacts, around: Surroundings) -> float:
    """The share of an epoch's reads that a node's cache answers. Each node reads its share of the whole store, another
    one each epoch: what its cache holds is drawn with the probability of cache to store."""
    store = _bytes(request, image)
    return min(1.0, around.assumed.memory_gb * 1e9 / store) if store else 1.0


def _epoch(
    request: ScaleRequest, image: ImageFacts, rates: LoadRates, around: Surroundings, cached: float, image_s: float
) -> dict[str, Any]:
    assumed, nodes = around.assumed, request.nodes
    fetched = _bytes(request, image) * (1.0 - cached)
    requests = _requests(request, image, around, cached)
    workers = nodes * request.cpus
    resources = {
        CPU: request.images * image_s / workers / assumed.cpu_speed,
        DISK: fetched / (assumed.read_mb_s * MB) / nodes,
        REQUESTS: request_time(requests, nodes, workers, around),
    }
    if around.kind.network:
        resources[NETWORK] = fetched / (assumed.network_gbit_s * GBIT) / nodes
    if request.gpu_images_s:
        resources[GPU] = request.images / request.gpu_images_s
    return {
        "seconds": max(resources.values()),
        "images_per_s": 0.0,
        "requests": requests,
        "bytes": math.ceil(fetched),
        "resources": resources,
        "binds": binding(resources),
    }


def _requests(request: ScaleRequest, image: ImageFacts, around: Surroundings, cached: float) -> int:
    """Shards in ranges and their opening; else one a sample that no cache holds."""
    if not around.kind.streamed or image.file_per_sample:
        return math.ceil(request.images * (1.0 - cached))
    if cached >= 1.0:
        return 0
    ranges = _bytes(request, image) * (1.0 - cached) / (around.assumed.range_mb * MB)
    opened = request.parts * (1.0 - cached)
    return math.ceil(max(ranges, opened) + OPENING * opened)

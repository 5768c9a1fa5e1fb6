"""How long a build takes, and which resource sets its pace (docs/plan.md has the formulas)."""

from __future__ import annotations

import math
from typing import Any

from .assumptions import Surroundings
from .bounds import CPU, DISK, DRIVER, NETWORK, REQUESTS, binding
from .rates import BuildRates, ImageFacts, ScaleRequest

MB, GBIT = 1e6, 1e9 / 8


def build_time(request: ScaleRequest, image: ImageFacts, rates: BuildRates, around: Surroundings) -> dict[str, Any]:
    """`seconds`, `node_hours`, `parts`, `slots` (parts built at a time), `stages` (seconds of the whole build that each
    stage takes where the CPU binds), `resources` (seconds that each is busy), `requests` (`get`, `put`), `read_bytes`,
    `written_bytes` and `binds`.

    Workers build parts side by side, so reading, computing and writing overlap: the resource that is busy for longest
    sets the pace. Starting and committing do not overlap with it.
    """
    requests = _requests(request, image, around)
    moved = _moved(request, image, around)
    resources = _resources(request, image, rates, around, requests, moved)
    start, commit = _start(request, rates, around), resources[DRIVER]
    overlapping = {name: seconds for name, seconds in resources.items() if name != DRIVER}
    total = start + max(overlapping.values()) + commit
    share = request.images / request.slots / around.assumed.cpu_speed / _faster(request, rates)
    return {
        "seconds": total,
        "node_hours": total * request.nodes / 3600,
        "parts": request.parts,
        "slots": request.slots,
        "stages": {
            "start": start,
            **{name: seconds * share for name, seconds in rates.stages.items()},
            "parts": rates.part_s * math.ceil(request.parts / request.slots) / around.assumed.cpu_speed,
            "commit": commit,
        },
        "resources": resources,
        "requests": requests,
        "read_bytes": moved[0],
        "written_bytes": moved[1],
        "binds": binding(resources),
    }


def _resources(
    request: ScaleRequest,
    image: ImageFacts,
    rates: BuildRates,
    around: Surroundings,
    requests: dict[str, int],
    moved: tuple[float, float],
) -> dict[str, float]:
    assumed, nodes = around.assumed, request.nodes_used
    read, written = moved
    found = {
        CPU: _cpu(request, rates) / assumed.cpu_speed,
        DISK: (read / assumed.read_mb_s + written / assumed.write_mb_s) / MB / nodes,
        REQUESTS: request_time(sum(requests.values()), nodes, request.slots, around),
        DRIVER: request.images * (rates.commit_s + rates.cut_s) / assumed.cpu_speed,
    }
    if around.kind.network:
        found[NETWORK] = max(read, written) / (assumed.network_gbit_s * GBIT) / nodes
    return found


def _cpu(request: ScaleRequest, rates: BuildRates) -> float:
    """Parts of equal size, as many at a time as there are slots: the last round may not fill them."""
    each = math.ceil(request.images / request.parts) * rates.image_s / _faster(request, rates) + rates.part_s
    whole, rest = divmod(request.parts, request.slots)
    return (whole + bool(rest)) * each


def _faster(request: ScaleRequest, rates: BuildRates) -> float:
    """Times as fast as with all CPUs of a node busy; measured for one that is busy alone, between them in
    proportion."""
    busy = request.slots / request.nodes_used
    if request.cpus <= 1 or busy >= request.cpus:
        return 1.0 if request.cpus > 1 else rates.alone
    return rates.alone + (1.0 - rates.alone) * (busy - 1) / (request.cpus - 1)


def _start(request: ScaleRequest, rates: BuildRates, around: Surroundings) -> float:
    """Of processes here, as measured; over several nodes what is assumed of an engine besides."""
    if request.slots == 1:
        return rates.alone_start_s
    return rates.start_s + (around.assumed.engine_start_s if request.nodes > 1 else 0.0)


def _moved(request: ScaleRequest, image: ImageFacts, around: Surroundings) -> tuple[float, float]:
    """Bytes read from the storage and written to it. Files that fit a node's own memory are there since their
    import."""
    source = request.images * image.source
    held = around.assumed.memory_gb * 1e9 * request.nodes
    cached = not around.kind.network and source <= held
    return (0.0 if cached else source), request.images * image.stored


def _requests(request: ScaleRequest, image: ImageFacts, around: Surroundings) -> dict[str, int]:
    """One for each file that is read from the storage, and as many as writing takes: in pieces where whole shards are
    sent, else one a file."""
    read, written = _moved(request, image, around)
    get = request.images * image.source_requests if read else 0.0
    put: float = request.parts
    if image.writes_files:
        put = request.images
    elif around.kind.streamed:
        put = max(request.parts, written / (around.assumed.range_mb * MB))
    return {"get": math.ceil(get), "put": math.ceil(put)}


def request_time(requests: float, nodes: int, workers: int, around: Surroundings) -> float:
    """Seconds: as many per second as the storage answers, or as many as `workers` have under way at its latency."""
    assumed = around.assumed
    allowed = assumed.requests_s * (1 if around.kind.network else nodes)
    waiting = requests * assumed.latency_ms / 1e3 / (assumed.in_flight * workers)
    return max(requests / allowed, waiting)

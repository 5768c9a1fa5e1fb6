"""How a limit on the number of images is shared out over splits and classes."""

from __future__ import annotations

from collections.abc import Mapping

Cell = tuple[str, str]
"""(split, class)."""


def share(available: Mapping[Cell, int], limit: int | None) -> dict[Cell, int]:
    """How many images of each (split, class) to take so that there are at most `limit` in all.

    Splits get their share in proportion to what they have, each at least one image while the limit allows; the
    classes of a split get equal numbers as far as they have them. What cannot be shared equally goes to the classes
    that have least from earlier splits, so that a small limit shows as many classes as it can.
    """
    total = sum(available.values())
    if limit is None or limit >= total:
        return dict(available)
    splits: dict[str, int] = {}
    for (split, _), count in available.items():
        splits[split] = splits.get(split, 0) + count
    taken: dict[Cell, int] = {}
    for split, quota in _proportional(splits, limit).items():
        classes = {name: count for (other, name), count in available.items() if other == split}
        before = {name: sum(n for (_, other), n in taken.items() if other == name) for name in classes}
        taken.update({(split, name): count for name, count in _evenly(classes, quota, before).items()})
    return taken


def _proportional(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """`limit` in proportion to `counts` by largest remainders, with at least one each while there is enough."""
    names = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    total = sum(counts.values())
    base = 1 if limit >= len(names) else 0
    quotas = {name: max(base, limit * counts[name] // total) for name in names}
    while sum(quotas.values()) > limit:
        quotas[max(names, key=lambda name: quotas[name])] -= 1
    rest = sorted(names, key=lambda name: -(limit * counts[name] % total))
    for name in rest[: limit - sum(quotas.values())]:
        quotas[name] += 1
    return {name: quotas.get(name, 0) for name in counts}


def _evenly(counts: Mapping[str, int], quota: int, before: Mapping[str, int]) -> dict[str, int]:
    """`quota` over the classes: equal numbers, no class more than it has; `before` decides who gets the rest."""
    taken = dict.fromkeys(counts, 0)
    while quota:
        open_classes = [name for name in counts if taken[name] < counts[name]]
        each = quota // len(open_classes)
        if each == 0:
            for name in sorted(open_classes, key=lambda name: before[name] + taken[name])[:quota]:
                taken[name] += 1
            return taken
        for name in open_classes:
            more = min(each, counts[name] - taken[name])
            taken[name] += more
            quota -= more
    return taken

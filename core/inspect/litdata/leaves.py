"""The names of an item's values, from `data_spec`: PyTorch's tree of how they are nested, as JSON: [1, {"type":
"builtins.dict", "context": "[\\"image\\", ...]", "children_spec": [...]}]; a leaf has the type null."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

DEEPEST = 32


def leaf_names(spec: Any, count: int) -> tuple[str, ...]:
    """ "image", "pair.0", "meta.size", ...; numbers where the tree cannot be read or has another number of leaves."""
    numbered = tuple(str(place) for place in range(count))
    try:
        tree = json.loads(spec) if isinstance(spec, str) else spec
        root = tree[1] if isinstance(tree, list) and len(tree) == 2 else tree
        names = [name or "value" for name in _below(root, "", 0)]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return numbered
    return tuple(names) if len(names) == count and len({*names}) == count else numbered


def _below(node: Any, name: str, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    if node["type"] is None:
        yield name
        return
    children = node["children_spec"]
    context = node["context"]
    keys = json.loads(context) if isinstance(context, str) else context
    if isinstance(keys, list) and len(keys) == len(children) and all(isinstance(key, str) for key in keys):
        named = [f"{name}.{key}" if name else key for key in keys]
    else:
        named = [f"{name}.{place}" if name else str(place) for place in range(len(children))]
    for child, called in zip(children, named, strict=True):
        yield from _below(child, called[:200], depth + 1)

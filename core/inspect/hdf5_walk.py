"""Every object and link of an HDF5 file, found without ever leaving the file or going round in circles.

Only hard links are walked; they are told apart by the address they lead to, so a loop ends where it begins. A soft
link is text until somebody resolves it, which is done here by hand: the library would follow an external link that
lies on its way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import h5py

MAX_OBJECTS = 250_000
"""Links looked at in one file; what lies beyond is not, and that is said."""

WALK_SECONDS = 8.0
"""Seconds that the walk may take; likewise."""

MAX_HOPS = 40
"""Soft links followed for one path, as in an operating system; a loop of them is longer."""

TROUBLE = (RuntimeError, OSError, KeyError, ValueError, TypeError, OverflowError, AttributeError)
"""What h5py raises for a damaged file, depending on where the damage lies."""

_KINDS = {h5py.h5o.TYPE_GROUP: "group", h5py.h5o.TYPE_DATASET: "dataset", h5py.h5o.TYPE_NAMED_DATATYPE: "datatype"}


@dataclass(frozen=True, slots=True)
class Node:
    """One link of the file: where it is and what it leads to.

    name: the path without its first slash, printable; raw: the same as the file has it; kind: "group", "dataset",
    "datatype", "soft link", "external link", "broken link" or "unreadable"; target: where a link leads, or the name
    under which the same object was met before; token: what the object is known by, where it is one of this file.
    """

    name: str
    raw: bytes
    kind: str
    target: str | None = None
    token: tuple[int, int] | None = None


@dataclass
class Tree:
    """What a walk found: all nodes in the order of names, and the datasets among them, each once."""

    nodes: list[Node] = field(default_factory=list)
    by_name: dict[str, Node] = field(default_factory=dict)
    datasets: dict[str, Node] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, node: Node) -> None:
        self.nodes.append(node)
        self.by_name[node.name] = node
        if node.kind == "dataset" and node.target is None:
            self.datasets[node.name] = node

    def resolve(self, path: str) -> Node | None:
        """The object at a path, through soft links and second names; None where there is none in this file."""
        rest, here, hops = [part for part in path.split("/") if part and part != "."], "", 0
        node: Node | None = None
        while rest:
            here = f"{here}/{rest.pop(0)}".lstrip("/")
            node = self.by_name.get(here)
            if node is None or hops > MAX_HOPS:
                return None
            if node.target is not None and node.kind != "external link":
                hops += 1
                rest = [part for part in _absolute(node).split("/") if part and part != "."] + rest
                here = ""
        return node


def walk(file: h5py.File, follow_external: bool = False) -> Tree:
    """All links of a file. What cannot be read is a node of kind "unreadable" and a warning, never an error."""
    tree, root = Tree(), h5py.h5o.get_info(file.id)
    seen: dict[tuple[int, int], str] = {(root.fileno, root.addr): ""}
    deadline = time.monotonic() + WALK_SECONDS
    pending: list[tuple[bytes, int]] = [(b"", root.fileno)]
    while pending:
        prefix, fileno = pending.pop()
        found: list[tuple[bytes, int]] = []
        for node in _children(file, prefix, fileno, tree.warnings, follow_external):
            fresh = node.token is None or node.token not in seen
            tree.add(node if fresh else _again(node, seen[node.token]))  # type: ignore[index]
            if fresh and node.token is not None:
                seen[node.token] = node.name
                if node.kind == "group":
                    found.append((node.raw, node.token[0]))
            if len(tree.nodes) >= MAX_OBJECTS or time.monotonic() > deadline:
                tree.warnings.append(f"only the first {len(tree.nodes):,} objects of this file were looked at")
                return tree
        pending += reversed(found)
    return _told_broken(tree)


def _again(node: Node, first: str) -> Node:
    return Node(node.name, node.raw, node.kind, "/" + first, node.token)


def _children(file: h5py.File, prefix: bytes, fileno: int, warnings: list[str], follow: bool) -> Iterator[Node]:
    """The links of one group, as far as they can be listed."""
    listed: list[tuple[bytes, int]] = []  # numbers at once: h5py hands over one and the same object each time
    try:
        group = h5py.h5o.open(file.id, prefix) if prefix else h5py.h5g.open(file.id, b"/")
        group.links.iterate(lambda name, info: listed.append((name, int(info.type))), info=True)
    except TROUBLE as error:
        warnings.append(f"group /{text(prefix)} cannot be read in full: {one_line(error)}")
        if not listed:
            return
    for name, link in listed:
        raw = prefix + b"/" + name if prefix else name
        try:
            yield _node(group, name, raw, link, fileno, follow)
        except TROUBLE as error:
            warnings.append(f"/{text(raw)} cannot be read: {one_line(error)}")
            yield Node(text(raw), raw, "unreadable")


def _node(group: Any, name: bytes, raw: bytes, link: int, fileno: int, follow: bool) -> Node:
    if link == h5py.h5l.TYPE_SOFT:
        return Node(text(raw), raw, "soft link", text(group.links.get_val(name)))
    if link == h5py.h5l.TYPE_EXTERNAL and not follow:
        other, path = group.links.get_val(name)
        return Node(text(raw), raw, "external link", f"{text(other)}:{text(path)}")
    if link not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_EXTERNAL):
        return Node(text(raw), raw, "unreadable")
    about = h5py.h5o.get_info(group, name)
    owner = about.fileno if link == h5py.h5l.TYPE_EXTERNAL else fileno
    return Node(text(raw), raw, _KINDS.get(about.type, "unreadable"), None, (owner, about.addr))


def _told_broken(tree: Tree) -> Tree:
    """The same tree, with soft links that lead nowhere named so, and links to other files warned of."""
    for place, node in enumerate(tree.nodes):
        if node.kind == "soft link" and _absolute(node).strip("/") and tree.resolve(node.name) is None:
            broken = Node(node.name, node.raw, "broken link", node.target)
            tree.nodes[place] = tree.by_name[node.name] = broken
        elif node.kind == "external link":
            tree.warnings.append(f"/{node.name} leads to another file ({node.target}) and is not followed")
    return tree


def _absolute(node: Node) -> str:
    """Where a link leads, from the root; a soft link's target may be relative to the group it lies in."""
    target = node.target or ""
    return target if target.startswith("/") else f"{node.name.rpartition('/')[0]}/{target}"


def text(raw: bytes) -> str:
    """A name as text: names are UTF-8, but nothing makes them so, and none may break a line of output."""
    decoded = raw.decode("utf-8", "backslashreplace")
    return decoded if decoded.isprintable() else decoded.encode("unicode_escape").decode("ascii")


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__

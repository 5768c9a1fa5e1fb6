"""Every object and link of an HDF5 file, found without ever leaving the file or going round in circles.

Only hard links are walked; they are told apart by the address they lead to, so a loop ends where it begins. A soft
link is text until somebody resolves it, which is done here by hand: the library would follow an external link that
lies on its way.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import h5py

MAX_OBJECTS = 250_000
"""Links looked at in one file; what lies beyond is not, and that is said."""

WALK_SECONDS, VISIT_SECONDS = 6.0, 4.0
"""Seconds that the walk may take, likewise, and HDF5's own visit before it, which only makes it faster."""

MAX_HOPS = 40
"""Soft links followed for one path, as in an operating system; a loop of them is longer."""

MAX_WARNINGS = 50

LONG_NAME = 500
"""Characters of a name that are told in lists and sentences; a name may have 64 KiB, and a path many of them."""

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
class Hdf5Tree:
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


def walk(file: h5py.File, follow_external: bool = False) -> Hdf5Tree:
    """All links of a file. What cannot be read is a node of kind "unreadable" and a warning, never an error."""
    return _Walk(file, follow_external).run()


class _Walk:
    """One walk: what was met so far, and how long it may still take."""

    def __init__(self, file: h5py.File, follow: bool) -> None:
        self._file = file
        self._follow = follow
        self._tree = Hdf5Tree()
        self._kinds = self._all_kinds(time.monotonic() + VISIT_SECONDS)
        self._deadline = time.monotonic() + WALK_SECONDS
        self._cut = False

    def run(self) -> Hdf5Tree:
        root = h5py.h5o.get_info(self._file.id)
        seen: dict[tuple[int, int], str] = {(root.fileno, root.addr): ""}
        pending: list[tuple[bytes, int]] = [(b"", root.fileno)]
        while pending and not self._cut:
            pending += reversed(self._group(*pending.pop(), seen))
        if self._cut:
            self._tree.warnings.append(f"only the first {len(self._tree.nodes):,} objects of this file were looked at")
        return _told_broken(self._tree)

    def _group(self, prefix: bytes, fileno: int, seen: dict[tuple[int, int], str]) -> list[tuple[bytes, int]]:
        """Add the links of one group; returns the groups among them that were not met before."""
        inner: list[tuple[bytes, int]] = []
        for node in self._children(prefix, fileno):
            first = None if node.token is None else seen.setdefault(node.token, node.name)
            if first is not None and first != node.name:
                node = Node(node.name, node.raw, node.kind, "/" + first, node.token)
            elif node.kind == "group" and node.token is not None:
                inner.append((node.raw, node.token[0]))
            self._tree.add(node)
            if self._spent():
                self._cut = True
                break
        return inner

    def _spent(self) -> bool:
        return len(self._tree.nodes) >= MAX_OBJECTS or time.monotonic() > self._deadline

    def _all_kinds(self, deadline: float) -> dict[tuple[int, int], int]:
        """The type of every object, as far as HDF5's own visit comes: it is thrice as fast as asking one by one."""
        kinds: dict[tuple[int, int], int] = {}

        def visit(_: bytes, about: Any) -> bool | None:
            kinds[int(about.fileno), int(about.addr)] = int(about.type)
            return True if len(kinds) >= MAX_OBJECTS or time.monotonic() > deadline else None

        with contextlib.suppress(*TROUBLE):  # what is damaged is found again, and told, link by link
            h5py.h5o.visit(self._file.id, visit, info=True)
        return kinds

    def _children(self, prefix: bytes, fileno: int) -> Iterator[Node]:
        """The links of one group, as far as they can be listed."""
        listed: list[tuple[bytes, int, Any]] = []

        def visit(name: bytes, about: Any) -> bool | None:
            listed.append((name, int(about.type), about.u))  # at once: h5py hands over the same object each time
            return True if len(listed) >= MAX_OBJECTS else None

        try:
            group = h5py.h5o.open(self._file.id, prefix) if prefix else h5py.h5g.open(self._file.id, b"/")
            group.links.iterate(visit, info=True)
        except TROUBLE as error:
            self._warn(f"group /{text(prefix)} cannot be read in full: {one_line(error)}")
        for name, link, address in listed:
            raw = prefix + b"/" + name if prefix else name
            try:
                kind = self._kinds.get((fileno, address)) if link == h5py.h5l.TYPE_HARD else None
                known = None if kind is None else Node(text(raw), raw, _kind(kind), None, (fileno, int(address)))
                yield known if known is not None else self._node(group, name, raw, link, fileno)
            except TROUBLE as error:
                self._warn(f"/{text(raw)} cannot be read: {one_line(error)}")
                yield Node(text(raw), raw, "unreadable")

    def _node(self, group: Any, name: bytes, raw: bytes, link: int, fileno: int) -> Node:
        """A link that leads elsewhere, or to an object that has to be asked what it is."""
        if link == h5py.h5l.TYPE_SOFT:
            return Node(text(raw), raw, "soft link", text(group.links.get_val(name)))
        if link == h5py.h5l.TYPE_EXTERNAL and not self._follow:
            other, path = group.links.get_val(name)
            return Node(text(raw), raw, "external link", f"{text(other)}:{text(path)}")
        if link not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_EXTERNAL):
            return Node(text(raw), raw, "unreadable")
        about = h5py.h5o.get_info(group, name)
        owner = about.fileno if link == h5py.h5l.TYPE_EXTERNAL else fileno
        return Node(text(raw), raw, _kind(about.type), None, (owner, about.addr))

    def _warn(self, sentence: str) -> None:
        """The first few; of a file that is damaged all over, more say no more."""
        if len(self._tree.warnings) < MAX_WARNINGS:
            self._tree.warnings.append(sentence)


def _kind(type_number: int) -> str:
    return _KINDS.get(type_number, "unreadable")


def _told_broken(tree: Hdf5Tree) -> Hdf5Tree:
    """The same tree, with soft links that lead nowhere named so, and links to other files warned of."""
    for place, node in enumerate(tree.nodes):
        if node.kind == "soft link" and _absolute(node).strip("/") and tree.resolve(node.name) is None:
            broken = Node(node.name, node.raw, "broken link", node.target)
            tree.nodes[place] = tree.by_name[node.name] = broken
        elif node.kind == "external link" and len(tree.warnings) < MAX_WARNINGS:
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


def shortened(name: str) -> str:
    """A name of any length in at most about 500 characters: its begin and its end."""
    return name if len(name) <= LONG_NAME else f"{name[: LONG_NAME // 2]}…{name[-LONG_NAME // 2 :]}"


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__

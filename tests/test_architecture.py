"""The floors of the house: imports go down only, and some libraries have one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.formats import FORMATS

ROOT = Path(__file__).parent.parent

FLOORS = [
    ["app"],
    ["pages"],
    ["ui.shell"],
    ["ui"],
    ["core.__main__"],
    ["core.cli"],
    ["core.jobs"],
    ["core.sharing"],
    ["core.scale"],
    ["core.suite"],
    ["core.report"],
    ["core.snippets"],
    ["core.training"],
    ["core.importing"],
    ["core.measure"],
    ["core.rivals"],
    ["core.inspect", "core.loading"],
    ["core.building"],
    ["core.stores"],
    ["core.datasets"],
    ["core.sources"],
    ["core.formats", "core.compressions", "core.encodings"],
    ["core.images", "core.pickles", "core.machine", "core.remote"],
    ["core.processes"],
    ["core.base"],
]
"""From the roof down; what stands in one line may only import from lines below, or from its own package."""

EXCEPTIONS = {
    ("core.loading", "core.building"),  # what a build notes of JPEGs for the loader, the loader's decoder finds
    ("core.loading", "core.stores"),  # `Store.loader` is a door to the loader, opened when it is called
    ("core.loading", "core.inspect"),  # and so is `ForeignStore.loader`
}
"""(imported, importer)."""

HOMES = {
    "streamlit": ("app", "pages", "ui"),
    "altair": ("app", "pages", "ui", "core.report"),
    "vl_convert": ("ui", "core.report"),
    "psutil": (
        "core.measure",
        "core.machine.background",
        "core.machine.process_tree",
        "core.machine.programs",
        "core.rivals.process",
        "core.sharing.reach",
    ),
    "segno": ("core.sharing.qr",),
    "pynvml": ("core.machine",),
    "torch": ("core.loading", "core.training", "core.rivals"),
    "numba": ("core.loading",),
    "lmdb": ("core.formats.lmdb", "core.measure.storage.tutorials", "core.rivals.tutorial"),
    "h5py": ("core.formats.hdf5", "core.inspect", "core.measure.storage.tutorials", "core.rivals.tutorial"),
    "pyarrow": (
        "core.formats.arrow",
        "core.formats.parquet",
        "core.formats.image_table",
        "core.formats.table_fields",
        "core.inspect",
        "core.sources.label_files",
        "core.rivals.lance",
    ),
    "hdf5plugin": ("core.formats.hdf5", "core.inspect"),
    "zstandard": ("core.compressions", "core.formats.webdataset", "core.formats.zarr", "core.inspect"),
    "fsspec": ("core.remote",),
    "s3fs": ("core.remote",),
    "aiohttp": ("core.remote",),
    "botocore": ("core.remote",),
    # Between processes of our own, and what an experiment pickles itself as a tutorial does.
    "pickle": (
        "core.loading.worker",
        "core.loading.processes",
        "core.processes.engines",
        "core.measure.storage.tutorials.pickled_images",
    ),
    "ray": ("core.processes.engines.ray_engine",),
}
"""The only places that may import a library."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in [
        ROOT / "app.py",
        *(ROOT / "pages").rglob("*.py"),
        *(ROOT / "ui").rglob("*.py"),
        *(ROOT / "core").rglob("*.py"),
    ]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name.removesuffix(".__init__"), path


@cache
def imports(path: Path) -> set[str]:
    """Every module a file imports, also inside functions; imports for type checkers only do not count."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(path, node)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def absolute(path: Path, node: ast.ImportFrom) -> str:
    """The module an import statement names. Within `core` imports are relative: it has another name where installed."""
    inside = path.is_relative_to(ROOT / "core")
    assert inside or not node.level, f"{path}: relative import"
    assert not inside or node.level or (node.module or "").partition(".")[0] != "core", f"{path} names `core`"
    if not node.level:
        return node.module or ""
    package = path.relative_to(ROOT).parent.parts
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def place(module: str) -> tuple[int, str] | None:
    """(floor, package) of one of our modules; None for the package `core` itself and for libraries."""
    for floor, packages in enumerate(FLOORS):
        for package in packages:
            if is_in(module, package):
                return floor, package
    return None


def test_there_is_something_to_hold() -> None:
    assert len(list(modules())) > 60


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_go_down_only(name: str, path: Path) -> None:
    if name == "core":
        return
    here = place(name)
    assert here, f"{name} stands on no floor"
    for module in sorted(imports(path)):
        there = place(module)
        if there is None or there[1] == here[1] or (there[0] == here[0] == len(FLOORS) - 1):
            continue
        assert there[0] > here[0] or (there[1], here[1]) in EXCEPTIONS, f"{name} reaches up to {module}"


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_its_place(library: str) -> None:
    for name, path in modules():
        if any(is_in(module, library) for module in imports(path)):
            assert any(is_in(name, home) for home in HOMES[library]), f"{name} imports {library}"


def test_json_is_written_in_one_place() -> None:
    """NaN, halves of surrogate pairs and keys that are no text are dealt with there (`core.base.strict_json`)."""
    signatures = {
        "core.base.strict_json",
        "core.stores.manifest",
        "core.machine.identity",
    }  # text that is hashed and never read
    for name, path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        written = [
            node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("dump", "dumps")
        ]
        found = [node for node in written if isinstance(node.value, ast.Name) and node.value.id == "json"]
        assert not found or name in signatures, f"{name} writes JSON itself in line {found[0].lineno}"


PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
COMMON = {"shared", "shell"}
"""What lies in `ui` beside the pages: what several of them share, and what frames the app."""


def test_every_page_has_its_folder() -> None:
    folders = {path.name for path in (ROOT / "ui").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*PAGES, *COMMON}
    assert {path.name for path in (ROOT / "ui").iterdir() if path.is_file()} == set()
    for page in PAGES:
        assert "def draw() -> None:" in (ROOT / "ui" / page / "page.py").read_text(encoding="utf-8"), page
        here = {module for module in imports(ROOT / "pages" / f"{page}.py") if place(module)}
        assert here == {f"ui.{page}.page", "ui.shell.frame.draw_page"}, f"pages/{page}.py does more than draw"


def test_pages_do_not_know_each_other() -> None:
    """Nor does what they share know any of them."""
    seen = 0
    for name, path in modules():
        mine = name.split(".")[1] if name.startswith("ui.") else None
        if mine is None or mine == "shell":
            continue
        reached = {module for module in imports(path) for page in PAGES if page != mine and is_in(module, f"ui.{page}")}
        assert not reached, f"{name} imports {sorted(reached)}"
        seen += 1
    assert seen > 40


def test_formats_do_not_know_each_other() -> None:
    formats = [f"core.formats.{path.parent.name}" for path in (ROOT / "core" / "formats").glob("*/__init__.py")]
    assert len(formats) == len(FORMATS)
    for name, path in modules():
        mine = next((one for one in formats if is_in(name, one)), None)
        others = [module for module in imports(path) for one in formats if one != mine and is_in(module, one)]
        assert mine is None or not others, f"{name} imports {others}"


ASKING = {"file_uploader", "draw_browser"}
OPENING = (
    "core.jobs.upload",
    "core.inspect.uploads",
    "core.inspect.preferences",
    "core.importing.recognise",
    "core.inspect.allowed",
)
STARTING = re.compile(r"\bjobs\(\)\.(start|cancel|delete)\(|\bJobs\([^)]*\)\.(start|cancel)\(")
"""What opens, writes or starts something: widgets, modules, calls."""


def test_whoever_opens_or_starts_something_asks_who_is_there() -> None:
    """The app can be shown to a class, whose guests may not (docs/share.md): `ui.shared.visitors` knows who looks, and
    jobs are started, cancelled and deleted by `ui.shared.state` alone, which asks it."""
    asked = 0
    for name, path in modules():
        if not name.startswith("ui.") or name in ("ui.shared.state", "ui.shell.warm_up", "ui.shared.browsing"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not STARTING.search(text) or name == "ui.shared.unreadable", f"{name}: use state.launch and state.cancel"
        called = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
        named = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        if ASKING & (called | named) or any(is_in(module, one) for module in imports(path) for one in OPENING):
            assert any(is_in(module, "ui.shared.visitors") for module in imports(path)), (
                f"{name} opens, uploads or writes: ask first, as `if not visitors.host_only('upload'): return`"
            )
            asked += 1
    assert asked >= 5

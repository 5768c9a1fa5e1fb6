"""What benchmarks take from the package is there: they are run by hand, and a renaming would be found late."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from core.base.home import REPOSITORY

pytest.importorskip("numba")

BENCHMARKS = sorted((REPOSITORY / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_what_a_benchmark_imports_is_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "core":
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                if not hasattr(module, alias.name):  # a module of a package
                    importlib.import_module(f"{node.module}.{alias.name}")


def test_there_are_benchmarks() -> None:
    assert len(BENCHMARKS) > 40

"""The inspector page on several files that are one, on records with several images, and on a file that is walked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_under_test import texts, viewed
from shards_kind import three, write
from test_page_inspector_files import opened

from core.base.home import Home
from core.inspect.kept_index import keep
from core.inspect.kinds import identify
from core.inspect.roots import VARIABLE
from core.jobs import Jobs
from ui.inspector.indexing import PARTLY


def html_of(app: Any) -> str:
    return viewed(app)["entry"]["html"] + "\n".join(str(element.proto.body) for element in app.get("html"))


def test_a_pattern_shows_all_images_fields_and_findings(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three(lines)
    monkeypatch.setenv(VARIABLE, str(lines))
    app = opened(lines / "train-*")
    said = texts(app).replace("\\", "")
    assert "6 entries" in said
    assert "3 files as one (train-00000-of-00004 to train-00002-of-00004)" in said
    assert "train-00003-of-00004: missing" in said
    assert "**Duplicate keys**" in said
    assert "Compare two of them" in said
    shown = html_of(app)
    assert "<figcaption" in shown
    assert all(f">{name}</figcaption>" in shown for name in ("grey", "twice"))
    assert "png, 6 × 6 × 3" in shown  # among its fields
    app.segmented_control(key="inspector.view").set_value("structure").run()
    assert not app.exception
    assert "What one sample costs to read" in texts(app)
    assert "**3 files**" in texts(app)


def test_a_folder_of_shards_is_opened(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three(lines)
    monkeypatch.setenv(VARIABLE, str(lines))
    assert "6 entries" in texts(opened(lines))


def test_a_pattern_does_not_lead_out(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three(lines)
    allowed = lines.parent / "allowed"
    allowed.mkdir()
    (allowed / "out").symlink_to(lines)
    monkeypatch.setenv(VARIABLE, str(allowed))
    for pattern in ("../lines/train-*", "out/train-*", "{..,x}/lines/train-*"):
        app = opened(f"{allowed}/{pattern}")
        assert "entries" not in texts(app)


def test_a_walk_is_a_job_and_what_was_found_can_be_shown(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(lines / "slow", [(1, 1)] * 90, slow=True)
    monkeypatch.setenv(VARIABLE, str(lines))
    started: list[tuple[str, Any]] = []
    monkeypatch.setattr(Jobs, "start", lambda self, task, fields, **_: started.append((task, fields)))
    app = opened(path)
    home = Home(lines.parent / "home")
    assert started[0] == ("index", {"path": str(path), "home": str(home.root)})
    assert "has no table of its records" in texts(app)
    app.toggle(key=PARTLY).set_value(True).run()
    assert not app.exception
    assert "1 entry" in texts(app)
    assert "**Index incomplete**" in texts(app)
    import numpy as np

    starts = [11 + 4 * number for number in range(90)]
    keep(home, identify(path), {"starts": np.array(starts), "at": np.array([371])}, True)
    started.clear()
    from ui.inspector import inspected

    inspected.forget(str(path), None)
    assert "90 entries" in texts(opened(path))
    assert not started

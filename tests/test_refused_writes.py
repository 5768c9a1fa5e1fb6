"""A disk that takes nothing more: reading never writes, pages always draw, and every verb says it in a sentence.

Permissions do not stop root, and not everybody may mount a small disk: every write below the home is refused here by
an audit hook of Python's, as the kernel would refuse it.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from app_under_test import PAGES, open_page, texts

from core.__main__ import main
from core.base.home import Home
from core.jobs import Jobs, State
from core.stores.store import list_stores

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MAKES = ("os.mkdir", "os.symlink", "os.link", "os.truncate", "os.mkfifo")
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.chmod", "os.utime", "shutil.rmtree")

_refusing: dict[str, object] = {}
"""The root below which writes are refused, the error, and what was asked for; empty: nothing is refused."""


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _refusing:
        return
    flags = arguments[2] if event == "open" and len(arguments) > 2 else 0
    writes = (event == "open" and isinstance(flags, int) and flags & WRITES) or event in MAKES
    if event in CHANGES and _refusing["error"] == errno.EROFS:  # a full disk lets things be moved and removed
        writes = True
    if not writes or not isinstance(arguments[0], str | bytes | os.PathLike):
        return
    path = str(Path(os.fsdecode(arguments[0])).absolute())
    if path.startswith(str(_refusing["root"])):
        _refusing["asked"].append(path)  # type: ignore[attr-defined]
        raise OSError(_refusing["error"], os.strerror(int(str(_refusing["error"]))), path)


sys.addaudithook(_hook)


@contextmanager
def refused(root: Path, error: int) -> Iterator[list[str]]:
    """Every write below `root` fails with this error; gives the paths of those that were tried."""
    asked: list[str] = []
    _refusing.update(root=root, error=error, asked=asked)
    try:
        yield asked
    finally:
        _refusing.clear()


def dead_job(home: Home) -> Path:
    """A job whose process was killed before it could say how it ended."""
    folder = home.jobs / "20260101-000000-000000-build-abcd"
    folder.mkdir(parents=True)
    spec = {"task": "build", "title": "Build x", "owner": "build", "heavy": True, "created": 1.0, "fields": {}}
    (folder / "spec.json").write_text(json.dumps(spec))
    (folder / "started.json").write_text(json.dumps({"started": 1.0}))
    (folder / "alive").touch()
    return folder


@pytest.mark.parametrize(("error", "pages"), [(errno.ENOSPC, ("build",)), (errno.EROFS, PAGES)])
def test_every_page_draws_and_writes_nothing(furnished: Home, error: int, pages: tuple[str, ...]) -> None:
    dead = dead_job(furnished)
    with refused(furnished.root, error) as asked:
        for page in pages:
            app = open_page(page)
            assert not app.exception, f"{page}: {app.exception}"
            assert not asked, f"{page} writes {asked}"
        app = open_page("build")
        assert "Its process is gone" in texts(app)
    assert not (dead / "end.json").exists()


def test_a_file_is_looked_at_although_it_cannot_be_remembered(furnished: Home) -> None:
    store = furnished.built / "shapes" / "lmdb" / "raw"
    app = open_page("inspector")
    app.session_state["inspector.source"], app.session_state["inspector.path"] = "file", str(store / "train.lmdb")
    with refused(furnished.root, errno.ENOSPC) as asked:
        app.run()
        assert not app.exception
        assert "60 entries" in texts(app)
    assert asked
    assert all("inspector.json" in path or path == str(furnished.root / "data") for path in asked), asked


def test_on_a_full_disk_things_can_be_deleted_and_on_a_read_only_one_it_is_said(furnished: Home) -> None:
    store = list_stores(furnished)[0]
    app = open_page("build")
    with refused(furnished.root, errno.EROFS):
        app.button(key="build.delete").click().run()
        app.button(key="build.delete_confirmed").click().run()
        assert not app.exception
        assert "Read-only file system" in texts(app)
    assert store.path.exists()
    with refused(furnished.root, errno.ENOSPC):
        app.button(key="build.delete").click().run()
        app.button(key="build.delete_confirmed").click().run()
        assert not app.exception
    assert not store.path.exists()


def test_a_dead_job_gets_its_end_when_the_next_one_starts(furnished: Home) -> None:
    dead = dead_job(furnished)
    assert Jobs(furnished).get(dead.name).state is State.GONE
    assert not (dead / "end.json").exists()
    Jobs(furnished).prune()
    assert json.loads((dead / "end.json").read_text())["state"] == "gone"
    assert Jobs(furnished).get(dead.name).state is State.GONE


VERBS = {
    "loader": ["experiment", "loader", "--stores", "{store}", "--loaders", "torch", "--workers", "0", "--rounds", "1"],
    "storage": ["experiment", "storage", "--dataset", "shapes", "--cutoffs", "1", "--formats", "lmdb"],
    "import": ["import", "shapes", "--name", "other", "--limit", "2"],
    "build": ["build", "shapes", "--format", "lmdb", "--encoding", "png", "--workers", "0"],
    "report": ["report", "--dataset", "shapes", "--to", "{home}/report.json"],
    "inspect": ["inspect", "{store}", "--image", "{home}/image.png"],
    "export": ["runs", "export", "loader", "--to", "{home}/run.zip"],
}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_it_in_one_sentence(
    furnished: Home, verb: str, error: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(furnished.root.rglob("*"))
    store = furnished.built / "shapes" / "lmdb" / "raw"
    arguments = [part.format(store=store, home=furnished.root) for part in VERBS[verb]]
    handlers = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        with refused(furnished.root, error) as asked:
            assert main([*arguments, "--home", str(furnished.root)]) == 1
            assert asked
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
    said = capfd.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert ("the disk is full" if error == errno.ENOSPC else "Read-only file system") in said
    assert sorted(furnished.root.rglob("*")) == before


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
def test_a_job_that_cannot_be_kept_is_not_begun(furnished: Home, error: int) -> None:
    app = open_page("build")
    with refused(furnished.root, error):
        app.button(key="build.verify").click().run()
        assert not app.exception
        assert "the job could not be started" in texts(app)
    assert Jobs(furnished).all() == []

"""Which paths may be opened, what is listed, how uploads are kept, and what is remembered of files."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from inspect_fixtures import write_dicts

from core.base.errors import InputError, WorkError
from core.base.home import Home
from core.inspect import allowed, preferences, uploads
from core.inspect.kinds import identify
from core.inspect.preferences import Remembered
from core.inspect.roots import VARIABLE, OutsideError, Roots


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "a.h5").write_bytes(b"a")
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.h5").write_bytes(b"secret")
    return folder


@pytest.fixture
def roots(inside: Path) -> Roots:
    return Roots((inside.resolve(),))


def test_what_lies_inside_is_admitted(roots: Roots, inside: Path) -> None:
    assert roots.admit(inside / "a.h5") == inside.resolve() / "a.h5"
    assert roots.admit(f"{inside}/x/../a.h5") == inside.resolve() / "a.h5"


@pytest.mark.parametrize("way", ["{outside}/secret.h5", "{inside}/../outside/secret.h5", "/etc/passwd", "{inside}2"])
def test_what_lies_outside_is_refused_with_the_remedy(roots: Roots, inside: Path, outside: Path, way: str) -> None:
    with pytest.raises(InputError, match=rf"outside the folders .*{VARIABLE}="):
        roots.admit(way.format(inside=inside, outside=outside))


def test_links_are_followed_before_it_is_judged(roots: Roots, inside: Path, outside: Path) -> None:
    (inside / "link.h5").symlink_to(outside / "secret.h5")
    (inside / "folder").symlink_to(outside)
    (inside / "fine.h5").symlink_to(inside / "a.h5")
    for name in ("link.h5", "folder/secret.h5"):
        with pytest.raises(InputError, match="outside"):
            roots.admit(inside / name)
    assert roots.admit(inside / "fine.h5") == inside.resolve() / "a.h5"


def test_an_lmdb_folder_whose_file_lies_elsewhere_is_refused(roots: Roots, inside: Path, outside: Path) -> None:
    (inside / "db").mkdir()
    (inside / "db" / "data.mdb").symlink_to(outside / "secret.h5")
    with pytest.raises(InputError, match="outside"):
        roots.admit(inside / "db")


@pytest.mark.parametrize("path", ["", "  ", "a\x00b"])
def test_no_path_at_all(roots: Roots, path: str) -> None:
    with pytest.raises(InputError, match="no path"):
        roots.admit(path)


def test_a_listing(roots: Roots, inside: Path, outside: Path) -> None:
    write_dicts(inside / "train.lmdb", lambda image: image, None)
    (inside / "sub").mkdir()
    (inside / ".hidden").mkdir()
    (inside / "leads-out").symlink_to(outside)
    (inside / "dangling").symlink_to(inside / "nowhere")
    os.mkfifo(inside / "pipe")
    listed = roots.list(inside)
    assert [(entry.path.name, entry.kind) for entry in listed.entries] == [
        ("sub", "folder"),
        ("a.h5", "file"),
        ("train.lmdb", "lmdb"),
    ]
    with pytest.raises(InputError, match="outside"):
        roots.list(outside)
    with pytest.raises(InputError, match="cannot be listed"):
        roots.list(inside / "a.h5")


def test_roots_come_from_the_variable_or_are_the_usual_ones(inside: Path, outside: Path) -> None:
    named = Roots.of(Home(inside), {VARIABLE: f"{inside}{os.pathsep}{outside}"})
    assert named.folders == (inside.resolve(), outside.resolve())
    assert Roots.of(Home(inside), {}).folders[:2] == (inside.resolve(), Path.home().resolve())


def test_what_is_around_a_path_is_not_part_of_it(roots: Roots, inside: Path) -> None:
    assert roots.admit(f" 'file://{inside}/a.h5' ") == inside.resolve() / "a.h5"


def test_folders_are_allowed_for_a_session_or_for_good_and_taken_back(inside: Path, outside: Path) -> None:
    home = Home(inside)
    with pytest.raises(OutsideError) as told:
        Roots((inside.resolve(),)).admit(outside / "secret.h5")
    assert told.value.folder == outside.resolve()
    for roots in (Roots.of(home, {}), Roots.of(home, {}, allowed=[outside])):
        assert not roots.fixed
        assert roots.holds(outside.resolve()) == (outside.resolve() in roots.folders)
    assert Roots.of(home, {}, allowed=[outside]).admit(outside / "secret.h5")

    allowed.allow(home, outside)
    assert outside.resolve() in Roots.of(home, {}).folders
    assert Roots.of(home, {VARIABLE: str(inside)}, allowed=[outside]) == Roots((inside.resolve(),), fixed=True)
    allowed.forget(home, outside.resolve())
    assert outside.resolve() not in Roots.of(home, {}).folders


@pytest.mark.parametrize("told", ["", "{}", "[1, null]", '["relative"]', "[", '"/"'])
def test_a_damaged_list_of_allowed_folders_allows_nothing(tmp_path: Path, told: str) -> None:
    allowed.place(Home(tmp_path)).parent.mkdir(parents=True)
    allowed.place(Home(tmp_path)).write_text(told)
    assert allowed.load(Home(tmp_path)) == ()


def test_of_a_file_at_the_very_top_only_the_file_is_asked_for() -> None:
    assert OutsideError(Path("/dump.h5"), "").folder == Path("/dump.h5")


# ---------------------------------------------------------------- uploads


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/absolute/data.mdb", "data.mdb"),
        (".bashrc", "bashrc"),
        ("...", "upload"),
        ("", "upload"),
        ("-rf $(touch x).h5", "-rf $(touch x).h5"),
        ("Bilder äöü.h5", "Bilder äöü.h5"),
    ],
)
def test_of_an_uploads_name_only_the_name_is_taken(given: str, kept: str) -> None:
    assert uploads.clean_name(given) == kept


@pytest.mark.parametrize("given", ["a\x00b\nc.h5", "\u202ecod.h5", "con.h5", "x" * 300 + ".h5", "a:b.h5"])
def test_names_with_tricks_are_made_safe_and_keep_their_ending(given: str) -> None:
    kept = uploads.clean_name(given)
    assert re.fullmatch(r"[A-Za-z_]+~[0-9a-f]{8}\.h5", kept)
    assert len(kept) < 150


def test_an_upload_is_kept_privately_and_removed(tmp_path: Path) -> None:
    path = uploads.keep(Home(tmp_path), "../data.mdb", io.BytesIO(b"content"))
    assert path.name == "data.mdb"
    assert path.read_bytes() == b"content"
    assert tmp_path in path.parents
    assert path.parent.stat().st_mode & 0o077 == 0
    uploads.discard(path)
    assert not path.parent.exists()
    assert path.parent.parent.exists()


def test_only_uploads_are_discarded(inside: Path) -> None:
    uploads.discard(inside / "a.h5")
    assert (inside / "a.h5").exists()


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(WorkError, match="disk is full"):
        uploads.keep(Home(tmp_path), "a.h5", Broken())
    assert list((tmp_path / "data" / "uploads" / uploads.FOLDER).iterdir()) == []


def test_what_was_left_behind_is_cleared(tmp_path: Path) -> None:
    home = Home(tmp_path)
    old, new = (uploads.keep(home, name, io.BytesIO(b"x")) for name in ("old", "new"))
    os.utime(old.parent, (0, 0))
    uploads.clear(home)
    assert not old.exists()
    assert new.exists()


# ---------------------------------------------------------------- remembered


def test_how_a_file_is_read_is_remembered_wherever_it_lies(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first, copy = tmp_path / "a.h5", tmp_path / "b.h5"
    first.write_bytes(os.urandom(300_000))
    copy.write_bytes(first.read_bytes())
    preferences.remember_schema(home, preferences.fingerprint(first), "hdf5-datasets")
    assert Remembered.load(home).schemas[preferences.fingerprint(copy)] == "hdf5-datasets"
    with copy.open("r+b") as file:
        file.seek(150_000)
        file.write(b"changed")
    assert preferences.fingerprint(copy) not in Remembered.load(home).schemas
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "b.h5", "home"]  # nothing beside the file


def test_what_is_remembered_can_be_forgotten(tmp_path: Path) -> None:
    home = Home(tmp_path)
    preferences.remember_schema(home, "x", "one")
    preferences.remember_schema(home, "x", None)
    assert Remembered.load(home).schemas == {}


def test_the_last_files_come_first_and_are_few(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for number in range(20):
        preferences.remember_path(home, f"/{number}")
    preferences.remember_path(home, "/15")
    recent = Remembered.load(home).recent
    assert recent[:3] == ("/15", "/19", "/18")
    assert len(recent) == preferences.MOST_RECENT == len(set(recent))


@pytest.mark.parametrize("content", ["", "[]", '{"schemas": 3, "recent": []}', "\x00"])
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "inspector.json").write_text(content)
    assert Remembered.load(Home(tmp_path)) == Remembered()


def test_an_lmdb_folder_and_its_file_are_one(tmp_path: Path) -> None:
    path = write_dicts(tmp_path / "x.lmdb", lambda image: image, None)
    assert preferences.fingerprint(path) == preferences.fingerprint(path / "data.mdb")


def test_a_folder_is_no_lmdb_by_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(512))
    with pytest.raises(InputError, match=r"data\.mdb is not LMDB, for all its name"):
        identify(tmp_path)
    (tmp_path / "data.mdb").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(512))
    with pytest.raises(InputError, match=r"data\.mdb is a single PNG image"):
        identify(tmp_path)

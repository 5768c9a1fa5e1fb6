"""One at a time: a claim is held by one, told to the next, and cleaned up after whoever was killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.base.errors import InputError
from core.base.staging import claim


def test_a_claim_gives_an_empty_folder_that_is_gone_afterwards(tmp_path: Path) -> None:
    with claim(tmp_path / "work", "mine", "import") as scratch:
        assert list(scratch.iterdir()) == []
        (scratch / "half-made").touch()

    assert not scratch.exists()


def test_the_second_is_told_who_is_at_it(tmp_path: Path) -> None:
    with (
        claim(tmp_path, "mine", "import"),
        pytest.raises(InputError, match=rf"process {os.getpid()} \(since \d\d:\d\d\) is at the import of 'mine'"),
        claim(tmp_path, "mine", "import"),
    ):
        pass


def test_other_names_are_claimed_meanwhile(tmp_path: Path) -> None:
    with claim(tmp_path, "v1.2", "build") as first, claim(tmp_path, "v1.3", "build") as second:
        assert first.exists()
        assert second.exists()


def test_what_a_killed_process_left_is_cleaned_up_and_nothing_else(tmp_path: Path) -> None:
    for name in ("mine.4194305", "other.4194306"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half-made").touch()
        (tmp_path / f"{name.partition('.')[0]}.lock").touch()
    (tmp_path / "somebody's.2024").mkdir()

    with claim(tmp_path, "mine", "import") as scratch:
        assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [scratch.name, "somebody's.2024"]

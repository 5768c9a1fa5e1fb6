"""Programs for files that others made, executed: they give the pixels and labels that were put into the file."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import test_snippets
from foreign_files import JPEGS
from inspect_fixtures import IMAGES, SAMPLES
from lmdb_fixtures import write as write_lmdb
from snippet_files import EVERY
from test_snippets import check_text, code_of, run

from core.base.home import Home
from core.snippets import code_for
from core.snippets.foreign import trial
from core.snippets.foreign.facts import FileFacts

NONE_KNOWN = {"MDS": "none is known for MDS", "pickled by protocol 0": "does not give what the Inspector sees"}
"""Files for which there is no program, and why."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.mark.parametrize("name", EVERY)
def test_a_program_gives_what_is_in_the_file(folder: Path, name: str) -> None:
    write, images, labels = EVERY[name]
    place = folder / name.replace(" ", "")
    place.mkdir()
    snippet = next(one for one in code_for(write(place / "made"), home=Home(folder)) if one.name == "dataset")
    if name in NONE_KNOWN:
        assert not snippet.text
        assert NONE_KNOWN[name] in snippet.note
        return
    assert snippet.text, snippet.note
    check_text(snippet, 120)
    found = run(snippet).open_file()
    assert len(found) == SAMPLES
    order = range(SAMPLES) if labels is not None else sorted(range(SAMPLES), key=lambda at: (at % 2, at))
    wanted = labels if labels is not None else np.arange(SAMPLES) % 2
    for index, at in enumerate(order):
        image, label = found[index]
        made = image.permute(1, 2, 0).numpy()
        assert np.abs(made.astype(int) - images[at]).max() <= (1 if "floats" in name else 0)
        assert label == wanted[at]
    with pytest.raises(IndexError):
        found[SAMPLES]
    pickle.dumps(found.__getstate__() if hasattr(found, "__getstate__") else {})
    found.close()
    assert found[-1][1] == wanted[order[-1]]
    found.close()


def test_a_program_that_is_wrong_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An HDF5 whose labels lie elsewhere than the program looks for them: rotated by one."""
    path = tmp_path / "made.h5"
    with h5py.File(path, "w") as file:
        file["images"] = IMAGES
        file["labels"] = np.arange(SAMPLES)
    seen: list[FileFacts] = []

    def first_right(programs: list[str], facts: FileFacts) -> trial.Tried:
        seen.append(facts)
        return trial.first_right([one.replace("np.ravel(read)", "np.roll(read, 1)") for one in programs], facts)

    monkeypatch.setattr("core.snippets.foreign.offer.first_right", first_right)
    snippet = code_of(path, home=Home(tmp_path))
    assert seen
    assert not snippet.text
    assert "has the label" in snippet.note
    assert "Inspector sees" in snippet.note


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    """Neither while a program is written, nor by the program: what its values ask for is refused."""
    mark = tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (mark,))

    values = {b"%04d" % at: pickle.dumps({"image": IMAGES[at], "label": at % 3}) for at in range(SAMPLES)}
    snippet = code_of(write_lmdb(tmp_path / "good", values), home=Home(tmp_path))
    assert snippet.text
    values[b"0003"] = pickle.dumps({"image": IMAGES[3], "label": 0, "more": Evil()})
    changed = write_lmdb(tmp_path / "bad", values)
    code_of(changed, home=Home(tmp_path))
    found = run(type(snippet)("dataset", snippet.text.replace(str(tmp_path / "good"), str(changed)))).open_file()
    with pytest.raises(pickle.UnpicklingError):
        found[3]
    found.close()
    assert not mark.exists()


def test_where_there_is_nothing_to_write(tmp_path: Path) -> None:
    words = write_lmdb(tmp_path / "words", {b"%04d" % at: b"only text, number %d" % at for at in range(5)})
    assert "no images" in code_of(words, home=Home(tmp_path)).note
    address = code_for("s3://bucket/train.tar", home=Home(tmp_path))
    assert 'open_store("s3://bucket/train.tar")' in address[0].text.replace("'", '"')
    assert [one.text for one in address[1:]] == [""] * 4


def test_names_in_a_file_are_never_code(tmp_path: Path) -> None:
    evil = 'images"""; raise SystemExit; """'
    path = tmp_path / 'a"b.h5'
    with h5py.File(path, "w") as file:
        file[evil] = IMAGES
    snippet = code_of(path, home=Home(tmp_path))
    assert snippet.text, snippet.note
    assert len(run(snippet).open_file()) == SAMPLES
    folders = {f'x/{"a" * 3}"\n{at % 2}/{at}.jpg'.encode(): JPEGS[at] for at in range(SAMPLES)}
    snippet = code_of(write_lmdb(tmp_path / "keys", folders), home=Home(tmp_path))
    assert len(run(snippet).open_file()) == SAMPLES


def test_the_documentation_tells_how_many_are_executed() -> None:
    text = (Path(__file__).parent.parent / "docs" / "snippets.md").read_text("utf-8")
    counts = [int(found) for found in re.findall(r"^\| (?:stores|files).*\| (\d+) \|$", text, re.MULTILINE)]
    assert counts == [len(test_snippets.EVERY), len(test_snippets.OPTIONS), len(EVERY) - len(NONE_KNOWN)]

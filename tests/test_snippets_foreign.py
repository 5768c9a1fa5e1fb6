"""Programs for files that others made, executed: they give the pixels and labels that were put into the file."""

from __future__ import annotations

import importlib.util
import pickle
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import test_snippets
from foreign_files import AS_JPEG, JPEGS
from inspect_fixtures import IMAGES, LABELS, SAMPLES
from lmdb_fixtures import write as write_lmdb
from snippet_containers import CONTAINERS
from snippet_files import EVERY
from test_snippets import check_text, code_of, run

from benchmarks.read_only_files import image_record, write_recordio
from core.base.home import Home
from core.snippets import Snippet, code_for
from core.snippets.foreign import trial
from core.snippets.foreign.facts import FileFacts

NONE_KNOWN = {"pickled by protocol 0": "does not give what the Inspector sees"}
"""Files for which there is no program, and why."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def tried_here(programs: Sequence[str], facts: FileFacts) -> trial.Tried:
    """`trial.first_right` in this process: starting one for each file takes longer than all that is tested."""
    for number, text in enumerate(programs):
        found = None
        try:
            found = run(Snippet("dataset", text)).open_file()
            assert len(found) == len(facts)
            for index, pixels in zip(facts.indices, facts.pixels, strict=True):
                image, label = found[index]
                assert label == facts.labels[index]
                assert np.array_equal(image.permute(1, 2, 0).numpy(), pixels)
            return trial.Tried(number, "")
        except Exception:  # noqa: BLE001 - programs raise anything; the next one is tried
            continue
        finally:
            if found is not None:
                found.close()
    return trial.Tried(-1, "none of them is right")


@pytest.mark.parametrize("name", EVERY)
def test_a_program_gives_what_is_in_the_file(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write, images, labels = EVERY[name]
    if name in CONTAINERS:
        monkeypatch.setattr("core.snippets.foreign.offer.first_right", tried_here)
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
    bare = write_lmdb(tmp_path / "bare", {b"%04d" % at: IMAGES[at].tobytes() for at in range(SAMPLES)})
    note = code_of(bare, home=Home(tmp_path)).note
    assert "none is known for LMDB read as pixels" in note
    assert f"convert {bare} --to parquet" in note


def test_at_an_address_it_is_told_how_to_fetch_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/bucket/some train.tar", b"its bytes")
    ours, *others = code_for("memory://bucket/some train.tar", home=Home(tmp_path))
    assert 'open_store("memory://bucket/some train.tar")' in ours.text.replace("'", '"')
    assert [one.text for one in others] == [""] * 4
    fetch, then = others[0].note.partition("Fetch it: ")[2].removesuffix(".").split(" and then: ")
    command = shlex.split(fetch)
    assert command[:2] == ["python", "-c"]
    monkeypatch.chdir(tmp_path)
    exec(command[2], {})
    assert Path(shlex.split(then)[-1]).read_bytes() == b"its bytes"


def test_a_sample_without_a_class_is_tried(tmp_path: Path) -> None:
    """A program that makes a number of a label that is none is not handed out, wherever in the file that label is."""
    labels = [0.5 if at == 5 else float(at % 3) for at in range(60)]
    payloads = [image_record(JPEGS[at % SAMPLES], label, at) for at, label in enumerate(labels)]
    snippet = code_of(write_recordio(tmp_path / "made.rec", payloads), home=Home(tmp_path))
    assert not snippet.text
    assert "sample 5 has the label 0, not -1" in snippet.note


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


def test_a_label_that_differs_is_found_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pixels of it are compared: image files are not decoded for this."""
    labels = [at % 3 for at in range(200)]
    payloads = [image_record(JPEGS[at % SAMPLES], label, at) for at, label in enumerate(labels)]
    made = write_recordio(tmp_path / "made.rec", payloads, range(200))
    assert "and 200 samples the labels" in code_of(made, home=Home(tmp_path)).note

    def first_right(programs: list[str], facts: FileFacts) -> trial.Tried:
        assert 101 not in facts.indices
        labels = np.array(facts.labels)
        labels[101] += 1
        return trial.first_right(programs, replace(facts, labels=labels))

    monkeypatch.setattr("core.snippets.foreign.offer.first_right", first_right)
    assert "sample 101 has the label 2, not 3" in code_of(made, home=Home(tmp_path)).note


def test_labels_beyond_those_that_are_compared_are_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "images.npy", np.tile(IMAGES, (5, 1, 1, 1)))
    np.save(tmp_path / "labels.npy", np.arange(5 * SAMPLES) % 3 + 1)
    monkeypatch.setattr(trial, "MOST_LABELS", 4)
    snippet = code_of(tmp_path, home=Home(tmp_path / "home"))
    assert snippet.text, snippet.note


@pytest.mark.skipif(importlib.util.find_spec("lance") is None, reason="pylance is not installed")
def test_a_lance_dataset(tmp_path: Path) -> None:
    import lance  # type: ignore[import-not-found]
    import pyarrow as pa

    table = pa.table({"image": JPEGS, "label": LABELS.tolist()})
    lance.write_dataset(table, str(tmp_path / "rows.lance"), max_rows_per_file=5)
    snippet = code_of(tmp_path / "rows.lance", home=Home(tmp_path))
    assert "spawn" in snippet.text
    assert snippet.needs[0] == "pylance"
    found = run(snippet).open_file()
    for index in range(SAMPLES):
        assert found[index][1] == LABELS[index]
        assert np.array_equal(found[index][0].permute(1, 2, 0).numpy(), AS_JPEG[index])


def test_the_documentation_tells_how_many_are_executed() -> None:
    text = (Path(__file__).parent.parent / "docs" / "snippets.md").read_text("utf-8")
    counts = [int(found) for found in re.findall(r"^\| (?:stores|files).*\| (\d+) \|$", text, re.MULTILINE)]
    assert counts == [len(test_snippets.EVERY), len(test_snippets.OPTIONS), len(EVERY) - len(NONE_KNOWN)]

"""Estimates by a process of their own: answered in order, replaced by what is wanted next, and told when it dies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.base.errors import InputError, WorkError
from core.base.home import Home
from core.building import estimate_process
from core.building.estimate_process import EstimateProcess, EstimateQuestion

PATIENCE = 60.0


@pytest.fixture
def asked() -> Iterator[EstimateProcess]:
    process = EstimateProcess()
    yield process
    process.close()
    process.close()


def cost(home: Home, format: str = "lmdb", encoding: str = "raw", **options: object) -> EstimateQuestion:
    fields = {"dataset": "shapes", "format": format, "encoding": encoding, "compression": "none", "options": options}
    return EstimateQuestion("estimate", {**fields, "home": str(home.root)}, "as it is")


def test_what_is_wanted_is_answered_and_what_is_wrong_is_told(home: Home, asked: EstimateProcess) -> None:
    arguments = {"home": str(home.root), "dataset": "shapes", "encoding": "original", "options": {}}
    gains, unknown = EstimateQuestion("compressions", arguments, "as it is"), cost(home, group=0)
    asked.want("somebody", [cost(home), unknown, gains])
    asked.want("somebody else", [cost(home, "hdf5"), cost(home)])
    assert asked.answer(gains) is None, "it takes longer than to ask"
    assert asked.wait("somebody", PATIENCE)
    assert asked.wait("somebody else", PATIENCE)
    told = asked.answer(cost(home))
    assert told["payload_bytes"] == {"train": 50 * 32 * 32 * 3, "val": 10 * 32 * 32 * 3}
    assert asked.answer(cost(home, "hdf5"))["samples"] == 60
    assert {gain["compression"] for gain in asked.answer(gains)} >= {"none", "zstd"}
    with pytest.raises(InputError, match="group"):
        asked.answer(unknown)
    assert asked.answer(EstimateQuestion(*cost(home)[:2], "another fingerprint")) is None

    first = asked._process
    first.kill()
    asked.want("somebody", [cost(home, "npy")])
    assert asked.wait("somebody", PATIENCE)
    assert asked.answer(cost(home, "npy"))["samples"] == 60, "another one was started"
    assert asked._process is not first


def test_a_question_that_ends_the_process_is_refused_and_the_others_are_answered(
    home: Home, asked: EstimateProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    script = "import sys; print('{\"question\": %s}' % sys.argv[1], flush=True); sys.exit(3)"

    def start(module: str, **options: object):
        dying = ("-c", script, estimate_process.dumps(cost(home).key))
        command = dying if not started else ("-m", f"core{module}")
        started.append(command)
        return estimate_process.Popen([estimate_process.sys.executable, *command], **options)

    monkeypatch.setattr(estimate_process, "start_module", start)
    asked.want("somebody", [cost(home), cost(home, "hdf5")])
    assert asked.wait("somebody", PATIENCE)
    with pytest.raises(WorkError, match="exit status 3"):
        asked.answer(cost(home))
    assert asked.answer(cost(home, "hdf5"))["samples"] == 60
    assert len(started) == 2


def test_a_process_that_cannot_begin_is_not_started_for_ever(
    home: Home, asked: EstimateProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start(module: str, **options: object):
        started.append(module)
        return estimate_process.Popen(["false"], **options)

    monkeypatch.setattr(estimate_process, "start_module", start)
    asked.want("somebody", [cost(home), cost(home, "hdf5")])
    assert asked.wait("somebody", PATIENCE)
    assert len(started) == estimate_process.MOST_SILENT_ENDS + 1
    for format in ("lmdb", "hdf5"):
        with pytest.raises(WorkError, match="exit status 1"):
            asked.answer(cost(home, format))

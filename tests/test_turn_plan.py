"""What repeats of a loader experiment are planned to take."""

from __future__ import annotations

import pytest

from core.measure.configurations import LoaderConfiguration
from core.measure.loader_course import interleaved
from core.measure.turn_plan import BESIDE_S, CHOICE_S, LIMITS_S, START_S, planned_turns


def configuration(store: str, workers: str) -> LoaderConfiguration:
    return LoaderConfiguration(store, f"/{store}", "lmdb", "raw", "d", "fast", 64, workers, "none", "cpu", "float32")


def test_what_is_done_once_is_planned_once() -> None:
    """Limits once a round for the same work, whoever does it; workers are chosen in the first round."""
    one, other, apart = configuration("a", "0"), configuration("a", "2"), configuration("b", "0")
    turns = list(interleaved([one, other, apart], 2))
    planned = planned_turns(turns, 3.0, stage_limits=True)
    each = 3.0 + BESIDE_S
    assert [turn.seconds for turn in planned] == pytest.approx([
        each + CHOICE_S + START_S + LIMITS_S, each + CHOICE_S, each + CHOICE_S + LIMITS_S,
        each + LIMITS_S, each + LIMITS_S, each,
    ])  # fmt: skip
    assert [(turn.number, turn.configuration) for turn in planned] == turns
    assert len({turn.kind for turn in planned}) == 6, "repeats in which another thing is done are of another kind"
    without = planned_turns(turns, 3.0, stage_limits=False)
    assert sum(turn.seconds for turn in without) == pytest.approx(6 * each + 3 * CHOICE_S + START_S)
    assert len({turn.kind for turn in planned_turns(interleaved([one], 9), 3.0, stage_limits=False)}) == 2

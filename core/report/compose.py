"""A report from evidence and answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..snippets.snippet import OURS
from .answer import answered, anywhere, at_real_size, not_measured, predictions, provenance, stores_to_predict, using
from .code import programs, rebuild_command, snippet
from .document import Report
from .evidence import Access, Evidence, Loading, LoadingConfiguration, Training, TrainingResult
from .figures import Figure
from .guide import Recommendation, recommend
from .other_loaders import comparison_data
from .predict import PredictedRange, Prediction
from .questions import Answers
from .ranking import front, loading_configurations, loads
from .sections import measured


def compose(evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None = None) -> Report:
    """`configuration`: how the compared stores were loaded; by default the one that compares the most stores."""
    configuration = configuration or next(iter(loading_configurations(evidence)), None)
    told = recommend(evidence, answers, configuration)
    sections = [
        answered(told, answers),
        using(evidence, configuration, told),
        *anywhere(evidence, told),
        at_real_size(evidence, answers, configuration, told),
        *measured(evidence, configuration),
        not_measured(told),
        provenance(evidence),
    ]
    return Report(
        title=f"How to store {evidence.images.name}",
        evidence=evidence,
        answers=answers,
        configuration=configuration,
        recommendation=told,
        sections=sections,
        data=data_of(evidence, answers, configuration, told),
        tables=tables_of(evidence),
    )


def data_of(
    evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None, told: Recommendation
) -> dict[str, Any]:
    """The report as plain JSON: what was measured, and what it says."""
    rows = loads(evidence, configuration) if configuration else []
    sizes = {store.name: store.allocated_bytes for store in evidence.stores}
    names = stores_to_predict(evidence, answers, configuration, told)
    foreseen = predictions(evidence, answers, configuration, names, answers.images)
    return {
        "dataset": dataclasses.asdict(evidence.images),
        "taken": evidence.taken,
        "machine": dict(evidence.machine),
        "versions": dict(evidence.versions),
        "answers": dataclasses.asdict(answers),
        "recommendation": {
            **dataclasses.asdict(told),
            "ruled_out": [one._asdict() for one in told.ruled_out],
            "code": _code(evidence, configuration, told),
        },
        "predictions": [_plain(one) for one in foreseen],
        "setting": configuration._asdict() if configuration else None,
        "front": front({row.store: (sizes[row.store], row.speed.median) for row in rows}),
        "stores": [dataclasses.asdict(store) for store in evidence.stores],
        "loading": [_plain(row) for row in evidence.loading],
        "loaders": [comparison_data(one) for one in evidence.loaders],
        "training": [_plain(training) for training in evidence.trainings],
        "access": [_plain(row) for row in evidence.access],
        "left_out": [one._asdict() for one in evidence.left_out],
    }


PRINTED: Mapping[type, Mapping[str, str]] = {
    Loading: {"configuration": "setting", "background_load": "others"},
    Training: {"results": "lanes"},
    TrainingResult: {"background_load": "others"},
    Access: {"method": "way", "background_load": "others"},
}
"""Fields that the JSON of a report has under another name: what is printed is a contract."""


def _code(evidence: Evidence, configuration: LoadingConfiguration | None, told: Recommendation) -> dict[str, str]:
    if told.store is None:
        return {}
    store = evidence.store(told.store)
    told_code = {"snippet": snippet(store, evidence, configuration), "rebuild": rebuild_command(store, evidence)}
    return told_code | {name: one.text for name, one in programs(store.path).items() if one.text and name != OURS}


def _plain(value: Any) -> Any:
    """Dataclasses and named tuples as plain JSON; a figure has its median and spread beside its values."""
    if isinstance(value, Figure):
        return {
            "median": value.median, "low": value.low, "high": value.high, "times": value.times,
            "values": list(value.values), "run": value.run.name, "started": value.run.started,
        }  # fmt: skip
    if isinstance(value, LoadingConfiguration | Prediction | PredictedRange):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if dataclasses.is_dataclass(value):
        names = PRINTED.get(type(value), {})
        return {names.get(one.name, one.name): _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return dict(value) if isinstance(value, Mapping) else value


def tables_of(evidence: Evidence) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Name -> rows as they were measured."""
    stores = [dataclasses.asdict(store) for store in evidence.stores]
    found: dict[str, Sequence[Mapping[str, Any]]] = {"stores": stores, **evidence.raw}
    return {name: rows for name, rows in found.items() if rows}

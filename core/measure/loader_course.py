"""A loader experiment under way: what is kept of each configuration, whoever runs it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base.errors import FormatMattersError
from ..base.events import Event, Message, Sample
from .bottleneck import bottlenecks
from .configurations import LoaderConfiguration
from .disturbed import standing
from .loader_columns import column_winners, configuration_figures
from .loader_runs import ConfigurationResult, rank_configurations
from .monitor import Monitor
from .record_fields import printed
from .records import RunRecorder

if TYPE_CHECKING:
    from .loaders import LoaderExperiment

STAGE = "measuring"
SHOWN = ("samples_per_s", "first_batch_s", "workers")
"""Figures of a finished repeat that are told while others run."""


@dataclass
class LoaderCourse:
    """One experiment under way. `splits`: by store folder, what its manifest says of the split."""

    experiment: LoaderExperiment
    configurations: Sequence[LoaderConfiguration]
    recorder: RunRecorder
    monitor: Monitor
    splits: Mapping[str, Mapping[str, Any]]
    repeats: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self) -> Iterator[Event]:
        """Every configuration's repeat, round after round. Raises what the first was refused for, if all were."""
        raise NotImplementedError

    def outcome(self, setup: Mapping[str, Any]) -> dict[str, Any]:
        """The result of the whole experiment, with the field names that the command line prints."""
        kept = self._counted()
        told = {
            "file": str(self.recorder.path),
            "setup": setup,
            "turns": self.repeats,
            "results": [_result(row, kept) for row in rank_configurations(kept)],
            "columns": column_winners(kept),
            "refused": list(self.refused.values()),
            "verdicts": [dataclasses.asdict(verdict) for verdict in bottlenecks(kept)],
        }
        return {name: printed(part) for name, part in told.items()}

    @property
    def rounds(self) -> int:
        return int(self.experiment.rounds or 1)

    def left(self) -> list[LoaderConfiguration]:
        """The configurations that were not refused."""
        return [one for one in self.configurations if one.name not in self.refused]

    def samples(self, configuration: LoaderConfiguration) -> int:
        return int(self.splits[configuration.path].get("samples", 0))

    def keep(self, repeat: dict[str, Any], who: Mapping[str, Any]) -> Sample:
        """Record a finished repeat; what is told of it. `who`: its configuration and round."""
        self.recorder.add("repeat", repeat)
        self.repeats.append(repeat)
        return Sample("repeat", {**who, **{name: repeat[name] for name in SHOWN}})

    def refuse(
        self, configuration: LoaderConfiguration, number: int, error: FormatMattersError, **more: str
    ) -> Iterator[Event]:
        """Record why a configuration takes no further part. Raises the first reason where none is left."""
        row = {**configuration.told(), "round": number, "reason": str(error), **more}
        self.refused[configuration.name] = row
        self.recorder.add("refused", row)
        if len(self.refused) == len(self.configurations):
            first = next(iter(self.refused.values()))
            raise type(error)(f"{first['store']}: {first['reason']}") from error
        yield Message(f"{configuration.name} was refused: {error}", "warning")
        yield Sample("refused", row)

    def live(self, series: str, values: Mapping[str, Any], who: Mapping[str, Any]) -> Iterator[Sample]:
        """A live figure of a configuration, and what the monitor saw, where it has looked since the last time."""
        yield Sample(series, {**values, **who})
        if row := self.monitor.news():
            yield Sample("monitor", row)

    def _counted(self) -> list[Mapping[str, Any]]:
        """The repeats that count: of configurations that were not refused, and of each round the best."""
        return standing([repeat for repeat in self.repeats if repeat["configuration"] not in self.refused])


def _result(row: ConfigurationResult, repeats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A configuration's repeats, summed up."""
    return {
        "configuration": row.configuration,
        "store": row.store,
        "loader": row.about["loader"],
        "rival": bool(row.about.get("rival")),
        "samples_per_s": row.median,
        "slowest": row.slowest,
        "fastest": row.fastest,
        "turns": row.repeats,
        "workers": row.workers,
        "workers_reason": row.about.get("workers_reason", ""),
        "background_load": row.background_load,
        **configuration_figures([one for one in repeats if one["configuration"] == row.configuration]),
    }


def interleaved(
    configurations: Sequence[LoaderConfiguration], rounds: int
) -> Iterator[tuple[int, LoaderConfiguration]]:
    """(round, configuration), each round beginning with another one, so that none always runs after the same."""
    for number in range(rounds):
        first = number % len(configurations)
        for configuration in (*configurations[first:], *configurations[:first]):
            yield number + 1, configuration

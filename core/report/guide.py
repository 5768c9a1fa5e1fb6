"""Which store to use: a recommendation from the answers and from what was measured, with its reasons.

Pure: evidence and answers in, a recommendation out. Every reason has numbers of the evidence in it; where there are
none it says that this was not measured, and how to measure it. Speeds are those of the real size: of a store that will
not fit into memory only what was measured with a cold cache counts. The rules, for the stores that meet the
`constraints`:

    time      the fastest; of those that are not significantly slower, the smallest
    disk      the smallest; where others are at most a tenth larger, the fastest of them
    memory    the fastest of those that fit into memory at the real size; where none does, the fastest with a cold
              cache, or the smallest
    nothing   where training hardly waits for data from any, the smallest; else the fastest of those that are at most
              twice as large as the smallest
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..base.units import listed, number_text
from . import reasons
from .code import build_command, loader_command, storage_command, train_command
from .constraints import RuledOut, sift, would_fit
from .evidence import Evidence, LoadingConfiguration, StoreFacts
from .figures import Figure
from .gains import best_gain
from .questions import Answers
from .ranking import SHUFFLED, Ranked, accesses, background_loads, best_of, loading_configurations, loads, main_training
from .reasons import Reason, size
from .sentences import busy_text

NEARLY_AS_SMALL = 1.1
COMPACT = 2.0
HARDLY = 0.05
"""A training that waits for data less than this share of its time would gain next to nothing by faster loading."""

OPERATIONS = {"single": "read-one-random", "in-order": "read-many"}
"""Which operation of the storage experiment answers for how images are read."""

READING = {
    "shuffled": "loaded in shuffled batches",
    "single": "read one at a time, in any order",
    "in-order": "read all in order",
}


@dataclass(frozen=True)
class Missing:
    """Something that was not measured, and the command that would."""

    what: str
    command: str


@dataclass(frozen=True)
class Recommendation:
    """`store` None: nothing can be recommended; `headline` says so. `equal`: stores that are as good by all that was
    measured but larger. `price`: what the choice costs beside the others. `busy`: a warning where other programs were
    busy while its figures were measured."""

    store: str | None
    headline: str
    reasons: tuple[Reason, ...] = ()
    price: tuple[Reason, ...] = ()
    equal: tuple[str, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    missing: tuple[Missing, ...] = ()
    busy: str = ""


@dataclass(frozen=True)
class _Case:
    """What a rule decides on: the stores that meet the answers, and how fast those are that were measured."""

    evidence: Evidence
    answers: Answers
    configuration: LoadingConfiguration | None
    stores: Sequence[StoreFacts]
    rates: dict[str, Figure]

    def ranked(self, stores: Iterable[StoreFacts]) -> list[Ranked]:
        return [Ranked(store, self.rates[store.name]) for store in stores if store.name in self.rates]

    @property
    def memory(self) -> int | None:
        return self.answers.memory_bytes or self.evidence.memory_bytes

    @property
    def too_large(self) -> list[StoreFacts]:
        """The stores that do not fit into memory at the real size, as far as it is known."""
        return [store for store in self.stores if not _fits(self.evidence, self.answers, store)]

    @property
    def how(self) -> str:
        """How the images were read when their speed was measured."""
        read = READING[self.answers.access]
        if self.answers.access == "shuffled" and not self.too_large:
            return f"{read} from the page cache"
        if not self.too_large or self.answers.access != "shuffled":
            return read
        whose = "" if len(self.too_large) == len(self.stores) else " where a store is larger than the memory"
        return f"{read} with a cold cache{whose}, as it will be at {number_text(self.answers.images)} images"


@dataclass(frozen=True)
class _Choice:
    """`unmeasured`: the stores whose speed would have to be known, where there is no choice without it."""

    store: StoreFacts | None
    reasons: tuple[Reason, ...] = ()
    equal: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()


def recommend(
    evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None = None
) -> Recommendation:
    """`configuration`: how the compared stores were loaded; by default the one that compares the most stores."""
    stores, ruled_out = sift(evidence.stores, answers)
    configuration = configuration or next(iter(loading_configurations(evidence)), None)
    case = _Case(evidence, answers, configuration, stores, _rates(evidence, answers, configuration))
    missing = tuple(_missing(case))
    if not stores:
        return _nothing_fits(evidence, answers, ruled_out)
    if len(stores) == 1:
        choice = _Choice(stores[0], (reasons.only_one(stores[0], ruled_out),))
    else:
        choice = RULES[answers.scarce](case)
    if choice.store is None:
        why = _undecided(case, choice.unmeasured)
        return Recommendation(None, why, choice.reasons, ruled_out=tuple(ruled_out), missing=missing)
    name, price = choice.store.name, tuple(reasons.price(stores, case.ranked(stores), choice.store))
    busy = busy_text(background_loads(evidence, configuration, OPERATIONS.get(answers.access)))
    return Recommendation(name, f"Use {name}.", choice.reasons, price, choice.equal, tuple(ruled_out), missing, busy)


def _rates(evidence: Evidence, answers: Answers, configuration: LoadingConfiguration | None) -> dict[str, Figure]:
    """Images per second by store, read as the answers say. What will not be in memory counts as it was loaded
    with a cold cache."""
    if answers.access != "shuffled":
        return {row.method: row.rate for row in accesses(evidence, OPERATIONS[answers.access])}
    if configuration is None:
        return {}
    warm = {row.store: row.speed for row in loads(evidence, configuration)}
    cold = {row.store: row.speed for row in loads(evidence, configuration._replace(cache="cold"))}
    rates = {
        store.name: (warm if _fits(evidence, answers, store) else cold).get(store.name) for store in evidence.stores
    }
    return {name: rate for name, rate in rates.items() if rate is not None}


def _fits(evidence: Evidence, answers: Answers, store: StoreFacts) -> bool:
    """Whether a store is smaller than the memory at the real size; where the memory is not known, it is."""
    memory = answers.memory_bytes or evidence.memory_bytes
    return memory is None or store.each * answers.images <= memory


# ---------------------------------------------------------------- the rules


def _for_time(case: _Case) -> _Choice:
    return _fastest(case, case.stores, "")


def _for_disk(case: _Case) -> _Choice:
    least = min(case.stores, key=size)
    near = [store for store in case.stores if store.each <= NEARLY_AS_SMALL * least.each]
    smallest = reasons.smallest(case.stores, least)
    gain = best_gain(case.evidence.gains, case.evidence.stores, least)
    told = (smallest, *([reasons.smaller_still(least, gain)] if gain else ()))
    if len(case.ranked(near)) < 2:
        return _Choice(least, told)
    chosen = _fastest(case, near, "Of the stores that are at most a tenth larger than the smallest, ")
    return _Choice(chosen.store, (*told, *chosen.reasons), chosen.equal)


def _for_memory(case: _Case) -> _Choice:
    if case.memory is None:
        return _Choice(None, (Reason("The memory size of this machine is unknown: give it with --memory-gb."),))
    images = case.answers.images
    fit = [store for store in case.stores if store not in case.too_large]
    if not fit:
        least = min(case.stores, key=size)
        told = reasons.none_fits(least, images, case.memory)
        chosen = _fastest(case, case.stores, "")
        return _Choice(chosen.store or least, (told, *chosen.reasons), chosen.equal)
    told = reasons.fitting(case.stores, fit, images, case.memory)
    if len(fit) == 1:
        return _Choice(fit[0], (told,))
    chosen = _fastest(case, fit, "" if len(fit) == len(case.stores) else "Of those that fit, ")
    return _Choice(chosen.store, (told, *chosen.reasons), chosen.equal)


def _for_nothing(case: _Case) -> _Choice:
    if case.answers.access == "shuffled" and (choice := _as_trained(case)) is not None:
        return choice
    least = min(case.stores, key=size)
    compact = [store for store in case.stores if store.each <= COMPACT * least.each]
    if len(compact) == 1:
        told = reasons.smallest(case.stores, least).text
        return _Choice(least, (Reason(f"{told} Every other store takes more than twice as much."),))
    before = "" if len(compact) == len(case.stores) else "Of the stores at most twice as large as the smallest, "
    return _fastest(case, compact, before)


def _as_trained(case: _Case) -> _Choice | None:
    """The smallest store, where training hardly waited for data from any of two or more of these: then loading faster
    could save no more than that."""
    training = main_training(case.evidence)
    if training is None:
        return None
    by_name = {store.name: store for store in case.stores if store not in case.too_large}
    results = [result for result in training.in_order(SHUFFLED) if result.store in by_name]
    longest = max((result.wait_share.high for result in results), default=1.0)
    if len(results) < 2 or longest > HARDLY:
        return None
    chosen = min((by_name[result.store] for result in results), key=size)
    told = reasons.hardly_waits(training, results, longest, chosen)
    return _Choice(chosen, (told,), tuple(result.store for result in results if result.store != chosen.name))


RULES: dict[str, Callable[[_Case], _Choice]] = {
    "time": _for_time,
    "disk": _for_disk,
    "memory": _for_memory,
    "nothing": _for_nothing,
}


# ---------------------------------------------------------------- what they share


def _fastest(case: _Case, stores: Sequence[StoreFacts], before: str) -> _Choice:
    """The fastest of `stores`, or the smallest of those that are as fast; none where fewer than two were measured."""
    ranked = case.ranked(stores)
    if len(ranked) < 2:
        return _Choice(None, unmeasured=tuple(store.name for store in stores if store.name not in case.rates))
    best, ties = best_of(ranked)
    level = [best, *ties]
    chosen = min(level, key=lambda one: (round(one.store.each / min(r.store.each for r in level), 2), -one.rate.median))
    told = [reasons.fastest(ranked, best, case.how, before)]
    if ties:
        told.append(reasons.tie(level, chosen))
    equal = tuple(one.store.name for one in level if one is not chosen)
    return _Choice(chosen.store, tuple(told), equal)


# ---------------------------------------------------------------- what cannot be said


def _undecided(case: _Case, unmeasured: Sequence[str]) -> str:
    """Why there is no recommendation."""
    if not unmeasured:
        return "The memory size is unknown."
    what = "none of the stores" if len(unmeasured) == len(case.stores) else f"not {listed(unmeasured, 'or')}"
    verb = "was" if len(unmeasured) == len(case.stores) or len(unmeasured) == 1 else "were"
    return f"Not measured: {what} {verb} {case.how}, and the choice depends on speed."


def _nothing_fits(evidence: Evidence, answers: Answers, ruled_out: Sequence[RuledOut]) -> Recommendation:
    form, encoding = would_fit(answers)
    why = "None of the stores meets your answers." if ruled_out else "No store was built yet."
    missing = Missing("a store that meets your answers", build_command(evidence, form, encoding))
    return Recommendation(None, why, ruled_out=tuple(ruled_out), missing=(missing,))


def _missing(case: _Case) -> Iterable[Missing]:
    """What was not measured and would matter to these answers."""
    evidence, stores = case.evidence, case.stores
    beyond = case.too_large if case.answers.access == "shuffled" else []
    unmeasured = [store for store in stores if store.name not in case.rates and store not in beyond]
    if unmeasured and case.answers.access == "shuffled":
        # Only repeats of one run are compared with each other, so the whole field runs again.
        yield Missing(f"loading from {_names(unmeasured)}", loader_command(evidence, stores, case.configuration))
    elif unmeasured:
        what = f"{_names(unmeasured)}, {READING[case.answers.access]}"
        yield Missing(what, storage_command(evidence, stores))
    if case.answers.access == "shuffled":
        yield from _missing_cold(case)
        trained = {result.store for training in evidence.trainings for result in training.results}
        untrained = [store for store in stores if store.name not in trained]
        if untrained:
            yield Missing(f"training from {_names(untrained)}", train_command(evidence, stores))
    least = min(stores, key=size, default=None)
    gain = best_gain(evidence.gains, evidence.stores, least) if case.answers.scarce == "disk" and least else None
    if least and gain:
        what = f"{least.name}-{gain.compression}, which would be smaller than any store"
        yield Missing(what, build_command(evidence, least.format, least.encoding, gain.compression))
    if case.answers.machines != "one":
        yield Missing("reads over a network: every figure is from this machine's own disk", "")


def _missing_cold(case: _Case) -> Iterable[Missing]:
    """Loading what will not be in memory."""
    large = [store for store in case.too_large if store.name not in case.rates]
    if large:
        what = f"loading with a cold cache, as with {number_text(case.answers.images)} images, from {_names(large)}"
        yield Missing(what, loader_command(case.evidence, large, case.configuration, cold=True))


def _names(stores: Sequence[StoreFacts]) -> str:
    return listed(store.name for store in stores)

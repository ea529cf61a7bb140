"""How the delays of a pair differ: at each quantile, of each stream and of all together.

The streams of a pair are judged as one family, by Holm; all of them together are a question of their own.  A stream
that has no delays in either is not asked about (a recording has no playback delay); one that has them in one group
only is undecided, and counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self, get_args

from backend.latency.comparison.conditions import Pair
from backend.latency.comparison.delays import ByKey, Delays
from backend.latency.comparison.result import Difference, Metric, Quantile, Said
from backend.latency.comparison.shelf import Key
from backend.latency.statistics.effect import cliffs_delta, shift_ns
from backend.latency.statistics.estimate import TooLittle, change
from backend.latency.statistics.sentence import sentence
from backend.latency.statistics.verdict import Judgement, Verdict, judge

QUANTILES: tuple[Quantile, ...] = get_args(Quantile)
SPOKEN: dict[Quantile, str] = {"p50": "p50", "p99": "p99", "p999": "p99.9"}
SAID: dict[Verdict, Said] = {
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.SAME: "same",
    Verdict.UNDECIDED: "undecided",
}
ALL_GUESTS = "all guests"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a pair."""

    pair: Pair
    metric: Metric
    quantile: Quantile
    key: Key | None
    guest: str

    @property
    def at(self) -> str:
        """In words: "p99 of period lateness of media"."""
        whose = f" of {self.guest}" if self.key else ""
        return f"{SPOKEN[self.quantile]} of {self.metric.replace('_', ' ')}{whose}"


@dataclass(frozen=True, slots=True)
class Effect:
    """How large a difference is as a whole; nothing, where one side has no delays."""

    cliffs_delta: float | None
    shift_ns: int | None

    @classmethod
    def of(cls, first: Delays, second: Delays) -> Self:
        """Of two samples."""
        if not first.n or not second.n:
            return cls(None, None)
        return cls(cliffs_delta(first.ordered_ns, second.ordered_ns), shift_ns(first.ordered_ns, second.ordered_ns))


def differences(
    pair: Pair, metric: Metric, delays: tuple[ByKey, ByKey], guests: Mapping[Key, str], margin_ns: int
) -> Iterator[Difference]:
    """Of one metric: at each quantile, of all streams together and of each; none if neither group has any delays."""
    first, second = delays
    asked = [key for key in first if first[key].n or second[key].n]
    effects = {key: Effect.of(first[key], second[key]) for key in asked}
    for quantile in QUANTILES:
        changes = {key: change(first[key].estimates[quantile], second[key].estimates[quantile]) for key in asked}
        together = {key: changes.pop(key) for key in asked if key is None}
        for key, judgement in (judge(together, margin_ns) | judge(changes, margin_ns)).items():
            question = Question(pair, metric, quantile, key, guests[key] if key else ALL_GUESTS)
            yield _answer(question, judgement, effects[key], margin_ns)


def _answer(question: Question, judgement: Judgement | TooLittle, effect: Effect, margin_ns: int) -> Difference:
    pair, names = question.pair, question.pair.names("")
    domid, stream = question.key or (None, None)
    if isinstance(judgement, TooLittle):
        said: Said = "none"
        change_ns = low_ns = high_ns = level = None
        at = f"{question.at}, {names.second} against {names.first}"
    else:
        said, change_ns, interval = SAID[judgement.verdict], judgement.value_ns, judgement.interval
        low_ns, high_ns, level = interval.low_ns, interval.high_ns, interval.level
        at = question.at
    return Difference(
        metric=question.metric,
        quantile=question.quantile,
        first=pair.first.name,
        second=pair.second.name,
        domid=domid,
        stream=stream,
        guest=question.guest,
        change_ns=change_ns,
        low_ns=low_ns,
        high_ns=high_ns,
        level=level,
        said=said,
        sentence=pair.when + sentence(pair.names(at), judgement, margin_ns),
        cliffs_delta=effect.cliffs_delta,
        shift_ns=effect.shift_ns,
    )

"""Which sentences of a comparison are read first.

One question is the first, chosen before any data were: is the second pacing earlier than the first, at p99 of period
lateness, all guests together, on an idle machine?  (Where loads are compared: is the machine under load later than the
idle one?)  Then the same under load, and of other pairs, in the order of `conditions`.  A pair without a verdict at p99
may have one at p50: then that is said, and after it that p99 has none.  Underruns follow, and what it costs, for those
pairs that are like the first; those of others are in the tables.

Whatever weakens all of it (see `caveats`) stands at the end, and begins with "Mind:".
"""

from collections.abc import Iterator, Mapping, Sequence

from backend.latency.comparison.caveats import caveats
from backend.latency.comparison.conditions import Pair
from backend.latency.comparison.measured import Measured
from backend.latency.comparison.ratios import is_equal
from backend.latency.comparison.result import Difference, Ratio
from backend.latency.statistics.sentence import times_as_often


def verdicts(
    pairs: Sequence[Pair], differences: Sequence[Difference], ratios: Sequence[Ratio], runs: Sequence[Measured]
) -> list[str]:
    """Whole sentences, the most important first."""
    shown = {(pair.first.name, pair.second.name) for pair in pairs if _is_like(pair, pairs[0])}
    looks = {(ratio.first, ratio.second): ratio for ratio in ratios if ratio.what == "looks"}
    primary = list(_primary(pairs, differences, looks))
    if not pairs:
        primary = ["nothing to compare: want two pacings, or two loads, or two sets that have these in common"]
    elif not primary:
        primary = ["no verdict on period lateness: no run has measured any"]
    second = [ratio for ratio in ratios if (ratio.first, ratio.second) in shown]
    underruns = [ratio.sentence for ratio in second if ratio.what == "underruns"]
    costs = [ratio.sentence for ratio in second if ratio.what != "underruns" and ratio.ratio is not None]
    return [whole(said) for said in [*primary, *underruns, *costs, *(f"mind: {said}" for said in caveats(runs))]]


def _primary(
    pairs: Sequence[Pair], differences: Sequence[Difference], looks: Mapping[tuple[str, str], Ratio]
) -> Iterator[str]:
    """Of each pair, all guests' period lateness at p99; at p50 as well, where only that has a verdict."""
    pooled = {
        (difference.first, difference.second, difference.quantile): difference
        for difference in differences
        if difference.metric == "period_lateness" and difference.domid is None
    }
    for pair in pairs:
        names = pair.first.name, pair.second.name
        tail, middle = pooled.get((*names, "p99")), pooled.get((*names, "p50"))
        if tail is None:
            continue
        wakes = None if pair.of_loads else looks[names]
        if middle is None or _has_verdict(tail) or not _has_verdict(middle):
            yield _with_wakes(tail, wakes)
        else:
            yield f"{_with_wakes(middle, wakes)}; but {tail.sentence.removeprefix(pair.when)}"


def _has_verdict(difference: Difference) -> bool:
    return difference.said not in {"none", "undecided"}


def _is_like(pair: Pair, first: Pair) -> bool:
    """Whether it asks the first one's question: of other sets, or of the same pacing under another load."""
    if first.first.of != first.second.of:
        return pair.first.of != pair.second.of
    return pair.second.pacing == first.second.pacing


def whole(sentence: str) -> str:
    """With a capital and its full stop."""
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _with_wakes(difference: Difference, looks: Ratio | None) -> str:
    """The verdict and its price, which pacings have; the price only if both are sure."""
    if looks is None or not _has_verdict(difference) or None in {looks.ratio, looks.low, looks.high}:
        return difference.sentence
    ratio, low, high = looks.ratio or 0.0, looks.low or 0.0, looks.high or 0.0
    if low <= 1 <= high and not is_equal(low, high):
        return difference.sentence
    return f"{difference.sentence}; it wakes the backend {times_as_often(ratio)}"

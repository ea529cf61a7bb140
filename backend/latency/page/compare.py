"""The page of a comparison: the verdicts, what they rest on, and how it all was found.

The page is `comparison.html.j2`; this file prepares what it shows.  Names come from elsewhere: the template escapes
everything, and links to runs are quoted, so that a folder's name stays a folder's name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote

from backend.latency.comparison.ratios import is_equal
from backend.latency.comparison.result import Arm, Comparison, Condition, Ratio
from backend.latency.files import replace_file
from backend.latency.page.curves import Curve
from backend.latency.page.forest import METRICS, QUANTILES, WORDS, forests
from backend.latency.page.overlay import Key, Samples, curves, overlays
from backend.latency.page.render import page
from backend.latency.table import NOT_SAID

REPORT = "report.html"
"""The page of a run, in the run's folder."""
TOGETHER = "all guests"
MIND = "Mind: "
UNDECIDED = "no verdict"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence to read first."""

    kind: str
    """As `Said`, for its colour; or "mind"."""
    word: str
    """The same for who sees no colours."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A condition, and what else its row says."""

    condition: Condition
    drawn: Curve
    """As its curves are, everywhere on the page."""
    runs: list[tuple[str, str]]
    """A name and a link for each."""

    @property
    def count(self) -> int:
        """How many runs."""
        return len(self.runs)


@dataclass(frozen=True, slots=True)
class Figures:
    """All arms of one metric, by guest."""

    metric: str
    guests: list[tuple[str, list[Arm]]]


def write_comparison(comparison: Comparison, samples: Samples, path: Path) -> None:
    """Write `report.html`; `samples` by (condition, domid, stream).  Raises OSError."""
    replace_file(path, render(comparison, samples).encode())


def render(comparison: Comparison, samples: Samples) -> str:
    """The page."""
    guests = guests_of(comparison, samples)
    views = overlays(comparison.conditions, samples, guests, TOGETHER)
    return page(
        "comparison.html.j2",
        dict(views.items()),
        comparison=comparison,
        verdicts=[verdict(sentence, comparison) for sentence in comparison.verdicts if not sentence.startswith(MIND)],
        minds=[sentence.removeprefix(MIND) for sentence in comparison.verdicts if sentence.startswith(MIND)],
        conditions=list(_conditions(comparison.conditions)),
        forests=forests(comparison.differences, comparison.margin_ns),
        overlaid={METRICS[metric]: (metric, drawn) for metric, drawn in views.items()},
        arms=list(_figures(comparison.arms, guests)),
        quantiles=list(QUANTILES.values()),
        not_said=NOT_SAID,
    )


def guests_of(comparison: Comparison, samples: Samples) -> dict[Key, str]:
    """What people call each stream that has samples, by number."""
    named = {(d.domid, d.stream): d.guest for d in comparison.differences}
    keys = sorted({(domid, stream) for _, domid, stream in samples})
    return {key: named.get(key, f"domain {key[0]}, stream {key[1]}") for key in keys}


def verdict(sentence: str, comparison: Comparison) -> Verdict:
    """What kind of answer a sentence is: it begins as that of the difference or ratio that it is of."""
    said = sentence.casefold()
    for difference in comparison.differences:
        if said.startswith(difference.sentence.casefold()):
            return Verdict(difference.said, WORDS[difference.said], sentence)
    for ratio in comparison.ratios:
        if said.startswith(ratio.sentence.casefold()):
            return Verdict(*_of_ratio(ratio), sentence)
    return Verdict("none", UNDECIDED, sentence)


def _of_ratio(ratio: Ratio) -> tuple[str, str]:
    """(kind, word): less of any of these is better."""
    low, high = ratio.low, ratio.high
    if low is None:
        return "undecided", UNDECIDED
    if high is not None and is_equal(low, high):
        return "same", "no difference"
    if low > 1:
        return "worse", "more"
    if high is not None and high < 1:
        return "better", "fewer" if ratio.what == "underruns" else "less"
    return "undecided", UNDECIDED


def _conditions(conditions: Sequence[Condition]) -> Iterator[Shown]:
    for condition, drawn in zip(conditions, curves(conditions), strict=True):
        runs = [(PurePath(run).name or run, f"{quote(run)}/{REPORT}") for run in condition.runs]
        yield Shown(condition, drawn, runs)


def _figures(arms: Sequence[Arm], guests: Mapping[Key, str]) -> Iterator[Figures]:
    for metric, label in METRICS.items():
        by_guest: dict[str, list[Arm]] = {}
        for arm in arms:
            if arm.metric == metric:
                key = None if arm.domid is None or arm.stream is None else (arm.domid, arm.stream)
                by_guest.setdefault(guests.get(key, TOGETHER) if key else TOGETHER, []).append(arm)
        if by_guest:
            yield Figures(label, list(by_guest.items()))

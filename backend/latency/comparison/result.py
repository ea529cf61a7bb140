"""The file `comparison.json`: what several runs say of each other, under stable names with units.

Rules are those of `backend.latency.result`.  A *condition* is what runs have in common: which pacing, under which load,
and of which set (the folder given to `vsnd report`).  Two conditions are compared that differ in one of these.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from backend.latency.facts import Count, Machine
from backend.latency.files import replace_file

SCHEMA_VERSION: Final = 1

Metric = Literal["period_lateness", "playback_delay", "capture_delay", "notification_delay"]
Quantile = Literal["p50", "p99", "p999"]
Said = Literal["better", "worse", "same", "undecided", "none"]
"""Of the second, by the first: `same` is within the margin, `none` too little to compare at all."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that were made alike."""

    name: str
    """For people, unique: "irq", "timer, busy", ..."""
    pacing: str
    load: str
    of: str
    """Which set they are of; empty where there is but one."""
    runs: list[str]
    """Their folders, as seen from the one that the comparison is in."""
    seconds: Annotated[float, Meta(ge=0)]
    """Measured in all, without warm-up."""
    looks_per_s: float
    """How often the backend looked at its devices."""
    cpu_ms_per_s: float | None
    """The backend's; None in simulated time."""
    underruns: Count
    """Gaps that were heard, of all guests."""
    underruns_per_s: float
    underruns_low_per_s: float
    """Exact Poisson interval, 95 %."""
    underruns_high_per_s: float


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One condition's delays of one guest's stream, or of all together.

    A quantile is that of a run, on the mean over runs, so that differences of arms are the changes said elsewhere.  It
    is None where a run does not carry it by itself.
    """

    condition: str
    metric: Metric
    domid: int | None
    """None: all guests pooled."""
    stream: int | None
    n: Count
    """Delays in all runs."""
    p50_ns: int | None
    p99_ns: int | None
    p999_ns: int | None
    max_ns: int | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The second condition by the first, for one guest's stream or all together, at one quantile."""

    metric: Metric
    quantile: Quantile
    first: str
    second: str
    domid: int | None
    stream: int | None
    guest: str
    """For people; "all guests" where they are pooled."""
    change_ns: int | None
    """Negative: the second is earlier."""
    low_ns: int | None
    high_ns: int | None
    level: float | None
    """Of the interval from low to high, Holm's correction over guests included."""
    said: Said
    sentence: str
    """In plain words, without its full stop."""
    cliffs_delta: float | None
    """-1: every delay of the second is shorter; 1: longer."""
    shift_ns: int | None
    """Hodges and Lehmann's."""


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """How many times as much of something the second has."""

    what: Literal["underruns", "looks", "cpu"]
    first: str
    second: str
    ratio: float | None
    """None where it has no value (none of the first, or none at all)."""
    low: float | None
    high: float | None
    """None: there is no upper bound; or no interval, where `low` is None too."""
    sentence: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    schema_version: Literal[1]
    scenario: str
    world: str
    machines: list[Machine]
    margin_ns: Count
    conditions: list[Condition]
    arms: list[Arm]
    differences: list[Difference]
    ratios: list[Ratio]
    verdicts: list[str]
    """The sentences to read first, the most important one at first; whole sentences."""


def schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of the comparison file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Comparison)}


def write_json(comparison: Comparison, path: Path) -> None:
    """Write `comparison.json`; whoever looks sees the whole file or none.  Raises OSError."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n")


def read_json(path: Path) -> Comparison:
    """Read a comparison file back.  Raises msgspec.ValidationError naming the field that is wrong, and OSError."""
    return msgspec.json.decode(path.read_bytes(), type=Comparison)

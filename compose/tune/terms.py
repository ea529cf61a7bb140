"""The terms of a tuning: which rate of underruns is to be undercut, and what the time spent can show at all.

Theory.  No underrun in T seconds does not mean a rate of zero: at 95 % it means less than -ln(0.05) / T, which is 3 / T
(the rule of three).  With some underruns it is the exact Poisson interval (see `backend.latency.statistics.rates`).  So
a target below 3 / T cannot be shown in T, however good the sizes are, and is refused before anything runs.

Trials only search, so they are short: one allows as many underruns as the target has in that time.  What was found is
then verified for longer, and only that is said to be shown.
"""

import re
from dataclasses import dataclass

from backend.config import ConfigError
from backend.latency.statistics.rates import Count, rate

VERIFY_TRIALS = 6
"""What was found is verified for so many times a trial's time."""
UNIT_S = {"s": 1, "min": 60, "h": 3600}
ROUNDING = 1 + 1e-9
"""A target that is just what can be shown is not refused for its last bit."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of every stream."""

    target_hz: float
    """Underruns per second that it must stay below."""
    seconds: float
    """Of a trial."""

    @property
    def verify_seconds(self) -> float:
        """Of a verification."""
        return VERIFY_TRIALS * self.seconds

    def allows(self, events: int) -> bool:
        """Whether a trial with so many underruns goes on downwards."""
        return events <= self.target_hz * self.seconds * ROUNDING

    def shows(self, count: Count) -> bool:
        """Whether the rate is below the target, at 95 %."""
        return rate(count).high_hz <= self.target_hz * ROUNDING


def agree(target: str | None, seconds: float) -> Terms:
    """The terms for a target such as `60/h`, or for the least that the time can show.

    Raises ConfigError for what is no rate, and for one that the time cannot show.
    """
    least_hz = rate(Count(0, VERIFY_TRIALS * seconds)).high_hz
    if target is None:
        return Terms(least_hz, seconds)
    target_hz = parse_rate(target)
    if target_hz * ROUNDING < least_hz:
        needs_s = least_hz * VERIFY_TRIALS * seconds / target_hz
        raise ConfigError(
            f"--target: {say_rate(target_hz)} takes {say_time(needs_s)} without any underrun to be shown; "
            f"{VERIFY_TRIALS * seconds:g} s ({VERIFY_TRIALS} times --seconds) show no less than {say_rate(least_hz)}; "
            f"want --seconds {-(-needs_s // VERIFY_TRIALS):.0f}"
        )
    return Terms(target_hz, seconds)


def parse_rate(text: str) -> float:
    """Per second, of `60/h`, `1/min`, `0.01/s` or `60`, which is per hour.  Raises ConfigError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:/\s*(s|min|h))?\s*", text)
    if match is None or float(match[1]) == 0:
        raise ConfigError(f"--target: {text!r}: want underruns per time, above 0: 60/h, 1/min, 0.01/s")
    return float(match[1]) / UNIT_S[match[2] or "h"]


def say_rate(rate_hz: float, what: str = "") -> str:
    """In the unit in which it is a number that people read: 180 (underruns) an hour, not 0.05 a second."""
    events = f" {what}" if what else ""
    for name, unit_s in (("an hour", 3600), ("a minute", 60)):
        if rate_hz * unit_s < 1000:
            return f"{rate_hz * unit_s:.3g}{events} {name}"
    return f"{rate_hz:.3g}{events} a second"


def say_time(seconds: float) -> str:
    """As 95 s, 12 min or 3.2 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

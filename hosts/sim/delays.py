"""How late things happen in a simulated machine.

A real guest does not run the instant its event arrives: somebody else has the CPU, the hypervisor takes its time.
Three delays say how late, each drawn anew every time from the domain's own seeded generator.  All are nothing unless
asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from random import Random

#: Draws one delay in ns.
Draw = Callable[[Random], int]


@dataclass(frozen=True, slots=True)
class Delays:
    """The delays of one domain; None is no delay at all."""

    wake_ns: Draw | None = None
    """From something becoming due to the domain running; what comes due meanwhile waits for the same wake-up."""
    notify_ns: Draw | None = None
    """From the domain's notifying to its peer's seeing it."""
    watch_ns: Draw | None = None
    """From a node changing to the domain's seeing the watch event."""


def uniform_ns(low_ns: int, high_ns: int) -> Draw:
    """Anything from `low_ns` to `high_ns`, alike."""
    return lambda random: random.randint(low_ns, high_ns)


def long_tail_ns(median_ns: int, spread: float, most_ns: int) -> Draw:
    """Log-normal around `median_ns`, cut at `most_ns`: as schedulers are, mostly quick and rarely very late.

    `spread` is the standard deviation of the logarithm: 0 none, 1 has a hundredth later than ten times the median.
    """
    return lambda random: min(most_ns, int(median_ns * exp(random.gauss(0.0, spread))))


def behind_turns_ns(delay_ns: Draw, share: float, turn_ns: int) -> Draw:
    """As `delay_ns`, and with probability `share` behind the rest of somebody else's turn of `turn_ns`."""

    def draw(random: Random) -> int:
        waits = random.random() < share
        return delay_ns(random) + (random.randint(0, turn_ns) if waits else 0)

    return draw

"""A machine made up: how often each size would run dry on it, so that a search can be judged by what it should find."""

import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from compose.tune.ledger import Key, Seen, Trial
from compose.tune.search import Search
from compose.tune.terms import Terms

#: Underruns per second on this rung of periods.
DeviceRate = Callable[[int], float]
#: The same of a stream, on these rungs of periods and buffers, but for those of its device.
StreamRate = Callable[[int, int], float]

TRIALS_MAX = 100


def never(*rungs: int) -> float:
    return 0.0


def always(*rungs: int) -> float:
    return 50.0


def needs(rung: int) -> DeviceRate:
    """Exactly that rung, or more."""
    return lambda period: 0.0 if period >= rung else 50.0


def needs_buffer(rung: int) -> StreamRate:
    return lambda period, buffer: 0.0 if buffer >= rung else 50.0


class Oracle:
    """Devices and streams with their rates; underruns are independent events."""

    def __init__(
        self, devices: Mapping[str, DeviceRate], streams: Mapping[Key, tuple[str, StreamRate]], seed: int = 1
    ) -> None:
        self.devices = devices
        self.streams = streams
        self.trials: list[Trial] = []
        self._random = np.random.default_rng(seed)

    def run(self, trial: Trial) -> Seen:
        self.trials.append(trial)
        periods = trial.setting.periods
        dry = {name: self._events(rate(periods[name]), trial) for name, rate in self.devices.items()}
        return Seen(
            devices=dry,
            streams={
                key: dry[device] + self._events(rate(periods[device], trial.setting.buffers[key]), trial)
                for key, (device, rate) in self.streams.items()
            },
        )

    def rate(self, search: Search, key: Key) -> float:
        """The true rate of what was found for a stream."""
        device, rate = self.streams[key]
        period = search.best.periods[device]
        return self.devices[device](period) + rate(period, search.best.buffers[key])

    def _events(self, rate_hz: float, trial: Trial) -> int:
        return int(self._random.poisson(rate_hz * trial.seconds))

    def searched(self, terms: Terms, buffers: Sequence[int] = (20,) * 10) -> Search:
        """The search, when it is over."""
        search = Search(
            dict.fromkeys(self.devices, buffers), {key: device for key, (device, _) in self.streams.items()}, terms
        )
        while (trial := search.next()) is not None:
            assert len(self.trials) < TRIALS_MAX, "it does not end"
            search.tell(trial, self.run(trial))
        return search


def drawn(seed: int) -> Oracle:
    """One in which rates fall by a factor with each rung, from a place and by a factor that the seed chooses."""
    chance = random.Random(seed)

    def falling(knee: float, factor: float) -> DeviceRate:
        return lambda rung: 5.0 * factor ** (knee - rung)

    def buffered(knee: float, factor: float) -> StreamRate:
        return lambda period, buffer: 5.0 * factor ** (knee - buffer - period / 2)

    return Oracle(
        {"speaker": falling(chance.uniform(-3, 8), chance.uniform(3, 40))},
        {
            (guest, 0): ("speaker", buffered(chance.uniform(0, 14), chance.uniform(1.5, 20)))
            for guest in range(1, chance.randint(2, 5))
        },
        seed,
    )

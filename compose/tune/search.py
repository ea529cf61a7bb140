"""The search: which sizes to try next, from what came of those before.  Pure: no clock, no sound, no sizes, only rungs.

Three things depend on one another: a device's period (all its guests wait for two of them, and the backend wakes for
each), the guests' periods, which follow it, and their buffers.  So:

1. *Periods.*  Every guest has far more buffer than it needs, and all go down together, device by device, until one of
   the device and its guests fails.
2. *Buffers.*  With these periods, every stream halves what its buffer has above the least that is possible.  All do so
   in the same trials, whatever the number of guests is.  A device that runs dry here is no guest's fault: its period
   goes up, and its guests begin anew.
3. *Verification.*  What was found is run for longer.  Whoever is not shown to be below the target goes up by 1 rung,
   then 2, then 4, and all is verified again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from backend.latency.statistics.rates import Count
from compose.tune.halving import Halving
from compose.tune.ledger import Key, Ledger, Purpose, Seen, Setting, Trial
from compose.tune.terms import Terms

CLIMBS = (1, 2, 4)
"""By how many rungs something goes up that was not to be relied on; the last again and again."""
VERIFICATIONS_MAX = 1 + len(CLIMBS)
"""What has gone up so far is many times what it was, or at the top."""


class Search:
    """Ask `next()` what to run and `tell` what came of it, until `next()` is None."""

    def __init__(self, devices: Mapping[str, Sequence[int]], streams: Mapping[Key, str], terms: Terms) -> None:
        """`devices`: for each rung of its periods, how many rungs buffers have; `streams`: on which device each is."""
        self.terms = terms
        self.ledger = Ledger()
        self.purpose: Purpose = "periods"
        self.over = False
        self._buffers = devices
        self._device_of = dict(streams)
        self._devices = {device: Halving(len(rungs)) for device, rungs in devices.items()}
        self._streams: dict[Key, Halving] = {}
        self._lost: set[Key] = set()
        self._climbs: Counter[str | Key] = Counter()
        self._verifications = 0

    def next(self) -> Trial | None:
        """What to run next; None when nothing is left to be found out."""
        live = [key for key in self._device_of if key not in self._lost]
        if self.purpose == "periods" and all(device.settled for device in self._devices.values()):
            self.purpose = "buffers"
        if self.purpose == "buffers" and all(self._streams[key].settled for key in live):
            self.purpose = "verification"
        self.over = self.over or not live
        if self.over:
            return None
        seconds = self.terms.verify_seconds if self.purpose == "verification" else self.terms.seconds
        return Trial(self.purpose, self._setting(), seconds)

    def _setting(self) -> Setting:
        periods = {device: halving.rung for device, halving in self._devices.items()}
        if self.purpose == "periods":
            return Setting(periods, {key: self._safe(key, periods) for key in self._device_of})
        return Setting(
            periods,
            {
                key: self._safe(key, periods) if key in self._lost else self._streams[key].rung
                for key in self._device_of
            },
        )

    def _safe(self, key: Key, periods: Mapping[str, int]) -> int:
        """The rung of the largest buffer."""
        device = self._device_of[key]
        return self._buffers[device][periods[device]] - 1

    def tell(self, trial: Trial, seen: Seen) -> None:
        """What came of it."""
        self.ledger.entries.append((trial, seen))
        if trial.purpose == "verification":
            self._judge_all(trial, seen)
            return
        judge = self._judge_period if trial.purpose == "periods" else self._judge_buffers
        for device in self._devices:
            judge(device, trial, seen)

    # -- while searching ----------------------------------------------------------------------------------------------

    def _judge_period(self, device: str, trial: Trial, seen: Seen) -> None:
        halving, mine, rung = self._devices[device], self._live(device), trial.setting.periods[device]
        if seen.unfinished and not seen.unfinished.intersection(mine):
            return
        failed = [key for key in mine if self._has_failed(key, seen)]
        dry = self._is_dry(device, seen)
        if len(failed) < len(mine) and not dry and rung == halving.top and halving.is_last_chance:
            self._lost.update(failed)  # those whom nothing helps do not hold up the others
            failed = []
        halving.told(rung, held=not failed and not dry)
        if halving.lost:
            self._lost.update(mine)
        elif halving.settled:
            self._begin_buffers(device)

    def _judge_buffers(self, device: str, trial: Trial, seen: Seen) -> None:
        if self._is_dry(device, seen):
            self._dry(device, trial)
            return
        for key in seen.unfinished.intersection(self._live(device)) if seen.unfinished else self._live(device):
            self._streams[key].told(trial.setting.buffers[key], held=not self._has_failed(key, seen))
            if self._streams[key].lost:
                self._lost.add(key)

    def _dry(self, device: str, trial: Trial) -> None:
        halving = self._devices[device]
        if self._climb(device, halving):
            self._begin_buffers(device)
            return
        halving.told(trial.setting.periods[device], held=False)
        if halving.lost:
            self._lost.update(self._live(device))

    def _is_dry(self, device: str, seen: Seen) -> bool:
        return device in seen.refused or not self.terms.allows(seen.devices.get(device, 0))

    def _has_failed(self, key: Key, seen: Seen) -> bool:
        return key in seen.unfinished or not self.terms.allows(seen.streams.get(key, 0))

    def _begin_buffers(self, device: str) -> None:
        """From the largest on, which has held with this period, or with a shorter one."""
        rungs = self._buffers[device][self._devices[device].rung]
        self._streams |= {key: Halving.that_holds(rungs, rungs - 1) for key in self._live(device)}

    def _live(self, device: str) -> list[Key]:
        return [key for key, its in self._device_of.items() if its == device and key not in self._lost]

    def _climb(self, who: str | Key, halving: Halving) -> bool:
        """Up by more each time; False at the top."""
        rungs = CLIMBS[min(self._climbs[who], len(CLIMBS) - 1)]
        self._climbs[who] += 1
        return halving.climb(rungs)

    # -- while verifying ----------------------------------------------------------------------------------------------

    def _judge_all(self, trial: Trial, seen: Seen) -> None:
        self._verifications += 1
        doubtful = [key for key in self._streams if key not in self._lost and not self.shown(key)]
        if seen.unfinished:
            doubtful = [key for key in doubtful if key in seen.unfinished]
        self.over = not doubtful or self._verifications == VERIFICATIONS_MAX
        if self.over:
            return
        dry = {self._device_of[key] for key in doubtful if not self._is_enough(self._device_of[key], trial)}
        climbed = [self._climb_device(device) for device in dry]
        climbed += [self._climb(key, self._streams[key]) for key in doubtful if self._device_of[key] not in dry]
        self.over = not any(climbed)

    def _is_enough(self, device: str, trial: Trial) -> bool:
        count = self.ledger.device(device, trial.setting.periods[device])
        return count is None or self.terms.shows(count)

    def _climb_device(self, device: str) -> bool:
        """Its guests keep as many periods as they have, which are longer now."""
        if not self._climb(device, self._devices[device]):
            return False
        rungs = self._buffers[device][self._devices[device].rung]
        for key in self._live(device):
            self._streams[key] = Halving.settled_at(rungs, min(self._streams[key].holds, rungs - 1))
        return True

    # -- what was found -----------------------------------------------------------------------------------------------

    @property
    def best(self) -> Setting:
        """The smallest that held so far; where nothing did, the largest."""
        periods = {device: min(halving.holds, halving.top) for device, halving in self._devices.items()}
        return Setting(
            periods,
            {
                key: self._streams[key].holds
                if key in self._streams and key not in self._lost
                else self._safe(key, periods)
                for key in self._device_of
            },
        )

    def held(self, key: Key) -> bool:
        """Whether something has held for it."""
        device = self._devices[self._device_of[key]]
        return key not in self._lost and device.holds <= device.top

    def shown(self, key: Key) -> bool:
        """Whether verification has shown its rate, as it is in `best`, to be below the target."""
        count = self.verified(key)
        return count is not None and self.terms.shows(count)

    def verified(self, key: Key) -> Count | None:
        """Its underruns in all verifications of the sizes that it has in `best`; None if there was none."""
        return self.ledger.stream(key, *self._found(key))

    def smaller(self, key: Key) -> tuple[int, Count] | None:
        """The next smaller buffer that failed with the same period: its rung, and its underruns."""
        return self.ledger.smaller(key, *self._found(key))

    def _found(self, key: Key) -> tuple[str, int, int]:
        device, best = self._device_of[key], self.best
        return device, best.periods[device], best.buffers[key]

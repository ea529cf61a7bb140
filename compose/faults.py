"""What is broken when: the faults of a scenario, as it names them or as its seed draws them.

| `what` | happens to | meanwhile, for `for_s` |
|---|---|---|
| `restart` | `guest` | its domain is dead; then it is there again, has a new card, and plays on from the beginning |
| `pause` | `guest` | its processors stand still |
| `throttle` | `guest` | it gets `share` of a processor |
| `detach` | `guest` | the toolstack has taken its card away; then it gets it back |
| `backend` | everybody | the backend has been killed; then a new one is started |
| `sound_server` | everybody | the scenario's sound server has been killed; then it is started again |
| `hostile` | everybody | one more guest is there, which floods |
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backend.config import ConfigError

Kind = Literal["restart", "pause", "detach", "backend", "throttle", "sound_server", "hostile"]

OF_A_GUEST: frozenset[Kind] = frozenset(("restart", "pause", "detach", "throttle"))

DRAWN: tuple[Kind, ...] = ("restart", "pause", "detach", "backend")
"""A seed's history stays the same when kinds are added."""

HOSTILE_MAX = 16
"""In one run: each is a process that waits for its moment."""

EDGE_S = 0.3
"""Nothing is drawn so close to the beginning."""

LONGEST_S = 0.4
"""How long a drawn fault lasts at most."""

SHARE = 0.5
"""Of a processor, unless a throttling fault says how much."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong, and is mended."""

    at_s: Annotated[float, Meta(ge=0)]
    what: Kind
    guest: int | None = None
    """Which one; none for what happens to everybody."""
    for_s: Annotated[float, Meta(gt=0, le=60)] = 0.2
    share: Annotated[float, Meta(ge=0.01, lt=1)] | None = None
    """Of a processor, while it is throttled."""

    @property
    def left(self) -> float:
        """Which share of a processor it leaves."""
        return self.share or SHARE

    @property
    def mended_s(self) -> float:
        """When it is over."""
        return self.at_s + self.for_s


def draw_faults(count: int, guests: Sequence[int], duration_s: float, seed: int) -> list[Fault]:
    """So many faults at moments that the seed draws, no two of which concern the same guest at once."""
    random = Random(f"faults/{seed}")  # noqa: S311  # luck for simulations: it must repeat
    drawn: list[Fault] = []
    free_at_s = dict.fromkeys(guests, EDGE_S)
    slot_s = max(duration_s - EDGE_S, 0.0) / max(count, 1)
    for number in range(count):
        at_s = EDGE_S + slot_s * (number + random.random())
        for_s = random.uniform(0.02, LONGEST_S)
        what = random.choice(DRAWN)
        guest = random.choice(list(guests))
        if what == "backend":
            if max(free_at_s.values()) <= at_s:
                drawn.append(Fault(at_s, what, None, for_s))
                free_at_s = dict.fromkeys(guests, at_s + for_s + EDGE_S)
        elif free_at_s[guest] <= at_s:
            drawn.append(Fault(at_s, what, guest, for_s))
            free_at_s[guest] = at_s + for_s + EDGE_S
    return drawn


def check_faults(faults: Sequence[Fault], guests: Sequence[int], duration_s: float, *, has_server: bool) -> None:
    """See that they make sense together.  Raises ConfigError naming the field."""
    mended: dict[tuple[Kind | None, int | None], tuple[float, int]] = {}
    for number, fault in sorted(enumerate(faults), key=lambda numbered: numbered[1].at_s):
        place = f"faults[{number}]"
        _check_whom(fault, guests, place, has_server=has_server)
        if fault.at_s >= duration_s:
            raise ConfigError(f"{place}.at_s: {fault.at_s:g} is not before the end at {duration_s:g} s")
        if fault.what == "hostile":  # there may be several
            continue
        whose = (None, fault.guest) if fault.what in OF_A_GUEST else (fault.what, None)
        until_s, other = mended.get(whose, (0.0, 0))
        if fault.at_s < until_s:
            raise ConfigError(f"{place}.at_s: {fault.at_s:g} is before faults[{other}] is over at {until_s:g} s")
        mended[whose] = fault.mended_s, number
    if sum(fault.what == "hostile" for fault in faults) > HOSTILE_MAX:
        raise ConfigError(f"faults: more than {HOSTILE_MAX} hostile guests")


NOBODYS: Mapping[Kind, str] = {
    "backend": "the backend is nobody's guest",
    "sound_server": "the sound server is nobody's guest",
    "hostile": "it is a guest of its own",
}


def _check_whom(fault: Fault, guests: Sequence[int], place: str, *, has_server: bool) -> None:
    if fault.what in OF_A_GUEST and fault.guest not in guests:
        raise ConfigError(f"{place}.guest: {fault.guest} is none of: {', '.join(map(str, sorted(guests)))}")
    if fault.what not in OF_A_GUEST and fault.guest is not None:
        raise ConfigError(f"{place}.guest: {NOBODYS[fault.what]}; leave it out")
    if fault.share is not None and fault.what != "throttle":
        raise ConfigError(f"{place}.share: only what is throttled has a share; leave it out")
    if fault.what == "sound_server" and not has_server:
        raise ConfigError(f"{place}.what: there is no [sound_server] in this scenario to be restarted")

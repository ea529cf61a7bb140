"""What is broken when: the faults of a scenario, as it names them or as its seed draws them.

| `what` | happens to | meanwhile, for `for_s` |
|---|---|---|
| `restart` | `guest` | its domain is dead; then it is there again, has a new card, and plays on from the beginning |
| `pause` | `guest` | its processors stand still |
| `detach` | `guest` | the toolstack has taken its card away; then it gets it back |
| `backend` | everybody | the backend has been killed; then a new one is started |
"""

from collections.abc import Sequence
from random import Random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Kind = Literal["restart", "pause", "detach", "backend"]

EDGE_S = 0.3
"""Nothing is drawn so close to the beginning."""

LONGEST_S = 0.4
"""How long a drawn fault lasts at most."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong, and is mended."""

    at_s: Annotated[float, Meta(ge=0)]
    what: Kind
    guest: int | None = None
    """Which one; none for the backend."""
    for_s: Annotated[float, Meta(gt=0, le=60)] = 0.2


def draw_faults(count: int, guests: Sequence[int], duration_s: float, seed: int) -> list[Fault]:
    """So many faults at moments that the seed draws, no two of which concern the same guest at once."""
    random = Random(f"faults/{seed}")  # noqa: S311  # luck for simulations: it must repeat
    drawn: list[Fault] = []
    free_at_s = dict.fromkeys(guests, EDGE_S)
    slot_s = max(duration_s - EDGE_S, 0.0) / max(count, 1)
    for number in range(count):
        at_s = EDGE_S + slot_s * (number + random.random())
        for_s = random.uniform(0.02, LONGEST_S)
        what: Kind = random.choice(("restart", "pause", "detach", "backend"))
        guest = random.choice(list(guests))
        if what == "backend":
            if max(free_at_s.values()) <= at_s:
                drawn.append(Fault(at_s, what, None, for_s))
                free_at_s = dict.fromkeys(guests, at_s + for_s + EDGE_S)
        elif free_at_s[guest] <= at_s:
            drawn.append(Fault(at_s, what, guest, for_s))
            free_at_s[guest] = at_s + for_s + EDGE_S
    return drawn

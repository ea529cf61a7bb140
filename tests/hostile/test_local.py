"""Every attack of a hostile local application, beside another one and a guest who play on the same card.

They play on channels of their own, and each of their samples tells its place: so whatever the attacker does to anybody
else's sound is seen.  The backend has to be there after each attack, and as it was before.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from frontend.local import describe
from tests.hostile.arena import Footprint, footprint
from tests.hostile.attacks_local import ATTACKS
from tests.processes.locallab import LIMIT_S, Lab, Samples, is_whole, places, played, wait_for

FIGHTS_MAX = 3
"""What an attacker does to others it does each time; a machine that stands still for a moment does not."""
GROWTH_OCTETS_MAX = 48 << 20
LINES_MAX = 12
"""Of the log, for one attack: what is repeated is counted."""
NEIGHBOUR, GUEST = 2, 3  # channels; the attacker plays on the first two


@dataclass(frozen=True, slots=True)
class Fought:
    """What is left of a fight."""

    heard: Samples
    missed: int
    prints: list[Footprint]
    log: str


def fight(lab: Lab) -> Fought:
    """All attacks, one after the other."""
    socket = lab.folder / "local"
    describe(socket)  # opens the card both ways, which takes everybody's time
    guest = lab.guest(GUEST, 5.0)
    neighbour = lab.app(NEIGHBOUR)
    played(neighbour, 0.3)
    rested = footprint(lab.backend.pid)
    prints = [rested]
    for attack in ATTACKS.values():
        attack(socket)
        assert describe(socket).playback_channels == 4
        wait_for(lambda: footprint(lab.backend.pid).holds_no_more_than(rested))
        prints.append(footprint(lab.backend.pid))
    missed = played(neighbour, 1.0)
    assert guest.wait(LIMIT_S) == 0
    return Fought(lab.heard(), missed, prints, lab.log)


@pytest.fixture(scope="module")
def fought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fought]:
    """The fight, fought when first asked for, and once more if it left a trace in anybody's sound."""
    with ExitStack() as parts:
        for _ in range(FIGHTS_MAX):
            outcome = fight(Lab(tmp_path_factory.mktemp("local") / "lab", parts))
            if not outcome.missed and all(is_whole(outcome.heard, channel) for channel in (NEIGHBOUR, GUEST)):
                break
        yield outcome


def test_neighbours_are_heard_to_the_last_sample(fought: Fought) -> None:
    assert fought.missed == 0
    for channel in (NEIGHBOUR, GUEST):
        assert len(set(places(fought.heard, channel))) == 1
        assert is_whole(fought.heard, channel)


def test_memory_and_descriptors_are_bounded(fought: Fought) -> None:
    rested = fought.prints[0]
    assert max(after.rss_octets for after in fought.prints) - rested.rss_octets < GROWTH_OCTETS_MAX
    assert all(after.holds_no_more_than(rested) for after in fought.prints)


def test_the_log_has_few_lines_and_no_errors_of_ours(fought: Fought) -> None:
    lines = fought.log.splitlines()
    assert len(lines) <= LINES_MAX * len(ATTACKS), lines
    assert "error of ours" not in fought.log
    assert "Traceback" not in fought.log

"""Who is to blame for a missing block, and when that is too much."""

import pytest

from backend.local.blame import Blame
from backend.local.config import LocalConfig

PERIOD_NS = 10_000_000
CONFIG = LocalConfig(socket="s", devices=["d"], absent_ms=50, absent_blocks=3)


@pytest.fixture
def blame() -> Blame:
    return Blame(PERIOD_NS, 2, CONFIG)


def test_a_block_for_which_it_was_never_rung_is_not_its_fault(blame: Blame) -> None:
    assert not blame.missed(0, PERIOD_NS, awake=False)
    assert (blame.counted.missed, blame.counted.unposted, blame.counted.asleep) == (1, 1, 0)


@pytest.mark.parametrize(("after_ns", "unposted"), [(PERIOD_NS // 2 - 1, 1), (PERIOD_NS // 2, 0)])
def test_it_has_half_a_period_at_least(blame: Blame, after_ns: int, unposted: int) -> None:
    blame.posted(3, 1000)
    blame.missed(2, 1000 + after_ns, awake=True)
    assert (blame.counted.unposted, blame.counted.asleep) == (unposted, 0)


def test_each_block_counts_from_the_ring_that_made_room_for_it(blame: Blame) -> None:
    blame.posted(2, 0)
    blame.posted(3, PERIOD_NS)
    blame.posted(3, 2 * PERIOD_NS)
    blame.missed(1, PERIOD_NS + 1, awake=False)
    blame.missed(2, PERIOD_NS + 1, awake=False)
    assert (blame.counted.unposted, blame.counted.asleep) == (1, 1)


def test_it_takes_many_blocks_and_a_long_time_without_one_in_between(blame: Blame) -> None:
    blame.posted(1000, 0)
    late = [998, 999]
    at_ns = PERIOD_NS
    for _ in range(2):
        for step in range(4):
            assert not blame.missed(late[step % 2], at_ns + step * PERIOD_NS, awake=True)
        blame.there()
        at_ns += 4 * PERIOD_NS
    assert not blame.missed(998, at_ns, awake=True)
    assert not blame.missed(998, at_ns + 60_000_000, awake=True)
    assert blame.missed(998, at_ns + 60_000_000, awake=True)


def test_blocks_that_are_nobodys_fault_neither_count_nor_end_a_stretch(blame: Blame) -> None:
    blame.posted(1, -PERIOD_NS)
    assert not blame.missed(0, 0, awake=True)
    assert not blame.missed(0, 60_000_000, awake=True)
    assert not blame.missed(5, 60_000_000, awake=True)
    assert blame.missed(0, 60_000_000, awake=True)

"""The rings of blocks: everything is heard at its own time, or never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.errors import Errno, ProtocolError
from ringproto.local.region import INPUT_STAMPS_AT, OUTPUT_STAMPS_AT, Word
from tests.ringproto.local.regions import PERIOD, Region

# -- out --------------------------------------------------------------------------------------------------------------


def test_an_application_fills_its_ring_and_no_more() -> None:
    region = Region(3)
    assert region.write() == [0, 1, 2]
    assert region.write() == []
    assert region.mix() == [0]
    assert region.write() == [3]
    assert region.mix() + region.mix() + region.mix() == [1, 2, 0]
    assert region.mix() == [None]


def test_it_is_ahead_by_no_more_than_it_is_told() -> None:
    region = Region(3, depth=1)
    assert region.write() == [0]
    region.mix()
    assert region.write() == [1]
    region.words[Word.DEPTH] = 99
    assert region.write() == [2, 3]


def test_a_block_that_comes_late_is_never_heard() -> None:
    region = Region(2)
    region.write(1)
    assert region.mix(3 * PERIOD) == [0, None, None]
    assert region.write() == [3, 4]
    assert region.writer.late_blocks == 2
    assert region.mix() == [1]
    assert (region.reader.found, region.reader.missed) == ([0, 3], [1, 2])


def test_a_block_that_comes_while_its_silence_is_mixed_is_silence_to_its_end() -> None:
    region = Region(2)
    assert region.mix(1) == [None]
    assert region.write() == [0, 1]
    assert region.mix(PERIOD) == [None, 1]


def test_frames_may_be_asked_for_in_any_portion() -> None:
    region = Region(3)
    region.write()
    parts = [region.reader.next(3) for _ in range(6)]
    assert parts == [(0, 0, 3), (0, 3, 1), (1, 0, 3), (1, 3, 1), (2, 0, 3), (2, 3, 1)]
    assert region.reader.frame == 3 * PERIOD


def test_a_block_under_way_is_not_given_back() -> None:
    region = Region(1)
    region.write()
    region.mix(PERIOD - 1)
    assert region.write() == []
    region.mix(1)
    assert region.write() == [1]


def test_time_that_is_past_is_left_out_and_what_is_due_then_is_heard() -> None:
    region = Region(3)
    region.write()
    region.reader.skip(PERIOD + 1)
    assert region.mix(PERIOD - 1) == [1]
    assert region.mix() == [2]


def test_what_is_ready_is_what_the_application_says() -> None:
    region = Region(3)
    assert region.reader.ready_frames == 0
    region.write()
    region.reader.look()
    assert region.reader.ready_frames == 3 * PERIOD
    region.mix(PERIOD + 1)
    assert region.reader.ready_frames == 2 * PERIOD - 1


@pytest.mark.parametrize(("before", "claim"), [(0, 3), (0, 1 << 63), (2, 1), (2, 0)])
def test_a_count_of_blocks_that_cannot_be_is_refused(before: int, claim: int) -> None:
    region = Region(2)
    region.write(before)
    region.reader.look()
    region.words[Word.PRODUCED] = claim
    with pytest.raises(ProtocolError, match=f"produced: {claim}") as refused:
        region.reader.look()
    assert refused.value.errno is Errno.EINVAL


def test_stamps_of_other_blocks_are_no_block() -> None:
    for stamp in (0, 2, 3, (1 << 64) - 1):
        region = Region(2)
        region.words[OUTPUT_STAMPS_AT] = stamp
        assert region.mix() == [None]


# -- in ---------------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_read_in_order() -> None:
    region = Region(3)
    assert region.record(PERIOD - 1) == [0]
    assert region.take() == []
    assert region.record(1 + PERIOD) == [0, 1]
    assert region.take() == [0, 1]
    assert region.record() == [2]
    assert region.take() == [2]


def test_without_room_the_newest_are_dropped_and_all_keep_their_places() -> None:
    region = Region(2)
    assert region.record(5 * PERIOD) == [0, 1, None, None, None]
    assert region.recorder.missed == [2, 3, 4]
    assert region.recorder.waiting_blocks == 2
    assert region.take() == [0, 1]
    assert region.record() == [1]
    assert region.take() == [5]
    assert region.listener.lost_blocks == 3
    assert region.record() + region.record() == [0, 1]
    assert region.take() == [6, 7]


def test_a_block_left_out_is_lost_and_its_slot_free() -> None:
    region = Region(1)
    region.record()
    assert region.listener.there_blocks() == 1
    region.listener.leave_out()
    assert region.listener.lost_blocks == 1
    assert region.record() == [0]


@pytest.mark.parametrize("begun", [0, 1])
@pytest.mark.parametrize("skipped", [PERIOD, PERIOD + 1, 7 * PERIOD + 3])
def test_blocks_in_which_frames_are_left_out_are_none(begun: int, skipped: int) -> None:
    region = Region(1)
    region.record(begun)
    region.recorder.skip(skipped)
    rest = -region.recorder.frame % PERIOD
    region.record(rest)
    assert region.take() == []
    whole = region.recorder.frame // PERIOD
    assert region.record() == [0]
    assert region.take() == [whole]


@pytest.mark.parametrize("claim", [3, 1 << 63])
def test_blocks_that_were_not_recorded_cannot_be_taken(claim: int) -> None:
    region = Region(2)
    region.record(2 * PERIOD)
    region.words[Word.TAKEN] = claim
    with pytest.raises(ProtocolError, match=f"taken: {claim}"):
        region.recorder.look()


def test_what_was_taken_stays_so() -> None:
    region = Region(2)
    region.record(2 * PERIOD)
    region.take()
    region.record()
    region.words[Word.TAKEN] = 1
    with pytest.raises(ProtocolError, match="taken: 1, want 2 to 3"):
        region.recorder.look()


def test_stamps_that_are_nobodys_do_not_lead_the_application_on() -> None:
    region = Region(2)
    region.record()
    region.words[INPUT_STAMPS_AT + 1] = 77
    assert region.take() == [0]


# -- both ends, in any order ------------------------------------------------------------------------------------------

STEPS = st.lists(st.sampled_from(["write", "write one", "mix", "mix some", "record", "record some", "take"]))


@given(ring=st.integers(1, 4), steps=STEPS)
def test_whatever_happens_first_a_block_is_in_its_own_place(ring: int, steps: list[str]) -> None:
    region = Region(ring)
    written: set[int] = set()
    taken: list[int] = []
    for step in steps:
        if step.startswith("write"):
            written |= set(region.write(1 if step == "write one" else 64))
        elif step.startswith("mix"):
            region.mix(PERIOD if step == "mix" else 3)
        elif step.startswith("record"):
            region.record(PERIOD if step == "record" else 3)
        else:
            taken += region.take()
    assert set(region.reader.found) <= written
    assert sorted(region.reader.found + region.reader.missed) == list(range(-(-region.reader.frame // PERIOD)))
    assert taken == sorted(set(taken))
    assert set(taken) <= set(region.recorder.found)
    assert len(region.recorder.found) - len(taken) <= ring

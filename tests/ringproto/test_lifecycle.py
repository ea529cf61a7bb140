"""The lifecycle, every state with every operation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.abi import Op, Trigger
from ringproto.errors import Errno, ProtocolError
from ringproto.lifecycle import StreamState, after_op

CLOSED, PREPARED, RUNNING, PAUSED = StreamState

# What follows from CLOSED, PREPARED, RUNNING, PAUSED; None is a refusal.
EXPECTED: dict[Op | Trigger, list[StreamState | None]] = {
    Trigger.START: [None, RUNNING, None, RUNNING],
    Trigger.PAUSE: [None, None, PAUSED, None],
    Trigger.STOP: [None, PREPARED, PREPARED, PREPARED],
    Trigger.RESUME: [None, None, None, RUNNING],
}
EXPECTED_OF_OPS: dict[Op, list[StreamState | None]] = {
    Op.OPEN: [PREPARED, PREPARED, PREPARED, PREPARED],
    Op.CLOSE: [CLOSED, CLOSED, CLOSED, CLOSED],
    Op.READ: [None, PREPARED, RUNNING, PAUSED],
    Op.WRITE: [None, PREPARED, RUNNING, PAUSED],
    Op.SET_VOLUME: [None, PREPARED, RUNNING, PAUSED],
    Op.GET_VOLUME: [None, PREPARED, RUNNING, PAUSED],
    Op.MUTE: [None, PREPARED, RUNNING, PAUSED],
    Op.UNMUTE: [None, PREPARED, RUNNING, PAUSED],
    Op.HW_PARAM_QUERY: [CLOSED, PREPARED, RUNNING, PAUSED],
}
# Two tables, since an op and a trigger of the same number are equal, and one key of a dict.
CASES = [
    (state, what, following)
    for table in (EXPECTED, EXPECTED_OF_OPS)
    for what, row in table.items()
    for state, following in zip(StreamState, row, strict=True)
]


@pytest.mark.parametrize(("state", "what", "following"), CASES)
def test_operation_leads_on_or_is_refused(
    state: StreamState, what: Op | Trigger, following: StreamState | None
) -> None:
    if following is not None:
        assert after_op(state, what) is following
        return
    with pytest.raises(ProtocolError, match=what.name) as caught:
        after_op(state, what)
    assert caught.value.errno is Errno.EINVAL


def test_the_cases_are_all_there_are() -> None:
    assert len(CASES) == len(StreamState) * (len(Op) - 1 + len(Trigger))


def test_trigger_is_passed_as_itself() -> None:
    with pytest.raises(AssertionError):
        after_op(PREPARED, Op.TRIGGER)


@given(st.lists(st.sampled_from([(type(what), what.value) for _, what, _ in CASES])))
def test_after_any_history_a_stream_can_be_opened_started_and_closed(
    history: list[tuple[type[Op] | type[Trigger], int]],
) -> None:
    state = CLOSED
    for kind, value in history:
        try:
            state = after_op(state, kind(value))
        except ProtocolError:
            continue
    state = after_op(after_op(state, Op.OPEN), Trigger.START)
    assert state is RUNNING
    assert after_op(state, Op.CLOSE) is CLOSED

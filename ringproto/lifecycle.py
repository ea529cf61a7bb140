"""A stream's life: which operation is legal in which state, and what state follows.

           OPEN             START            PAUSE
    CLOSED ----> PREPARED <-------> RUNNING <-----> PAUSED      STOP leads back to PREPARED from RUNNING and PAUSED,
      ^             |        STOP            RESUME              CLOSE leads to CLOSED from everywhere,
      +--- CLOSE ---+                        START               OPEN leads to PREPARED from everywhere.

Theory: Linux sends CLOSE when ALSA frees the hardware parameters, opened or not, and may OPEN again without it; so
both are legal in every state, and OPEN while open begins anew with the new buffer.  STOP is idempotent, since it is
what everybody sends when in doubt.  WRITE comes before START (ALSA fills the buffer first), and after STOP.

A refusal changes nothing: the stream stays in the state it was in.
"""

from enum import Enum

from ringproto.abi import Op, Trigger
from ringproto.errors import Errno, ProtocolError


class StreamState(Enum):
    """Where a stream is in its life."""

    CLOSED = "closed"
    PREPARED = "prepared"
    RUNNING = "running"
    PAUSED = "paused"


#: The states in which each trigger is legal, and the state that follows.
_TRIGGERS: dict[Trigger, tuple[frozenset[StreamState], StreamState]] = {
    Trigger.START: (frozenset({StreamState.PREPARED, StreamState.PAUSED}), StreamState.RUNNING),
    Trigger.PAUSE: (frozenset({StreamState.RUNNING}), StreamState.PAUSED),
    Trigger.RESUME: (frozenset({StreamState.PAUSED}), StreamState.RUNNING),
    Trigger.STOP: (frozenset({StreamState.PREPARED, StreamState.RUNNING, StreamState.PAUSED}), StreamState.PREPARED),
}


def after_op(state: StreamState, what: Op | Trigger) -> StreamState:
    """The state after `what`, a trigger or any op but TRIGGER.  Raises ProtocolError(EINVAL) when it is illegal."""
    assert what is not Op.TRIGGER, "pass the trigger itself"
    if isinstance(what, Trigger):  # asked first: Op.OPEN and Trigger.START are equal as integers
        return _after_trigger(state, what)
    if what is Op.OPEN:
        return StreamState.PREPARED
    if what is Op.CLOSE:
        return StreamState.CLOSED
    if state is StreamState.CLOSED and what is not Op.HW_PARAM_QUERY:
        raise ProtocolError(Errno.EINVAL, f"op: {what.name} of a stream that is not open")
    return state


def _after_trigger(state: StreamState, trigger: Trigger) -> StreamState:
    legal, following = _TRIGGERS[trigger]
    if state not in legal:
        raise ProtocolError(Errno.EINVAL, f"trigger: {trigger.name} of a stream that is {state.value}")
    return following

"""The `id` of position events: which number a frontend expects in which slot.

Theory.  A frontend compares the id of every slot it consumes with a 16-bit count of its own, and drops the event when
they differ.  It counts the slot all the same.  So an id is a slot's number, and one number too many or too few loses
every later event.  Where the count begins, two rules are in the field:

* `connection`: at the first slot after connecting, once.  snd_xen_front of Linux 4.18 until mid-2026.
* `stream`: at the first slot after each OPEN.  snd_xen_front since the patch "Reset event channel state on stream
  clear" (2026-05), which also skips what is unread then.

`auto` serves both: each position goes into two slots that follow each other, the first numbered by connection, the
second by stream.  Each frontend accepts exactly one of the two and drops the other, for the two numberings differ by a
constant that is not 0; and where it is 0, as in a connection's first stream, one slot does for both.  A frontend that
looks at no id sees the same position twice, which moves nothing.
"""

from enum import Enum

U16 = 0xFFFF


class EventIdRule(Enum):
    """How events are numbered; the values are the configuration's words."""

    CONNECTION = "connection"
    STREAM = "stream"
    AUTO = "auto"


class EventIds:
    """Numbers the events of one stream's event page.  `number` is always that of a slot, from 0 at connection."""

    __slots__ = ("_opened_at", "_rule")

    def __init__(self, rule: EventIdRule) -> None:
        self._rule = rule
        self._opened_at = 0

    def opened(self, number: int) -> None:
        """An OPEN came; `number` is that of the slot that will be next."""
        self._opened_at = number

    def of(self, number: int) -> tuple[int, ...]:
        """The ids of one event, one for each slot that it takes, from slot `number` on."""
        by_connection = number & U16
        if self._rule is EventIdRule.CONNECTION:
            return (by_connection,)
        by_stream = number - self._opened_at & U16
        if self._rule is EventIdRule.STREAM or by_stream == by_connection:
            return (by_stream,)
        return by_connection, by_stream + 1 & U16

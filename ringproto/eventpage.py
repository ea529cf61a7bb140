"""The event page: position events from backend to frontend, 63 slots in one shared page.

Theory.  Two free-running u32 count what the frontend has consumed (`in_cons`) and the backend produced (`in_prod`);
slot `n % 63` holds event `n`.  There is no word to suppress notifications: the backend notifies always.

63 does not divide 2**32.  Where the counts wrap, the slots jump from 3 to 0: events 2**32 - 4 ... 2**32 - 1 lie in
slots 0 to 3, and so do events 0 to 3.  Both ends compute alike, so nothing is misread, but of two unread events in one
slot the older would be lost.  `EventProducer.room` therefore ends before a slot in which an unread event lies, so that
events 0 to 3 wait until at most 3 others are unread.

Rules as in `rings`: private counts, the peer's word read once and checked, slots copied once.
"""

from ringproto.abi import EVENT_SLOTS, IN_CONS, IN_PROD, PAGE_HEADER_OCTETS, SLOT_OCTETS
from ringproto.errors import Errno, ProtocolError
from ringproto.rings import U32, Fence


def _slot_at(count: int) -> int:
    return PAGE_HEADER_OCTETS + count % EVENT_SLOTS * SLOT_OCTETS


def _room_at_wrap(consumed: int, produced: int) -> int:
    """How many slots follow in which no unread event lies, counted one by one (see the theory)."""
    unread = {(consumed + n & U32) % EVENT_SLOTS for n in range(produced - consumed & U32)}
    room = 0
    while len(unread) < EVENT_SLOTS and (produced + room & U32) % EVENT_SLOTS not in unread:
        unread.add((produced + room & U32) % EVENT_SLOTS)
        room += 1
    return room


class EventProducer:
    """The backend's end.  It goes on from whatever the frontend has consumed when it attaches."""

    __slots__ = ("_attached_at", "_fence", "_page", "_produced", "_words")

    def __init__(self, page: memoryview, fence: Fence) -> None:
        self._page = page
        self._words = page.cast("I")
        self._fence = fence
        self._attached_at = self._produced = self._words[IN_CONS]
        self._words[IN_PROD] = self._produced

    @property
    def count(self) -> int:
        """Events produced since the page was made, modulo 2**32: the number of the next slot."""
        return self._produced

    @property
    def number(self) -> int:
        """Events produced since we attached, modulo 2**32."""
        return self._produced - self._attached_at & U32

    @property
    def room(self) -> int:
        """How many events can be pushed now.

        Raises ProtocolError(EINVAL) when the frontend claims to have consumed what was never produced.
        """
        consumed = self._words[IN_CONS]
        unread = self._produced - consumed & U32
        if unread > EVENT_SLOTS:
            raise ProtocolError(Errno.EINVAL, f"in_cons: {consumed} with {self._produced} produced")
        if consumed <= self._produced <= U32 - EVENT_SLOTS:
            return EVENT_SLOTS - unread
        return min(_room_at_wrap(consumed, self._produced), EVENT_SLOTS - unread)

    def push(self, slot: bytes) -> None:
        """Put an event into the next slot and publish it.  There must be room; the caller notifies."""
        assert len(slot) == SLOT_OCTETS
        at = _slot_at(self._produced)
        self._page[at : at + SLOT_OCTETS] = slot
        self._fence()  # the slot is seen before the count
        self._produced = self._produced + 1 & U32
        self._words[IN_PROD] = self._produced

    def release(self) -> None:
        """Let go of the page."""
        self._words.release()


class EventConsumer:
    """The frontend's end.  It initialises the page."""

    __slots__ = ("_consumed", "_fence", "_page", "_words")

    def __init__(self, page: memoryview, fence: Fence, start: int = 0) -> None:
        self._page = page
        self._words = page.cast("I")
        self._fence = fence
        page[:PAGE_HEADER_OCTETS] = bytes(PAGE_HEADER_OCTETS)
        self._consumed = self._words[IN_CONS] = self._words[IN_PROD] = start

    def take(self) -> bytes | None:
        """The next event, None when there is none.

        Raises ProtocolError(EINVAL) when the backend claims more events than there are slots.
        """
        unread = self._words[IN_PROD] - self._consumed & U32
        if unread == 0:
            return None
        if unread > EVENT_SLOTS:
            raise ProtocolError(Errno.EINVAL, f"in_prod: {unread} events in {EVENT_SLOTS} slots")
        self._fence()  # the count before the slot
        at = _slot_at(self._consumed)
        slot = bytes(self._page[at : at + SLOT_OCTETS])
        self._fence()  # the slot before our count, which gives it back
        self._consumed = self._consumed + 1 & U32
        self._words[IN_CONS] = self._consumed
        return slot

    def release(self) -> None:
        """Let go of the page."""
        self._words.release()

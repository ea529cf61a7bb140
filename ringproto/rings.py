"""The request ring: 32 slots of 64 octets in one shared page, used by both sides, frontend and backend.

Theory (ring.h).  Requests and responses share the slots; each side counts what it has produced in a free-running u32 in
the page, and both keep private counts of everything they produced and consumed.  To spare notifications each side says
up to which index it needs none: `rsp_event` (the frontend's wish) and `req_event` (the backend's).

Rules:

1. What we produce is counted privately.  The shared word is written, never read back: the peer could have changed it.
2. What the peer produces is read once per call, checked against what it could be, then used.
3. A slot is copied to private memory once, and the copy is all that anybody sees.
4. Two fences hold a later load back until a store has been seen, which no CPU promises by itself: in `publish`, before
   reading whether the peer wants a notification; in `final_check`, before looking once more.  Without either, both
   sides may go to sleep at once.
5. Two more keep slots and counts in step on CPUs that reorder more than x86 does: a slot is seen before the count that
   covers it, and is copied after that count was read.

`fence` is an argument: the host's full memory barrier in life, and in tests the place where the other side runs.
"""

from collections.abc import Callable

from ringproto.abi import (
    PAGE_HEADER_OCTETS,
    REQ_EVENT,
    REQ_PROD,
    RING_SLOTS,
    RSP_EVENT,
    RSP_PROD,
    SLOT_OCTETS,
)
from ringproto.errors import Errno, ProtocolError

Fence = Callable[[], None]

U32 = 0xFFFF_FFFF


class _Ring:
    """One end: produces with one pair of words, consumes with the other."""

    __slots__ = ("_consumed", "_fence", "_my_event", "_my_prod", "_page", "_produced", "_published", "_their_event",
                 "_their_prod", "_words")  # fmt: skip

    def __init__(self, page: memoryview, fence: Fence, start: int, words: tuple[int, int, int, int]) -> None:
        self._page = page
        self._words = page.cast("I")
        self._fence = fence
        self._my_prod, self._my_event, self._their_prod, self._their_event = words
        self._produced = start  # by us, published or not
        self._published = start  # by us, as the peer may know
        self._consumed = start  # of the peer's

    def push(self, slot: bytes) -> None:
        """Put a message into the next slot; the peer does not see it before `publish`."""
        assert len(slot) == SLOT_OCTETS
        at = PAGE_HEADER_OCTETS + self._produced % RING_SLOTS * SLOT_OCTETS
        self._page[at : at + SLOT_OCTETS] = slot
        self._produced = self._produced + 1 & U32

    def publish(self) -> bool:
        """Show the peer all that was pushed; True when it wants to be notified."""
        old, new = self._published, self._produced
        if old == new:
            return False
        self._fence()  # the slots before the count
        self._words[self._my_prod] = new
        self._published = new
        self._fence()  # the count before the look
        return new - self._words[self._their_event] & U32 < new - old & U32

    def final_check(self, messages: int = 1) -> bool:
        """Before going to sleep: ask to be notified once so many are there, and look once more; True when they are."""
        self._words[self._my_event] = self._consumed + messages & U32
        self._fence()  # the wish before the look
        return self._words[self._their_prod] - self._consumed & U32 >= messages

    def release(self) -> None:
        """Let go of the page."""
        self._words.release()

    def _copy_next(self) -> bytes:
        self._fence()  # the count before the slot
        at = PAGE_HEADER_OCTETS + self._consumed % RING_SLOTS * SLOT_OCTETS
        slot = bytes(self._page[at : at + SLOT_OCTETS])
        self._consumed = self._consumed + 1 & U32
        return slot


class FrontRing(_Ring):
    """The frontend's end: pushes requests, takes responses.  It initialises the page."""

    __slots__ = ()

    def __init__(self, page: memoryview, fence: Fence, start: int = 0) -> None:
        super().__init__(page, fence, start, (REQ_PROD, RSP_EVENT, RSP_PROD, REQ_EVENT))
        page[:PAGE_HEADER_OCTETS] = bytes(PAGE_HEADER_OCTETS)
        self._words[REQ_PROD] = self._words[RSP_PROD] = start
        self._words[REQ_EVENT] = self._words[RSP_EVENT] = start + 1 & U32

    @property
    def free(self) -> int:
        """How many requests may be pushed: a slot is in use from request to response."""
        return RING_SLOTS - (self._produced - self._consumed & U32)

    def push(self, slot: bytes) -> None:
        """Put a request into the next slot; there must be one free."""
        assert self.free > 0
        super().push(slot)

    def take(self) -> bytes | None:
        """The next response, None when there is none.

        Raises ProtocolError(EINVAL) when the backend claims to have answered what was never asked.
        """
        answered = self._words[self._their_prod] - self._consumed & U32
        if answered == 0:
            return None
        if answered > self._published - self._consumed & U32:
            raise ProtocolError(Errno.EINVAL, "rsp_prod: more responses than requests")
        return self._copy_next()


class BackRing(_Ring):
    """The backend's end: takes requests, pushes responses."""

    __slots__ = ()

    def __init__(self, page: memoryview, fence: Fence, start: int = 0) -> None:
        super().__init__(page, fence, start, (RSP_PROD, REQ_EVENT, REQ_PROD, RSP_EVENT))

    def push(self, slot: bytes) -> None:
        """Put a response into the next slot; a request must be waiting for it."""
        assert self._produced != self._consumed, "a response without a request"
        super().push(slot)

    def take(self) -> bytes | None:
        """The next request, None when there is none.

        Raises ProtocolError(EINVAL) when more requests are claimed than slots are free: nothing in the ring can be
        trusted then, and the connection is to be ended.
        """
        claimed = self._words[self._their_prod]
        if claimed - self._produced & U32 > RING_SLOTS:
            raise ProtocolError(
                Errno.EINVAL, f"req_prod: {claimed - self._produced & U32} requests in {RING_SLOTS} slots"
            )
        if claimed == self._consumed:
            return None
        if claimed - self._consumed & U32 > RING_SLOTS:
            raise ProtocolError(Errno.EINVAL, "req_prod: went back")
        return self._copy_next()

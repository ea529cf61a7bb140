"""What the tests of rings and event pages share: pages in plain memory, and slots to send."""

from ringproto.abi import PAGE_OCTETS, SLOT_OCTETS
from ringproto.rings import BackRing, FrontRing

WRAP = 2**32

#: Where indices begin in tests: at 0, and so that they wrap soon.
STARTS = (0, WRAP - 1, WRAP - 20, WRAP - 64)


def no_fence() -> None:
    """One thread has nothing to order."""


def page_of(octets: int = 0) -> memoryview:
    """A page full of one octet."""
    return memoryview(bytearray([octets]) * PAGE_OCTETS)


def slot_of(number: int) -> bytes:
    """A slot that tells `number`, modulo 2**32."""
    return (number & 0xFFFF_FFFF).to_bytes(4, "little") * (SLOT_OCTETS // 4)


class RingEnds:
    """Both ends of a ring on one page."""

    def __init__(self, start: int = 0) -> None:
        self.page = page_of()
        self.words = self.page.cast("I")
        self.front = FrontRing(self.page, no_fence, start)
        self.back = BackRing(self.page, no_fence, start)

    def request(self, count: int) -> None:
        for number in range(count):
            self.front.push(slot_of(number))
        self.front.publish()

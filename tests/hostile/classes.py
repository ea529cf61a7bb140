"""All attacks: importing this declares every case.

What the list has and is not here, and why:

    E2 for hours            the page is full after 63 events and nothing changes afterwards; a second says as much
    X1, X6: NULs, 4 KiB     no xenstore node of a guest's holds more than 2 KiB; longer is refused (S15)
    X8 xenstored restarts   the emulated store is one with the machine, whose end is everybody's (tests/backend)
    /dev/xen, SIGBUS        pages are sealed memfds here, which cannot shrink; B3 tries to share what could
    wraps of counts         their tests begin near 2**32, in tests/ringproto: no process gets there in time
"""

from tests.hostile import (
    attacks_broker,
    attacks_cards,
    attacks_events,
    attacks_open,
    attacks_pages,
    attacks_rights,
    attacks_ring,
    attacks_store,
    attacks_trigger,
    attacks_volleys,
    attacks_write,
    attacks_xenbus,
)
from tests.hostile.cases import CASES

MODULES = (
    attacks_ring,
    attacks_open,
    attacks_pages,
    attacks_write,
    attacks_trigger,
    attacks_events,
    attacks_xenbus,
    attacks_cards,
    attacks_volleys,
    attacks_store,
    attacks_rights,
    attacks_broker,
)

assert MODULES

CLASSES = {letter: [name for name in CASES if name.startswith(letter)] for letter in "rowtexvsb"}
"""The names of the cases of each class, in the order in which they are committed."""

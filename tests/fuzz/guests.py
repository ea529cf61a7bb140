"""Fuzz targets that are a hostile guest of a whole backend: in its shared pages (`ring`), in its store (`contents`)."""

from contextlib import suppress
from struct import pack

from hosts.api import HostError
from ringproto.abi import PAGE_OCTETS, SLOT_OCTETS
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest
from tests.fuzz.choices import Choices
from tests.fuzz.dom0 import HOSTILE, under_fire
from tests.fuzz.values import NODES, VALUES

STEPS_MAX = 60


def ring(data: bytes) -> None:
    """A guest with an open stream that writes anything anywhere in all of its pages, and rings."""
    with under_fire() as dom0:
        choices = Choices(data)
        guest = RawGuest(dom0.machine, dom0.host, HOSTILE)
        guest.connect()
        guest.open()
        _deafen(guest)
        pages = [guest.ring_page.pages[0], guest.event_page.pages[0], guest.data_pages[0], guest.grants[-1].pages[0]]
        for _ in range(STEPS_MAX):
            if not choices.left:
                break
            _scribble(choices, guest, pages)


def _scribble(choices: Choices, guest: RawGuest, pages: list[memoryview]) -> None:
    kind = choices.below(7)
    if kind == 0:  # a word of one of the headers: the counts
        page, at = pages[choices.below(2)], choices.below(16) * 4
        page[at : at + 4] = choices.take(4)
    elif kind == 1:  # anything anywhere
        page, octets = pages[choices.below(len(pages))], choices.piece()
        at = choices.below(PAGE_OCTETS - len(octets))
        page[at : at + len(octets)] = octets
    elif kind == 2:
        _push(guest, choices.take(choices.below(SLOT_OCTETS + 1)))
    elif kind == 3:
        _push(guest, _plausible(choices))
    elif kind == 4:
        guest.doorbell.notify()
    elif kind == 5:
        guest.event_doorbell.notify()
    else:
        guest.settle(choices.below(40) * MS)


def _plausible(choices: Choices) -> bytes:
    """A request as guests send them: somewhere in the buffer, or a trigger."""
    op = choices.below(10)
    if op == 8:
        return pack("<HB5xB", choices.number(), op, choices.below(5))
    offset, length = choices.below(BUFFER_FRAMES + 2), choices.below(BUFFER_FRAMES + 2)
    return pack("<HB5xII", choices.number(), op, offset * FRAME_OCTETS, length * FRAME_OCTETS)


def _push(guest: RawGuest, slot: bytes) -> None:
    with suppress(AssertionError):  # the ring's own, when it is full
        guest.send_slots(slot.ljust(SLOT_OCTETS, b"\0"))


def _deafen(guest: RawGuest) -> None:
    """What the guest makes of its own broken pages does not matter."""
    for bell in (guest.doorbell, guest.event_doorbell):
        bell.on_notify(lambda now_ns: None)


def contents(data: bytes) -> None:
    """A guest that writes anything into its own directory, connected or not, and connects again and again."""
    with under_fire() as dom0:
        choices = Choices(data)
        guest = RawGuest(dom0.machine, dom0.host, HOSTILE)
        guest.settle(1 * MS)
        for _ in range(STEPS_MAX):
            if not choices.left:
                break
            _rewrite(choices, guest)


def _rewrite(choices: Choices, guest: RawGuest) -> None:
    kind = choices.below(6)
    path = f"{guest.path}/{NODES[choices.below(len(NODES))]}".rstrip("/")
    with suppress(HostError):
        if kind == 0:
            guest.host.store.write(path, VALUES[choices.below(len(VALUES))])
        elif kind == 1:
            guest.host.store.write(path, choices.piece().decode("latin-1"))
        elif kind == 2:
            guest.host.store.remove(path)
        elif kind == 3:
            guest.publish()
            _deafen(guest)
        elif kind == 4:  # as the backend may not read it any more, or everybody may write it
            guest.host.store.set_perms(path, (f"{'nrwb'[choices.below(4)]}{HOSTILE}", f"{'nrwb'[choices.below(4)]}0"))
        else:
            guest.settle(choices.below(200) * 10 * MS)

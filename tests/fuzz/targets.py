"""What is fuzzed: one function for each surface that a guest can touch.

Each takes the fuzzer's octets, and raises for nothing that a guest may do.  What it raises is a crash.
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from hosts.api import HostError
from hosts.emu.messages import requests
from hosts.xenstore.store import XenStore
from hosts.xsserver import QUEUED_OCTETS_MAX, StoreConnection
from ringproto.abi import PAGE_OCTETS, SLOT_OCTETS
from ringproto.card import parse_card, parse_transport
from ringproto.errors import ProtocolError
from ringproto.messages import parse_event, parse_request, parse_response
from ringproto.pagedir import data_pages, walk_directory
from ringproto.xenbus import parse_state
from tests.backend.rawguest import MS, RawGuest
from tests.fuzz.choices import Choices
from tests.fuzz.dom0 import HOSTILE, Dom0

STEPS_MAX = 60


def slots(data: bytes) -> None:
    """Requests, responses and events from 64 octets: a value, or the peer's fault."""
    slot = data[:SLOT_OCTETS].ljust(SLOT_OCTETS, b"\0")
    for parse in (parse_request, parse_response, parse_event):
        with suppress(ProtocolError):
            parse(slot)


def directory(data: bytes) -> None:
    """A page directory of up to 16 pages, in any order and to any length of buffer."""
    choices = Choices(data)
    size_octets = 1 + choices.number(4) % (1 << 27)
    pages: dict[int, bytes] = {}
    copied = 0

    def copy_page(ref: int) -> bytes:
        nonlocal copied
        copied += 1
        assert copied <= 1 + data_pages(size_octets) // 1023, "more pages than the buffer can need"
        if ref not in pages:
            if not choices.left:
                raise HostError(13, "not granted")
            listed = bytes(choices.number() for _ in range(choices.number(2) % 1024))
            page = b"".join((choices.number(), *listed)[n].to_bytes(4, "little") for n in range(len(listed) + 1))
            pages[ref] = page.ljust(PAGE_OCTETS, b"\x05")
        return pages[ref]

    with suppress(ProtocolError, HostError):
        refs = walk_directory(copy_page, choices.number(), size_octets)
        assert len(refs) == len(set(refs)) == data_pages(size_octets)
        assert 0 not in refs


def ring(data: bytes) -> None:
    """A connected guest that writes anything anywhere in all of its pages and rings; see `Choices` for how."""
    choices, dom0 = Choices(data), Dom0()
    try:
        guest = RawGuest(dom0.machine, dom0.host, HOSTILE)
        guest.connect()
        guest.open()
        guest.doorbell.on_notify(_deaf)  # what the guest makes of its own broken pages does not matter
        guest.event_doorbell.on_notify(_deaf)
        pages = [guest.ring_page.pages[0], guest.event_page.pages[0], guest.data_pages[0], guest.grants[-1].pages[0]]
        for _ in range(STEPS_MAX):
            if not choices.left:
                break
            _scribble(choices, guest, pages)
        dom0.check()
    finally:
        dom0.close()


def _scribble(choices: Choices, guest: RawGuest, pages: list[memoryview]) -> None:
    kind = choices.below(6)
    if kind == 0:  # a word of one of the headers: the counts
        at = choices.below(16) * 4
        pages[choices.below(2)][at : at + 4] = choices.take(4)
    elif kind == 1:  # anything anywhere
        octets = choices.piece()
        at = choices.below(PAGE_OCTETS - len(octets))
        pages[choices.below(len(pages))][at : at + len(octets)] = octets
    elif kind == 2:  # a request in the right place
        with suppress(AssertionError):  # the ring's own, when it is full
            guest.send_slots(choices.take(choices.below(SLOT_OCTETS + 1)).ljust(SLOT_OCTETS, b"\0"))
    elif kind == 3:
        guest.doorbell.notify()
    elif kind == 4:
        guest.event_doorbell.notify()
    else:
        guest.settle(choices.below(40) * MS)


def _deaf(now_ns: int) -> None:
    """Hear nothing."""


NODES = (
    "state", "version", "short-name", "channels-min", "channels-max", "sample-rates", "sample-formats", "buffer-size",
    "0/name", "0/channels-max", "0/0/type", "0/0/unique-id", "0/0/sample-rates", "0/0/ring-ref", "0/0/event-channel",
    "0/0/evt-ring-ref", "0/0/evt-event-channel", "0/1/type", "0/1/unique-id", "1/0/type", "0", "0/0", "7/7/type", "",
)  # fmt: skip
VALUES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "-1", "p", "c", "speaker", "s16_le", "4294967296", "48000,", "")


def contents(data: bytes) -> None:
    """A guest that writes anything into its own directory, connected or not, and connects again and again."""
    choices, dom0 = Choices(data), Dom0()
    try:
        guest = RawGuest(dom0.machine, dom0.host, HOSTILE)
        guest.settle(1 * MS)
        for _ in range(STEPS_MAX):
            if not choices.left:
                break
            _rewrite(choices, guest)
        dom0.check()
    finally:
        dom0.close()


def _rewrite(choices: Choices, guest: RawGuest) -> None:
    kind = choices.below(5)
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
        else:
            _settle(guest, choices.below(200) * 10 * MS)


def _settle(guest: RawGuest, ns: int) -> None:
    with suppress(ProtocolError, AssertionError):  # the guest's own wire, which it may have cut itself
        guest.settle(ns)


def cards(data: bytes) -> None:
    """The configuration of a card, and of a stream's transport, from any nodes."""
    choices = Choices(data)
    nodes: dict[str, str] = {}
    while choices.left and len(nodes) < len(NODES):
        value = choices.piece() if choices.below(2) else VALUES[choices.below(len(VALUES))].encode()
        nodes[NODES[choices.below(len(NODES))]] = value.decode("latin-1")
    for parse in (parse_card, parse_transport):
        with suppress(ProtocolError):
            parse(nodes)
    parse_state(nodes.get("state"))


def xenstore(data: bytes) -> None:
    """A guest's connection to the xenstore, and Dom0's beside it, from octets in pieces of any size."""
    choices, store = Choices(data), XenStore()
    store.introduce(HOSTILE)
    guest, dom0 = StoreConnection(store, HOSTILE), StoreConnection(store, 0)
    while choices.left:
        connection = dom0 if choices.below(4) == 0 else guest
        try:
            connection.receive(choices.piece())
        except ProtocolError:
            break
        assert connection.queued_octets <= QUEUED_OCTETS_MAX
        if choices.below(2):
            connection.outgoing()
    guest.close()
    store.release(HOSTILE)
    dom0.close()


def broker(data: bytes) -> None:
    """What a guest says to the emulated machine about pages and ports."""
    with suppress(msgspec.DecodeError):
        requests.decode(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (slots, directory, ring, contents, cards, xenstore, broker)
}

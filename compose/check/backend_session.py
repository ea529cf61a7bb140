"""Rules for backends: the handshake, and opening and closing."""

from dataclasses import replace

from compose.check.guest import WireGuest
from compose.check.rule import Rule, require
from compose.check.wire import MS
from ringproto.abi import Trigger
from ringproto.messages import CloseRequest, WriteRequest

XENBUS = "xenbus, as libxenbe and snd_xen_front have it"
LINUX = "snd_xen_front (Linux)"
SNDIF = "sndif.h"


def connects(guest: WireGuest) -> None:
    """2, then 3 of ours, then 4."""
    guest.connect()


def lets_a_module_go(guest: WireGuest) -> None:
    """Closing of ours leads to InitWait within the kernel's second."""
    guest.connect()
    guest.set_state("5")
    guest.wait_for("2", limit_ns=1000 * MS)
    guest.drop()
    guest.set_state("6")


def takes_it_back(guest: WireGuest) -> None:
    """After leaving, connecting works again."""
    lets_a_module_go(guest)
    guest.set_state("1")
    guest.connect()
    require(guest.playback().open() == 0, "OPEN is refused after the guest came back")


def serves_one_that_starts_over(guest: WireGuest) -> None:
    """A guest that was restarted writes 1 without a word of goodbye."""
    guest.connect()
    guest.set_state("1")
    guest.wait_for("2")
    guest.connect()


def is_not_confused_by_garbage(guest: WireGuest) -> None:
    """States that there are none like change nothing, or cost the connection, and no more."""
    guest.connect()
    for garbage in ("9", "-1", "", "four", "4" * 500):
        guest.set_state(garbage)
        guest.settle(5 * MS)
    guest.set_state("1")
    guest.connect()


def opens_twice(guest: WireGuest) -> None:
    """Linux may set parameters anew without CLOSE."""
    wire = guest.playback()
    require(wire.open() == 0, "the first OPEN is refused")
    status = wire.open()
    require(status == 0, f"the second OPEN is answered with {status}")


def closes_what_is_not_open(guest: WireGuest) -> None:
    """Linux sends CLOSE when parameters are freed, opened or not."""
    wire = guest.playback()
    for attempt in ("before any OPEN", "once more"):
        status = wire.call(CloseRequest(wire.next_id()))
        require(status == 0, f"CLOSE {attempt} is answered with {status}")


def refuses_bad_sizes(guest: WireGuest) -> None:
    """Buffers of nothing, of more than was configured, periods beyond the buffer."""
    wire = guest.playback()
    good = wire.open_request()
    limit = wire.config.limits.buffer_octets
    for what, bad in (
        ("a buffer of 0", replace(good, buffer_octets=0)),
        ("a buffer beyond buffer-size", replace(good, buffer_octets=limit + 4096)),
        ("a buffer of 4 GiB", replace(good, buffer_octets=0xFFFF_FFFF)),
        ("a period beyond the buffer", replace(good, period_octets=good.buffer_octets + wire.frame_octets)),
        ("0 channels", replace(good, channels=0)),
        ("0 Hz", replace(good, rate_hz=0)),
    ):
        status = wire.call(replace(bad, id=wire.next_id()))
        require(status < 0, f"{what} is opened, with status {status}")


def refuses_bad_directories(guest: WireGuest) -> None:
    """References that are 0, never granted, or a chain that bites its tail."""
    wire = guest.playback()
    good = wire.open_request()
    own = wire.directory
    for what, words in (("reference 0", {1: 0}), ("a reference never granted", {1: 0x7FFF_FFF0})):
        words_before = bytes(own.pages[0][:8])
        for at, value in words.items():
            own.pages[0][4 * at : 4 * at + 4] = value.to_bytes(4, "little")
        status = wire.call(replace(good, id=wire.next_id()))
        own.pages[0][:8] = words_before
        require(status < 0, f"{what} in the directory is opened, with status {status}")
    status = wire.call(replace(good, id=wire.next_id(), gref_directory=0))
    require(status < 0, f"directory 0 is opened, with status {status}")
    require(wire.call(replace(good, id=wire.next_id())) == 0, "the good directory is refused afterwards")


def needs_an_open_stream(guest: WireGuest) -> None:
    """Data and triggers before OPEN."""
    wire = guest.playback()
    status = wire.call(WriteRequest(wire.next_id(), 0, 64))
    require(status < 0, f"WRITE before OPEN is answered with {status}")
    status = wire.trigger(Trigger.START)
    require(status < 0, f"START before OPEN is answered with {status}")


RULES: tuple[Rule[WireGuest], ...] = (
    Rule(
        "handshake.connects",
        "The backend goes from InitWait to Connected when the guest is Initialised.",
        XENBUS,
        connects,
    ),
    Rule(
        "handshake.closes",
        "After the guest's Closing the backend is in InitWait within a second.",
        LINUX,
        lets_a_module_go,
    ),
    Rule(
        "handshake.again",
        "A guest that left can connect again.",
        XENBUS,
        takes_it_back,
    ),
    Rule(
        "handshake.restart",
        "A guest that starts over without a goodbye is served again.",
        XENBUS,
        serves_one_that_starts_over,
    ),
    Rule(
        "handshake.garbage",
        "A state that is none ends nothing but, at most, that guest's connection.",
        "XSA-350 class",
        is_not_confused_by_garbage,
    ),
    Rule(
        "open.twice",
        "OPEN of an open stream opens it anew.",
        LINUX,
        opens_twice,
    ),
    Rule(
        "close.any",
        "CLOSE succeeds in every state.",
        LINUX,
        closes_what_is_not_open,
    ),
    Rule(
        "open.sizes",
        "Sizes that cannot be are refused.",
        f"{SNDIF}; snd_be's unbounded buffer_sz",
        refuses_bad_sizes,
    ),
    Rule(
        "open.directory",
        "A page directory with references that cannot be is refused.",
        "XSA-155, XSA-361 class",
        refuses_bad_directories,
    ),
    Rule(
        "open.first",
        "Data and triggers of a stream that is not open are refused.",
        SNDIF,
        needs_an_open_stream,
    ),
)

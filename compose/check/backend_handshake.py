"""Rules for backends: the handshake."""

from compose.check.guest import WireGuest
from compose.check.player import MS, Player
from compose.check.rule import LINUX, SNDIF, XENBUS, Book, require
from ringproto.abi import REQ_PROD, VERSION

BOOK = Book[WireGuest]()
MODULE_LIMIT_NS = 1_000 * MS
"""The kernel's patience when its module is removed: 100 times 10 ms."""


@BOOK.rule("handshake.versions", SNDIF)
def offers_the_version(guest: WireGuest) -> str:
    """If the backend says which versions it knows, 2 is among them."""
    guest.begin()
    versions = guest.host.store.read(f"{guest.backend_path}/versions")
    require(versions is None or str(VERSION) in versions.split(","), f"versions = {versions}")
    return "it does not say" if versions is None else versions


@BOOK.rule("handshake.waits", XENBUS)
def waits_for_the_guest(guest: WireGuest) -> None:
    """The backend stays in InitWait until the guest is Initialised."""
    guest.begin()
    guest.settle(100 * MS)
    require(guest.backend_state == "2", f"it is in state {guest.backend_state} though the guest is in 1")


@BOOK.rule("handshake.connects", XENBUS)
def connects(guest: WireGuest) -> None:
    """The backend goes from InitWait to Connected when the guest is Initialised."""
    guest.connect()


@BOOK.rule("handshake.closes", LINUX)
def lets_a_module_go(guest: WireGuest) -> None:
    """After the guest's Closing the backend is in InitWait within a second."""
    guest.connect()
    guest.set_state("5")
    guest.wait_for("2", limit_ns=MODULE_LIMIT_NS)
    guest.drop()
    guest.set_state("6")


@BOOK.rule("handshake.closes-playing", LINUX)
def lets_a_player_go(guest: WireGuest) -> None:
    """So it is when the guest leaves in the midst of playing."""
    Player(guest.playback()).play(3)
    guest.set_state("5")
    guest.wait_for("2", limit_ns=MODULE_LIMIT_NS)


@BOOK.rule("handshake.unmaps", LINUX)
def keeps_nothing(guest: WireGuest) -> str:
    """Having closed, the backend holds none of the guest's pages."""
    Player(guest.playback()).play(3)
    guest.set_state("5")
    guest.wait_for("2")
    guest.drop()
    return "as far as the host can tell"


@BOOK.rule("handshake.again", XENBUS)
def takes_it_back(guest: WireGuest) -> None:
    """A guest that left can connect again."""
    lets_a_module_go(guest)
    guest.set_state("1")
    require(guest.playback().open() == 0, "OPEN is refused after the guest came back")


@BOOK.rule("handshake.restart", XENBUS)
def serves_one_that_starts_over(guest: WireGuest) -> None:
    """A guest that starts over without a goodbye is served again."""
    guest.connect()
    guest.set_state("1")
    guest.wait_for("2")
    require(guest.playback().open() == 0, "OPEN is refused after the guest started over")


@BOOK.rule("handshake.often", "XSA-350 class")
def bears_toggling(guest: WireGuest) -> None:
    """A guest that changes its state faster than anybody can follow is served once it stands still."""
    guest.connect()
    for _ in range(20):
        for state in ("1", "3", "4", "5", "6"):
            guest.set_state(state)
    guest.set_state("1")
    guest.settle(100 * MS)
    require(guest.playback().open() == 0, "OPEN is refused afterwards")


@BOOK.rule("handshake.garbage", "XSA-350 class")
def is_not_confused_by_garbage(guest: WireGuest) -> None:
    """A state that is none ends nothing but, at most, that guest's connection."""
    guest.connect()
    for garbage in ("9", "-1", "", "four", "4" * 500):
        guest.set_state(garbage)
        guest.settle(5 * MS)
    guest.set_state("1")
    guest.connect()


@BOOK.rule("handshake.transport", "XSA-361 class")
def refuses_bad_transports(guest: WireGuest) -> None:
    """Rings and ports that cannot be do not connect, and spoil nothing for good."""
    for key, value in (("ring-ref", "2147483632"), ("ring-ref", "a"), ("event-channel", "99999"), ("evt-ring-ref", "")):
        guest.begin()
        guest.publish(**{key: value})
        guest.settle(200 * MS)
        require(guest.backend_state != "4", f"it connects with {key} = {value!r}")
        guest.set_state("1")
    guest.connect()


@BOOK.rule("handshake.impossible", "XSA-39")
def survives_impossible_rings(guest: WireGuest) -> None:
    """A ring whose counts cannot be costs that connection at most."""
    wire = guest.playback()
    words = wire.ring_page.pages[0].cast("I")
    for ahead in (33, 1 << 31, 0xFFFF_FFFF):
        words[REQ_PROD] = ahead
        wire.doorbell.notify()
        guest.settle(20 * MS)
    words.release()
    guest.set_state("1")
    require(guest.playback().open() == 0, "OPEN is refused after the guest started over")

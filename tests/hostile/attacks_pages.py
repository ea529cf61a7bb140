"""O, continued: the pages that an OPEN names.  Directories that lie or change, pages that are not granted."""

from collections.abc import Callable
from itertools import cycle

from ringproto.abi import DIRECTORY_GREFS
from ringproto.pagedir import build_directory
from tests.hostile.attacks_open import BUFFER_OCTETS, LARGEST_OCTETS, raw_open
from tests.hostile.cases import case, variants
from tests.hostile.guest import MICROPHONE, Hostile, Meddler, poke, words
from tests.hostile.wire import RawGuest

Spoil = Callable[[RawGuest], int]


def _directory_case(name: str, did: str, spoil: Spoil, size: int, *allowed: str) -> None:
    """Declare a case that opens a buffer whose directory was spoilt; `spoil` gives the reference to open with."""

    def attack(hostile: Hostile) -> str:
        guest = hostile.connected()
        data, directory = guest.share_buffer(BUFFER_OCTETS)
        build_directory(data.refs, directory.refs, directory.pages)
        return raw_open(guest, size=size, directory=spoil(guest))

    attack.__name__, attack.__doc__ = f"o4_{name}", did
    case(*allowed)(attack)


def _self_cycle(guest: RawGuest) -> int:
    poke(guest.directory.pages[0], 0, guest.directory.refs[0])
    for entry in range(DIRECTORY_GREFS):
        poke(guest.directory.pages[0], 1 + entry, 100_000 + entry)
    return guest.directory.refs[0]


def _two_cycle(guest: RawGuest) -> int:
    other = guest.host.share(0, 1)
    guest.grants.append(other)
    _self_cycle(guest)
    poke(guest.directory.pages[0], 0, other.refs[0])
    poke(other.pages[0], 0, guest.directory.refs[0])
    return guest.directory.refs[0]


def _entry(entry: int, ref: Callable[[RawGuest], int]) -> Spoil:
    def spoil(guest: RawGuest) -> int:
        poke(guest.directory.pages[0], entry, ref(guest))
        return guest.directory.refs[0]

    return spoil


_directory_case("self_cycle", "Its directory goes on with itself.", _self_cycle, LARGEST_OCTETS, "-22")
_directory_case("cycle_of_two", "Its directory's pages go on with each other.", _two_cycle, LARGEST_OCTETS, "-22")
_directory_case("longer_than_needed", "Its directory goes on, though all is said.",
                _entry(0, lambda guest: guest.directory.refs[0]), BUFFER_OCTETS, "0")  # fmt: skip
_directory_case("ends_early", "Its directory ends before the buffer does.",
                _entry(0, lambda guest: 0), LARGEST_OCTETS, "-22")  # fmt: skip
_directory_case("gref_0", "A data page is reference 0.", _entry(2, lambda guest: 0), BUFFER_OCTETS, "-22")
_directory_case("page_twice", "A data page stands twice.",
                _entry(2, lambda guest: guest.data.refs[0]), BUFFER_OCTETS, "-22")  # fmt: skip
_directory_case("ring_page_as_data", "The ring's page is a data page too; it harms only itself.",
                _entry(2, lambda guest: guest.ring_page.refs[0]), BUFFER_OCTETS, "0", "-22", "-14")  # fmt: skip
_directory_case("directory_as_data", "The directory is a page of the buffer.",
                _entry(2, lambda guest: guest.directory.refs[0]), BUFFER_OCTETS, "-22")  # fmt: skip
_directory_case("of_random_octets", "The ring's page is its directory.",
                lambda guest: guest.ring_page.refs[0], BUFFER_OCTETS, "-22", "-14")  # fmt: skip


# -- grants -----------------------------------------------------------------------------------------------------------


def _o5_directory_ref(hostile: Hostile, ref: int) -> str:
    """Its directory is a page that it never granted."""
    return raw_open(hostile.connected(), directory=ref)


variants(_o5_directory_ref, {"0": 0, "never_granted": 1 << 20, "all_ones": 2**32 - 1}, "-22", "-14")


@case("-14")
def o5_data_never_granted(hostile: Hostile) -> str:
    """A data page was never granted."""
    return _with_page(hostile.connected(), lambda guest: 1 << 20)


@case("-14")
def o5_data_revoked(hostile: Hostile) -> str:
    """A data page was taken back before the OPEN."""

    def revoked(guest: RawGuest) -> int:
        grant = guest.host.share(0, 1)
        ref = grant.refs[0]
        grant.end()
        return ref

    return _with_page(hostile.connected(), revoked)


@case("-14")
def o5_data_of_another_peer(hostile: Hostile) -> str:
    """A data page was granted, but to another domain."""
    return _with_page(hostile.connected(), lambda guest: _granted(guest, peer=1, writable=True))


@case("-14")
def o5_read_only_for_capture(hostile: Hostile) -> str:
    """It would record into a page that it granted for reading."""
    return _with_page(hostile.connected(MICROPHONE), lambda guest: _granted(guest, peer=0, writable=False))


def _granted(guest: RawGuest, peer: int, *, writable: bool) -> int:
    grant = guest.host.share(peer, 1, writable=writable)
    guest.grants.append(grant)
    return grant.refs[0]


def _with_page(guest: RawGuest, ref: Callable[[RawGuest], int]) -> str:
    data, directory = guest.share_buffer(BUFFER_OCTETS)
    build_directory((*data.refs[:-1], ref(guest)), directory.refs, directory.pages)
    return raw_open(guest, directory=directory.refs[0])


@case("0", "-22", "-14")
def o6_directory_changes_during_the_walk(hostile: Hostile) -> str:
    """A thread rewrites the directory while it is walked, two hundred times."""
    guest = hostile.connected()
    data, directory = guest.share_buffer(BUFFER_OCTETS)
    build_directory(data.refs, directory.refs, directory.pages)
    good, page = bytes(directory.pages[0][:64]), directory.pages[0]
    states = cycle((good, bytes(64), b"\xff" * 64, directory.refs[0].to_bytes(4, "little") * 16))

    def flip() -> None:
        page[:64] = next(states)

    with Meddler(flip):
        return words(raw_open(guest, directory=directory.refs[0]) for _ in range(200))


@case("0", "-12", "-28")
def o6_many_of_the_largest_buffers(hostile: Hostile) -> str:
    """It opens the largest buffer again and again, without ever closing it."""
    guest = hostile.connected()
    data, directory = guest.share_buffer(LARGEST_OCTETS)
    build_directory(data.refs, directory.refs, directory.pages)
    return words(raw_open(guest, size=LARGEST_OCTETS, directory=directory.refs[0]) for _ in range(30))

"""Rules for backends: opening and closing."""

from dataclasses import replace

from compose.check.guest import WireGuest
from compose.check.player import Player
from compose.check.rule import LINUX, SNDIF, Book, require
from ringproto.abi import Trigger
from ringproto.messages import CloseRequest, WriteRequest

BOOK = Book[WireGuest]()


@BOOK.rule("open.first", SNDIF)
def needs_an_open_stream(guest: WireGuest) -> None:
    """Data and triggers of a stream that is not open are refused."""
    wire = guest.playback()
    status = wire.call(WriteRequest(wire.next_id(), 0, 64))
    require(status < 0, f"WRITE before OPEN is answered with {status}")
    for trigger in (Trigger.START, Trigger.PAUSE, Trigger.RESUME):
        status = wire.trigger(trigger)
        require(status < 0, f"{trigger.name} before OPEN is answered with {status}")


@BOOK.rule("open.twice", LINUX)
def opens_twice(guest: WireGuest) -> None:
    """OPEN of an open stream opens it anew, with the new buffer."""
    wire = guest.playback()
    require(wire.open() == 0, "the first OPEN is refused")
    Player(wire).play(2)


@BOOK.rule("open.sizes", f"{SNDIF}; snd_be's unbounded buffer_sz")
def refuses_bad_sizes(guest: WireGuest) -> None:
    """Sizes that cannot be are refused."""
    wire = guest.playback()
    good = wire.open_request()
    limit = wire.config.limits.buffer_octets
    for what, bad in (
        ("a buffer of 0", replace(good, buffer_octets=0)),
        ("a buffer beyond buffer-size", replace(good, buffer_octets=limit + 4096)),
        ("a buffer of 4 GiB", replace(good, buffer_octets=0xFFFF_FFFF)),
        ("a period beyond the buffer", replace(good, period_octets=good.buffer_octets + wire.frame_octets)),
        ("0 channels", replace(good, channels=0)),
        ("a channel too many", replace(good, channels=(wire.config.limits.channels_max + 1) % 256)),
        ("0 Hz", replace(good, rate_hz=0)),
    ):
        status = wire.call(replace(bad, id=wire.next_id()))
        require(status < 0, f"{what} is opened, with status {status}")
    require(wire.open() == 0, "a good OPEN is refused afterwards")


@BOOK.rule("open.directory", "XSA-155, XSA-361 class")
def refuses_bad_directories(guest: WireGuest) -> None:
    """A page directory with references that cannot be is refused."""
    wire = guest.playback()
    good = wire.open_request()
    page = wire.directory.pages[0]
    for what, word in (("reference 0", 0), ("a reference never granted", 0x7FFF_FFF0)):
        words_before = bytes(page[4:8])
        page[4:8] = word.to_bytes(4, "little")
        status = wire.call(replace(good, id=wire.next_id()))
        page[4:8] = words_before
        require(status < 0, f"{what} in the directory is opened, with status {status}")
    status = wire.call(replace(good, id=wire.next_id(), gref_directory=0))
    require(status < 0, f"directory 0 is opened, with status {status}")
    require(wire.call(replace(good, id=wire.next_id())) == 0, "the good directory is refused afterwards")


@BOOK.rule("open.directory-end", "snd_be follows a chain for ever")
def walks_no_further_than_the_buffer(guest: WireGuest) -> str:
    """A directory that names itself as the next does not hang the backend."""
    wire = guest.playback()
    request = wire.open_request()
    wire.directory.pages[0][:4] = wire.directory.refs[0].to_bytes(4, "little")
    return f"answered with {wire.call(request)}"


@BOOK.rule("close.any", LINUX)
def closes_what_is_not_open(guest: WireGuest) -> None:
    """CLOSE succeeds in every state."""
    wire = guest.playback()
    for attempt in ("before any OPEN", "once more"):
        status = wire.call(CloseRequest(wire.next_id()))
        require(status == 0, f"CLOSE {attempt} is answered with {status}")
    Player(wire).play(2)
    for attempt in ("while it plays", "after that"):
        status = wire.shut()
        require(status == 0, f"CLOSE {attempt} is answered with {status}")


@BOOK.rule("close.unmaps", LINUX)
def lets_go_before_it_answers(guest: WireGuest) -> str:
    """The buffer is unmapped when CLOSE is answered: the kernel takes it back right then."""
    wire = guest.playback()
    Player(wire).play(2)
    require(wire.shut() == 0, "CLOSE is refused")
    wire.take_buffer_back()
    return "as far as the host can tell"


@BOOK.rule("close.reopen", LINUX)
def opens_again(guest: WireGuest) -> None:
    """What was closed can be opened again, any number of times."""
    wire = guest.playback()
    for count in range(20):
        status = wire.open()
        require(status == 0, f"OPEN is answered with {status} after {count} times")
        require(wire.shut() == 0, "CLOSE is refused")
        wire.take_buffer_back()

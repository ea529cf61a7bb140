"""Rules for backends: sound handed over and taken."""

from compose.check.guest import WireGuest
from compose.check.player import MS, Player
from compose.check.rule import LINUX, SNDIF, Book, require
from compose.check.wire import Wire
from ringproto.messages import RangeRequest, ReadRequest, WriteRequest

BOOK = Book[WireGuest]()
PATTERN = bytes(range(1, 252))
"""What no card records."""


@BOOK.rule("data.prefill", "ALSA's start threshold")
def takes_a_whole_buffer_before_the_start(guest: WireGuest) -> None:
    """A whole buffer is taken before START."""
    wire = guest.playback()
    for periods in (4, 2):
        Player(wire, wire.open_request(periods)).fill()


@BOOK.rule("data.flow", LINUX)
def takes_more_when_there_is_room(guest: WireGuest) -> None:
    """While it plays a WRITE is answered, at once or when there is room for it, and not refused."""
    player = Player(guest.playback())
    player.play(12)
    require(not player.refused, f"a WRITE is answered with {player.refused[:1]}")
    require(player.heard > 0, "the kernel hears of no period")


def _stays_inside(wire: Wire, kind: type[RangeRequest]) -> None:
    require(wire.open() == 0, "OPEN is refused")
    size, frame = wire.buffer.size_octets, wire.frame_octets
    for offset, length in (
        (size, frame),
        (size - frame, 2 * frame),
        (0, 0xFFFF_FFFC),
        (0xFFFF_FFFC, 8 * frame),
        (1 << 31, 1 << 31),
    ):
        status = wire.call(kind(wire.next_id(), offset, length))
        require(status < 0, f"{length} octets at {offset} of {size} are answered with {status}")


@BOOK.rule("data.bounds", "snd_be's unchecked offset; XSA class")
def stays_inside_the_buffer(guest: WireGuest) -> None:
    """A WRITE of a region beyond the buffer is refused."""
    _stays_inside(guest.playback(), WriteRequest)


@BOOK.rule("data.odd", "XSA-448 class")
def bears_odd_lengths(guest: WireGuest) -> str:
    """A WRITE of nothing, or of half a frame, is answered, and the stream still plays."""
    wire = guest.playback()
    require(wire.open() == 0, "OPEN is refused")
    statuses = [wire.call(WriteRequest(wire.next_id(), 0, length)) for length in (0, 1, wire.frame_octets + 1)]
    Player(wire).play(2)
    return f"answered with {statuses}"


@BOOK.rule("data.direction", SNDIF)
def does_not_read_from_playback(guest: WireGuest) -> None:
    """READ of a playback stream is refused."""
    wire = guest.playback()
    require(wire.open() == 0, "OPEN is refused")
    status = wire.call(ReadRequest(wire.next_id(), 0, wire.frame_octets))
    require(status < 0, f"it is answered with {status}")


@BOOK.rule("capture.first", SNDIF)
def records_after_open(guest: WireGuest) -> None:
    """READ of a stream that is not open is refused."""
    wire = guest.capture()
    status = wire.call(ReadRequest(wire.next_id(), 0, 64))
    require(status < 0, f"it is answered with {status}")


@BOOK.rule("capture.bounds", "snd_be's unchecked offset; XSA class")
def records_inside_the_buffer(guest: WireGuest) -> None:
    """A READ of a region beyond the buffer is refused."""
    _stays_inside(guest.capture(), ReadRequest)


@BOOK.rule("capture.direction", SNDIF)
def does_not_write_to_capture(guest: WireGuest) -> None:
    """WRITE of a capture stream is refused."""
    wire = guest.capture()
    require(wire.open() == 0, "OPEN is refused")
    status = wire.call(WriteRequest(wire.next_id(), 0, wire.frame_octets))
    require(status < 0, f"it is answered with {status}")


@BOOK.rule("capture.fills", SNDIF)
def fills_what_it_was_shown(guest: WireGuest) -> None:
    """READ fills the whole region that it names with what was recorded, and nothing else."""
    wire = guest.capture()
    player = Player(wire)
    size, length = wire.buffer.size_octets, wire.period_octets
    pattern = (PATTERN * (size // len(PATTERN) + 1))[:size]
    wire.buffer.write_from(0, memoryview(pattern))
    player.start()
    limit_ns = 100 * wire.period_ns
    told = wire.wait(lambda: bool(player.told) and player.told[-1] > length, limit_ns)
    require(told, "no position event tells of the first period")
    status = wire.call(ReadRequest(wire.next_id(), 0, length))
    require(status == 0, f"READ of what was told of is answered with {status}")
    after = bytearray(size)
    wire.buffer.read_into(0, memoryview(after))
    require(bytes(after[length:]) == pattern[length:], "the buffer was changed outside of the region")
    left = max((n for n in range(length - 16) if bytes(after[n : n + 16]) == pattern[n : n + 16]), default=None)
    require(left is None, f"the region is as it was from octet {left} on")


@BOOK.rule("capture.waits", SNDIF)
def waits_for_what_was_not_recorded(guest: WireGuest) -> str:
    """A READ of what was not recorded yet is answered, at the latest when it has been."""
    wire = guest.capture()
    player = Player(wire)
    player.start()
    status = wire.call(ReadRequest(wire.next_id(), 0, wire.period_octets))
    wire.settle(MS)
    return f"answered with {status}"


@BOOK.rule("capture.flow", LINUX)
def records_on(guest: WireGuest) -> None:
    """While it records, positions come, and a READ of what they tell of is not refused."""
    player = Player(guest.capture())
    player.play(12)
    require(not player.refused, f"a READ is answered with {player.refused[:1]}")
    require(player.heard >= 3, f"the kernel hears of {player.heard} periods of 12")  # some at once

"""Rules for backends: starting, pausing and stopping."""

from dataclasses import replace

from compose.check.guest import WireGuest
from compose.check.player import MS, Player
from compose.check.rule import LINUX, SNDIF, Book, need, require
from compose.check.wire import Wire, slowest
from ringproto.abi import TRIGGER_REQUEST, Op, Trigger
from ringproto.messages import CloseRequest, Request, TriggerRequest

BOOK = Book[WireGuest]()

LIMIT_NS = 1_000 * MS
"""A third of the kernel's patience."""
LONG_NS = 1_500 * MS
"""A buffer that is played longer than this tells one who waits for its end from one who does not."""
PAUSE_NS = 200 * MS


def _timed_ms(guest: WireGuest, wire: Wire, request: Request) -> float:
    loop = guest.host.loop
    began_ns = loop.now_ns()
    status = wire.call(request)
    took_ns = loop.now_ns() - began_ns
    what = request.trigger.name if isinstance(request, TriggerRequest) else request.op.name
    require(status == 0, f"{what} is answered with {status}")
    require(took_ns < LIMIT_NS, f"{what} takes {took_ns / 1e6:.0f} ms")
    return took_ns / 1e6


@BOOK.rule("trigger.prompt", LINUX)
def answers_triggers(guest: WireGuest) -> str:
    """Each trigger is answered within a second."""
    wire = guest.playback()
    Player(wire).fill()
    order = (Trigger.START, Trigger.PAUSE, Trigger.RESUME, Trigger.STOP)
    took = [_timed_ms(guest, wire, TriggerRequest(wire.next_id(), trigger)) for trigger in order]
    return f"{max(took):.1f} ms at most"


@BOOK.rule("trigger.stop", LINUX)
def stops_at_once(guest: WireGuest) -> None:
    """After the answer to STOP no event comes."""
    wire = guest.playback()
    player = Player(wire)
    player.play(3)
    player.trigger(Trigger.STOP)
    wire.read_events()
    consumed = wire.older.consumed
    wire.settle(PAUSE_NS)
    wire.read_events()
    require(wire.older.consumed == consumed, f"{wire.older.consumed - consumed} events come")


@BOOK.rule("trigger.drop", f"{LINUX}; snd_be drains in close")
def does_not_play_to_the_end(guest: WireGuest) -> str:
    """STOP, and CLOSE of a playing stream, do not wait until the buffer was played."""
    wire = guest.playback()
    took_ms: list[float] = []
    for requests in ((TriggerRequest(1, Trigger.STOP), CloseRequest(2)), (CloseRequest(3),)):
        request = slowest(wire)
        playing_ns = request.buffer_octets // wire.frame_octets * 1_000_000_000 // request.rate_hz
        need(playing_ns >= LONG_NS, f"the largest buffer is played within {playing_ns / 1e6:.0f} ms")
        Player(wire, request).start()
        wire.settle(20 * MS)
        took_ms += [_timed_ms(guest, wire, replace(last, id=wire.next_id())) for last in requests]
    return f"{max(took_ms):.1f} ms at most"


@BOOK.rule("trigger.pause", SNDIF)
def stands_still_while_paused(guest: WireGuest) -> None:
    """While a stream is paused its position stands still, and goes on when it is resumed."""
    wire = guest.playback()
    player = Player(wire)
    player.play(3)
    player.trigger(Trigger.PAUSE)
    wire.settle(20 * MS)
    wire.read_events()
    consumed = wire.older.consumed
    wire.settle(PAUSE_NS)
    wire.read_events()
    require(wire.older.consumed == consumed, f"{wire.older.consumed - consumed} events come while it is paused")
    heard = player.heard
    player.trigger(Trigger.RESUME)
    require(player.go_on(lambda: player.heard >= heard + 2, 100 * wire.period_ns), "no period is told of after RESUME")


@BOOK.rule("trigger.again", f"{LINUX}: recovery from an underrun")
def starts_anew(guest: WireGuest) -> None:
    """After STOP a stream can be filled and started anew without OPEN, and goes on telling."""
    wire = guest.playback()
    player = Player(wire)
    for count in range(1, 4):
        player.play(3)
        require(player.heard >= min(count, 2), f"the kernel hears of {player.heard} periods after START number {count}")
        player.trigger(Trigger.STOP)
        wire.older.elapsed = wire.newer.elapsed = 0


@BOOK.rule("trigger.anew", "ALSA: a stream that is prepared begins at frame 0 of its buffer")
def begins_where_alsa_does(guest: WireGuest) -> str:
    """Started anew, a stream's position goes on from a multiple of the buffer (or from 0), as ALSA's does."""
    wire = guest.playback()
    request = wire.open_request(32)
    player = Player(wire, request)
    player.play(3)
    player.trigger(Trigger.STOP)
    wire.settle(20 * MS)
    wire.read_events()
    before = len(player.told)
    player.start()
    player.go_on(lambda: len(player.told) > before, 100 * wire.period_ns)
    require(len(player.told) > before, "no position is told after the second START")
    first = player.told[before] % request.buffer_octets // wire.frame_octets
    frames = request.buffer_octets // wire.frame_octets
    require(first <= frames // 2, f"the first position is frame {first} of a buffer of {frames}")
    return f"frame {first} of {frames}"


@BOOK.rule("trigger.unknown", SNDIF)
def refuses_other_triggers(guest: WireGuest) -> None:
    """A trigger that is none is refused, and the stream still plays."""
    wire = guest.playback()
    player = Player(wire)
    for kind in (4, 255):
        before = len(wire.responses)
        wire.send_slots(TRIGGER_REQUEST.pack(wire.next_id(), Op.TRIGGER, kind))
        require(wire.answers(before + 1), f"trigger {kind} is not answered")
        status = wire.responses[before].status
        require(status < 0, f"trigger {kind} is answered with {status}")
    player.play(2)


@BOOK.rule("trigger.order", SNDIF)
def bears_any_order(guest: WireGuest) -> None:
    """Triggers out of turn are answered, and the stream still plays afterwards."""
    wire = guest.playback()
    player = Player(wire)
    start, pause, stop, resume = Trigger.START, Trigger.PAUSE, Trigger.STOP, Trigger.RESUME
    for trigger in (resume, pause, stop, stop, start, start, resume, pause, pause, start, stop, resume, stop):
        wire.trigger(trigger)
    wire.settle(MS)
    heard = player.heard
    player.play(heard + 2)
    require(player.heard > heard, "the kernel hears of no period afterwards")

"""Rules for backends: starting, stopping, and telling how far the card is."""

from dataclasses import replace

from compose.check.backend_session import LINUX, SNDIF
from compose.check.guest import WireGuest
from compose.check.rule import Rule, require
from compose.check.wire import MS, Wire
from ringproto.abi import EVENT_SLOTS, IN_PROD, Trigger

PERIODS = 12
TRIGGER_LIMIT_NS = 1_000 * MS


def _play(guest: WireGuest, wire: Wire, periods: int = PERIODS) -> None:
    """Open, and let so many periods of silence pass; what was told is in the wire's kernels."""
    require(wire.open() == 0, "OPEN is refused")
    require(wire.trigger(Trigger.START) == 0, "START is refused")
    limit_ns = guest.host.loop.now_ns() + (periods + 100) * 10 * MS
    guest.host.loop.run_until(lambda: max(wire.older.elapsed, wire.newer.elapsed) >= periods, limit_ns)


def tells_each_period_once(guest: WireGuest) -> str:
    """The kernel says "elapsed" when more than a period went by: at the boundary itself it is too early."""
    wire = guest.playback()
    _play(guest, wire)
    passed = [max(octets // wire.frame_octets - 1, 0) // wire.period_frames for octets in wire.older.accepted]
    crossed = sum(later > sooner for sooner, later in zip([0, *passed], passed, strict=False))  # some at once
    require(crossed >= PERIODS // 4, f"{crossed} events told of a new period in the time of {PERIODS}")
    require(wire.older.elapsed >= crossed - 1, f"the kernel hears of {wire.older.elapsed} periods of {crossed} told")
    return f"{wire.older.elapsed} of {crossed} told"


def only_rises(guest: WireGuest) -> None:
    """Within one opening."""
    wire = guest.playback()
    _play(guest, wire)
    told = wire.older.accepted
    require(told == sorted(told), f"positions fall: {told}")


def stops_at_once(guest: WireGuest) -> str:
    """STOP answers without playing to the end, and nothing is told behind it."""
    wire = guest.playback()
    _play(guest, wire, 3)
    began_ns = guest.host.loop.now_ns()
    require(wire.trigger(Trigger.STOP) == 0, "STOP is refused")
    took_ms = (guest.host.loop.now_ns() - began_ns) / 1e6
    require(took_ms < TRIGGER_LIMIT_NS / 1e6, f"STOP takes {took_ms:.0f} ms")
    wire.on_events(0)
    consumed = wire.older.consumed
    guest.settle(100 * MS)
    wire.on_events(0)
    require(wire.older.consumed == consumed, f"{wire.older.consumed - consumed} events come after the answer to STOP")
    return f"{took_ms:.1f} ms"


def is_silent_without_a_period(guest: WireGuest) -> None:
    """period_sz 0 asks for no events at all."""
    wire = guest.playback()
    request = replace(wire.open_request(), period_octets=0)
    require(wire.call(request) == 0, "OPEN with period 0 is refused")
    require(wire.trigger(Trigger.START) == 0, "START is refused")
    guest.settle(100 * MS)
    wire.on_events(0)
    require(wire.older.consumed == 0, f"{wire.older.consumed} events come")


def _openings(guest: WireGuest) -> Wire:
    """Three openings of one connection."""
    wire = guest.playback()
    for _ in range(3):
        _play(guest, wire, 4)
        wire.trigger(Trigger.STOP)
        wire.on_events(0)
        heard = {"older": wire.older.elapsed, "newer": wire.newer.elapsed}
        wire.last_heard = heard
        wire.shut()
    return wire


def is_heard_by_older_kernels(guest: WireGuest) -> None:
    """They count event ids from connection on."""
    heard = _openings(guest).last_heard["older"]
    require(heard >= 3, f"in the third opening it hears of {heard} periods of 4")


def is_heard_by_newer_kernels(guest: WireGuest) -> None:
    """They count event ids from each opening on."""
    heard = _openings(guest).last_heard["newer"]
    require(heard >= 3, f"in the third opening it hears of {heard} periods of 4")


def goes_on_after_a_long_sleep(guest: WireGuest) -> None:
    """A guest that was paused finds a full page, and then hears again: no id was used up meanwhile."""
    wire = guest.playback()
    require(wire.open() == 0, "OPEN is refused")
    wire.event_doorbell.on_notify(lambda now_ns: None)
    require(wire.trigger(Trigger.START) == 0, "START is refused")
    words = wire.event_page.pages[0].cast("I")
    loop = guest.host.loop
    loop.run_until(lambda: words[IN_PROD] >= EVENT_SLOTS, loop.now_ns() + 2 * EVENT_SLOTS * 10 * MS)
    guest.settle(100 * MS)
    unread = words[IN_PROD]
    words.release()
    require(unread <= EVENT_SLOTS, f"{unread} events lie in {EVENT_SLOTS} slots")
    wire.event_doorbell.on_notify(wire.on_events)
    wire.on_events(0)
    before = wire.older.elapsed
    loop.run_until(lambda: wire.older.elapsed >= before + 4, loop.now_ns() + 500 * MS)
    require(wire.older.elapsed >= before + 4, f"it hears of {wire.older.elapsed - before} periods after it woke")


RULES: tuple[Rule[WireGuest], ...] = (
    Rule(
        "position.periods",
        "The kernel hears of every period once.",
        f"{LINUX}: strictly more than a period",
        tells_each_period_once,
    ),
    Rule(
        "position.rises",
        "Positions only rise while a stream is open.",
        SNDIF,
        only_rises,
    ),
    Rule(
        "trigger.stop",
        "STOP answers within a second, and no event follows.",
        LINUX,
        stops_at_once,
    ),
    Rule(
        "position.none",
        "With period_sz 0 there are no events.",
        SNDIF,
        is_silent_without_a_period,
    ),
    Rule(
        "event-id.older",
        "Event ids suit kernels that count from connection on.",
        f"{LINUX}, 4.18 to mid-2026",
        is_heard_by_older_kernels,
    ),
    Rule(
        "event-id.newer",
        "Event ids suit kernels that count from each opening on.",
        f"{LINUX}, since mid-2026",
        is_heard_by_newer_kernels,
    ),
    Rule(
        "event-id.overflow",
        "A full event page uses up no ids.",
        f"{LINUX}; snd_be's lost positions",
        goes_on_after_a_long_sleep,
    ),
)

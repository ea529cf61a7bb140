"""Rules for backends: telling how far the card is."""

from dataclasses import replace
from itertools import pairwise

from compose.check.guest import WireGuest
from compose.check.player import MS, Player
from compose.check.rule import LINUX, SNDIF, Book, require
from compose.check.wire import Wire
from ringproto.abi import EVENT_SLOTS, IN_CONS, IN_PROD, SLOT_OCTETS, EventType
from ringproto.rings import U32

BOOK = Book[WireGuest]()
PERIODS = 12


@BOOK.rule("position.periods", f"{LINUX}: strictly more than a period")
def tells_each_period_once(guest: WireGuest) -> str:
    """The kernel hears of every period once: at the boundary itself it is too early, one frame later is right."""
    wire = guest.playback()
    player = Player(wire)
    player.play(PERIODS)
    passed = [max(octets // wire.frame_octets - 1, 0) // wire.period_frames for octets in player.told]
    crossed = sum(later > sooner for sooner, later in pairwise([0, *passed]))  # some at once
    require(crossed >= PERIODS // 4, f"{crossed} events told of a new period in the time of {PERIODS}")
    require(player.heard >= crossed - 1, f"the kernel hears of {player.heard} periods of {crossed} told")
    return f"{player.heard} of {crossed} told"


@BOOK.rule("position.rises", SNDIF)
def only_rises(guest: WireGuest) -> None:
    """Positions only rise while a stream is open."""
    player = Player(guest.playback())
    player.play(PERIODS)
    require(player.told == sorted(player.told), f"positions fall: {player.told}")


@BOOK.rule("position.whole", SNDIF)
def tells_whole_frames(guest: WireGuest) -> None:
    """A position is a whole number of frames, in octets since OPEN."""
    wire = guest.playback()
    for _ in range(2):
        player = Player(wire)
        player.play(4)
        odd = [octets for octets in player.told if octets % wire.frame_octets]
        require(not odd, f"{odd[:3]} octets are told of, with frames of {wire.frame_octets}")
        require(player.told[0] < wire.buffer.size_octets * 4, f"it begins at {player.told[0]} octets")


@BOOK.rule("position.rate", "the card's clock")
def keeps_time(guest: WireGuest) -> str:
    """The position keeps to the rate: it is not told before its time, and no slower than half."""
    wire = guest.playback()
    request = wire.open_request()
    player = Player(wire, request)
    loop = guest.host.loop
    began_ns = loop.now_ns()
    player.play(3 * PERIODS)
    due = (loop.now_ns() - began_ns) * request.rate_hz // 1_000_000_000
    told = player.told[-1] // wire.frame_octets if player.told else 0
    ahead = request.buffer_octets // wire.frame_octets
    require(told <= due * 11 // 10 + ahead, f"{told} frames are told after the time of {due}")
    require(told >= due // 2, f"{told} frames are told after the time of {due}")
    return f"{told} frames in the time of {due}"


@BOOK.rule("position.none", SNDIF)
def is_silent_without_a_period(guest: WireGuest) -> None:
    """With period_sz 0 there are no events."""
    wire = guest.playback()
    player = Player(wire, replace(wire.open_request(), period_octets=0))
    player.start()
    player.go_on(lambda: False, 10 * wire.period_ns)
    wire.read_events()
    require(wire.older.consumed == 0, f"{wire.older.consumed} events come")


@BOOK.rule("event.form", f"{SNDIF}; XSA-216")
def sends_clean_events(guest: WireGuest) -> None:
    """Events are position events, and 0 where reserved."""
    wire = guest.playback()
    Player(wire).play(4)
    page = wire.event_page.pages[0]
    for n in range(min(wire.older.consumed, EVENT_SLOTS)):
        slot = bytes(page[SLOT_OCTETS * (n + 1) : SLOT_OCTETS * (n + 2)])
        require(slot[2] == EventType.CUR_POS, f"an event is of type {slot[2]}")
        require(not any(slot[3:8]) and not any(slot[16:]), "reserved octets of an event hold something")


@BOOK.rule("event.closed", LINUX)
def says_nothing_behind(guest: WireGuest) -> None:
    """After the answer to CLOSE no event comes."""
    wire = guest.playback()
    Player(wire).play(3)
    wire.shut()
    wire.read_events()
    consumed = wire.older.consumed
    wire.settle(20 * wire.period_ns)
    wire.read_events()
    require(wire.older.consumed == consumed, f"{wire.older.consumed - consumed} events come")


@BOOK.rule("event.impossible", "XSA class: the guest owns the page")
def survives_impossible_counts(guest: WireGuest) -> None:
    """An in_cons that cannot be costs that connection at most."""
    wire = guest.playback()
    Player(wire).play(2)
    words = wire.event_page.pages[0].cast("I")
    words[IN_CONS] = words[IN_PROD] + 1000 & U32
    words.release()
    guest.settle(5 * wire.period_ns)
    guest.set_state("1")
    player = Player(guest.playback())
    player.play(2)
    require(player.heard > 0, "the kernel hears of no period after it started over")


def _openings(guest: WireGuest) -> Wire:
    """Three openings of one connection, the last of which still plays."""
    wire = guest.playback()
    for count in range(3):
        if count:
            wire.shut()
        Player(wire).play(4)
    return wire


@BOOK.rule("event-id.older", f"{LINUX}, 4.18 to mid-2026")
def is_heard_by_older_kernels(guest: WireGuest) -> None:
    """Event ids suit kernels that count from connection on."""
    heard = _openings(guest).older.elapsed
    require(heard >= 3, f"in the third opening it hears of {heard} periods of 4")  # some at once


@BOOK.rule("event-id.newer", f"{LINUX}, since mid-2026")
def is_heard_by_newer_kernels(guest: WireGuest) -> None:
    """Event ids suit kernels that count from each opening on."""
    heard = _openings(guest).newer.elapsed
    require(heard >= 3, f"in the third opening it hears of {heard} periods of 4")  # some at once


@BOOK.rule("event-id.overflow", f"{LINUX}; snd_be's lost positions")
def goes_on_after_a_long_sleep(guest: WireGuest) -> None:
    """A full event page uses up no ids: a guest that was paused finds 63 events, and hears again."""
    wire = guest.playback()
    player = Player(wire)
    wire.event_doorbell.on_notify(lambda now_ns: None)
    player.start()
    words = wire.event_page.pages[0].cast("I")
    player.go_on(lambda: words[IN_PROD] >= EVENT_SLOTS, 2 * EVENT_SLOTS * wire.period_ns)
    player.go_on(lambda: False, 10 * wire.period_ns)
    unread = words[IN_PROD]
    words.release()
    require(unread <= EVENT_SLOTS, f"{unread} events lie in {EVENT_SLOTS} slots")
    wire.event_doorbell.on_notify(wire.read_events)
    wire.read_events()
    before = player.heard
    player.go_on(lambda: player.heard >= before + 4, 500 * MS)
    require(player.heard >= before + 4, f"it hears of {player.heard - before} periods after it woke")

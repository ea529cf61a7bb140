"""Rules for backends: requests and responses as such."""

from compose.check.guest import WireGuest
from compose.check.player import MS, Player
from compose.check.rule import LINUX, RING, SNDIF, Book, require
from compose.check.wire import everything
from ringproto.abi import RING_SLOTS, RSP_EVENT, RSP_PROD, SLOT_OCTETS, Op
from ringproto.messages import HwParamRequest, pack_request

BOOK = Book[WireGuest]()


@BOOK.rule("ring.unknown-op", SNDIF)
def answers_what_it_does_not_know(guest: WireGuest) -> None:
    """An op that it does not know is answered with an error."""
    wire = guest.playback()
    for op in (10, 77, 255):
        before = len(wire.slots)
        wire.send_slots(bytes((7, 0, op)) + bytes(SLOT_OCTETS - 3))
        require(wire.answers(before + 1), f"op {op} is not answered")
        status = wire.responses[before].status
        require(status < 0, f"op {op} is answered with {status}")
    require(wire.open() == 0, "OPEN is refused afterwards")


@BOOK.rule("ring.echo", f"{SNDIF}; XSA-216")
def echoes(guest: WireGuest) -> None:
    """A response has the request's id and op; what is reserved is 0."""
    wire = guest.playback()
    response = wire.ask(HwParamRequest(0xBEEF, everything(wire.config.limits)))
    slot = wire.slots[-1]
    require(response.id == 0xBEEF, f"id 0xbeef comes back as {response.id:#x}")
    require(slot[2] == Op.HW_PARAM_QUERY, f"op {int(Op.HW_PARAM_QUERY)} comes back as {slot[2]}")
    require(slot[3] == 0 and not any(slot[48:]), "reserved octets of a response to HW_PARAM_QUERY hold something")
    wire.open()
    slot = wire.slots[-1]
    require(slot[3] == 0 and not any(slot[8:]), "reserved octets of a response hold something")


@BOOK.rule("ring.reserved", f"{LINUX}: it does not clear its slots")
def ignores_what_is_reserved(guest: WireGuest) -> None:
    """What is reserved in a request, or left over there, is not looked at."""
    wire = guest.playback()
    for request, end in ((HwParamRequest(5, everything(wire.config.limits)), 48), (wire.open_request(), 28)):
        before = len(wire.slots)
        slot = pack_request(request)
        wire.send_slots(slot[:3] + b"\7" * 5 + slot[8:end] + b"\7" * (SLOT_OCTETS - end))
        require(wire.answers(before + 1), f"{type(request).__name__} is not answered")
        status = wire.responses[before].status
        require(status == 0, f"{type(request).__name__} is answered with {status}")


@BOOK.rule("ring.full", RING)
def serves_a_full_ring(guest: WireGuest) -> None:
    """A ring full of requests is answered."""
    wire = guest.playback()
    query = everything(wire.config.limits)
    wire.send(*(HwParamRequest(n, query) for n in range(RING_SLOTS)))
    require(wire.answers(RING_SLOTS), f"{len(wire.slots)} of {RING_SLOTS} requests were answered")
    ids = sorted(response.id for response in wire.responses)
    require(ids == list(range(RING_SLOTS)), f"the answers are to {ids}")


@BOOK.rule("ring.wraps", RING)
def goes_round(guest: WireGuest) -> None:
    """Requests are answered beyond the last slot, round after round."""
    wire = guest.playback()
    query = everything(wire.config.limits)
    for begin in range(0, 5 * RING_SLOTS, 20):
        wire.send(*(HwParamRequest(n, query) for n in range(begin, begin + 20)))
        require(wire.answers(begin + 20), f"{len(wire.slots)} of {begin + 20} requests were answered")


@BOOK.rule("ring.ids", SNDIF)
def takes_any_id(guest: WireGuest) -> None:
    """An id is the guest's own: any may come, and again, and twice at once."""
    wire = guest.playback()
    query, ids = everything(wire.config.limits), [0, 0xFFFF, 3, 3, 3]
    wire.send(*(HwParamRequest(request_id, query) for request_id in ids))
    require(wire.answers(len(ids)), f"{len(wire.slots)} of {len(ids)} requests were answered")
    came = sorted(response.id for response in wire.responses)
    require(came == sorted(ids), f"the answers are to {came}")


@BOOK.rule("ring.quiet", RING)
def rings_only_when_asked(guest: WireGuest) -> None:
    """The guest is not rung before the response that it asked for in rsp_event."""
    wire = guest.playback()
    query = everything(wire.config.limits)
    wire.ask(HwParamRequest(wire.next_id(), query))
    wire.settle(20 * MS)
    rung: list[int] = []
    wire.doorbell.on_notify(rung.append)
    wire.settle(MS)  # a host may say once more what was before
    rung.clear()
    words = wire.ring_page.pages[0].cast("I")
    words[RSP_EVENT] = words[RSP_PROD] + 4
    try:
        for count in range(1, 5):
            wanted = words[RSP_PROD] + 1
            wire.send(HwParamRequest(wire.next_id(), query))
            require(wire.wait(lambda: words[RSP_PROD] == wanted), "a request is not answered")  # noqa: B023  # at once
            wire.wait(lambda: bool(rung), 100 * MS if count == 4 else 5 * MS)  # the last
            require(bool(rung) == (count == 4), f"it rang {len(rung)} times for {count} responses when asked at 4")
    finally:
        words.release()


@BOOK.rule("ring.status", LINUX)
def never_succeeds_by_more_than_0(guest: WireGuest) -> None:
    """A status is 0 or a negated errno, never more."""
    wire = guest.playback()
    Player(wire).play(2)
    wire.shut()
    worst = max(response.status for response in wire.responses)
    require(worst <= 0, f"a response has status {worst}")

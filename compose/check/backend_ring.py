"""Rules for backends: requests and responses, negotiation, data, and volume."""

from dataclasses import replace

from compose.check.backend_session import LINUX, SNDIF
from compose.check.guest import WireGuest
from compose.check.rule import NotTried, Rule, require
from compose.check.wire import everything, plain_rate
from ringproto.abi import RING_SLOTS, SLOT_OCTETS, Op, Trigger
from ringproto.hwparams import Interval
from ringproto.messages import (
    GetVolumeRequest,
    HwParamRequest,
    HwParamResponse,
    SetVolumeRequest,
    WriteRequest,
    pack_request,
)
from ringproto.volume import pack_volumes, unpack_volumes

RING = "Xen's ring.h"


def answers_what_it_does_not_know(guest: WireGuest) -> None:
    """Ops beyond the last, which a later version may have."""
    wire = guest.playback()
    for op in (10, 77, 255):
        before = len(wire.slots)
        wire.send(bytes((7, 0, op)) + bytes(SLOT_OCTETS - 3))
        require(wire.answers(before + 1), f"op {op} is not answered")
        status = wire.responses[before].status
        require(status < 0, f"op {op} is answered with {status}")
    require(wire.open() == 0, "OPEN is refused afterwards")


def echoes(guest: WireGuest) -> None:
    """Id and op come back, and what is reserved is 0."""
    wire = guest.playback()
    request = HwParamRequest(0xBEEF, everything(wire.config.limits))
    response = wire.ask(request)
    slot = wire.slots[-1]
    require(response.id == 0xBEEF, f"id 0xbeef comes back as {response.id:#x}")
    require(slot[2] == Op.HW_PARAM_QUERY, f"op {int(Op.HW_PARAM_QUERY)} comes back as {slot[2]}")
    wire.open()
    slot = wire.slots[-1]
    require(not any(slot[8:]) and slot[3] == 0, "reserved octets of a response hold something")


def serves_a_full_ring(guest: WireGuest) -> None:
    """As many requests as there are slots, rung once."""
    wire = guest.playback()
    query = everything(wire.config.limits)
    before = len(wire.slots)
    wire.send(*(pack_request(HwParamRequest(n, query)) for n in range(RING_SLOTS)))
    require(wire.answers(before + RING_SLOTS), f"{len(wire.slots) - before} of {RING_SLOTS} requests were answered")
    require([r.id for r in wire.responses[before:]] == list(range(RING_SLOTS)), "the answers are to other ids")


def never_succeeds_by_more_than_0(guest: WireGuest) -> None:
    """Linux hands a positive status to ALSA, which takes it for a count."""
    wire = guest.playback()
    wire.open()
    wire.trigger(Trigger.START)
    wire.trigger(Trigger.STOP)
    worst = max(response.status for response in wire.responses)
    require(worst <= 0, f"a response has status {worst}")


def negotiates_a_subset(guest: WireGuest) -> None:
    """What is possible of what was asked."""
    wire = guest.playback()
    limits = wire.config.limits
    rate_hz, channels = plain_rate(limits), limits.channels_max
    whole = everything(limits)
    asked = replace(whole, rate_hz=Interval(rate_hz, rate_hz), channels=Interval(channels, channels))
    response = wire.ask(HwParamRequest(wire.next_id(), asked))
    require(isinstance(response, HwParamResponse) and response.status == 0, f"the query is answered with {response}")
    assert isinstance(response, HwParamResponse)
    got = response.params
    require(not got.formats_mask & ~asked.formats_mask, f"formats {got.formats_mask:#x} of {asked.formats_mask:#x}")
    for name in ("rate_hz", "channels", "buffer_frames", "period_frames"):
        within: Interval = getattr(asked, name)
        answer: Interval = getattr(got, name)
        require(within.min <= answer.min <= answer.max <= within.max, f"{name}: {answer} is not within {within}")


def refuses_the_impossible(guest: WireGuest) -> None:
    """No way is left: an error, not an empty range."""
    wire = guest.playback()
    asked = replace(everything(wire.config.limits), channels=Interval(200, 200))
    status = wire.ask(HwParamRequest(wire.next_id(), asked)).status
    require(status < 0, f"200 channels are answered with {status}")


def takes_a_whole_buffer_before_the_start(guest: WireGuest) -> None:
    """ALSA fills the buffer first; who waits for the sound to begin waits for ever."""
    wire = guest.playback()
    wire.open()
    size = wire.buffer.size_octets
    for offset in range(0, size, size // 4 // wire.frame_octets * wire.frame_octets):
        length = min(size // 4 // wire.frame_octets * wire.frame_octets, size - offset)
        require(wire.call(WriteRequest(wire.next_id(), offset, length)) == 0, f"WRITE at {offset} is refused")


def stays_inside_the_buffer(guest: WireGuest) -> None:
    """snd_be reads and writes beyond it."""
    wire = guest.playback()
    wire.open()
    size, frame = wire.buffer.size_octets, wire.frame_octets
    for offset, length in ((size, frame), (size - frame, 2 * frame), (0, 0xFFFF_FFFC), (0xFFFF_FFFC, 8 * frame)):
        status = wire.call(WriteRequest(wire.next_id(), offset, length))
        require(status < 0, f"WRITE of {length} octets at {offset} of {size} is answered with {status}")


def sets_volumes_or_says_no(guest: WireGuest) -> str:
    """They are optional in practice: Linux never sends them."""
    wire = guest.playback()
    wire.open()
    channels = wire.open_request().channels
    levels = tuple(-1000 - n for n in range(channels))
    wire.open()
    wire.buffer.write_from(0, memoryview(pack_volumes(levels)))
    status = wire.call(SetVolumeRequest(wire.next_id(), 0, 4 * channels))
    if status < 0:
        raise NotTried(f"not offered: SET_VOLUME is answered with {status}")
    wire.buffer.write_from(0, memoryview(bytes(4 * channels)))
    require(wire.call(GetVolumeRequest(wire.next_id(), 0, 4 * channels)) == 0, "SET_VOLUME is offered, GET_VOLUME not")
    array = bytearray(4 * channels)
    wire.buffer.read_into(0, memoryview(array))
    require(unpack_volumes(array) == levels, f"{unpack_volumes(array)} was given back for {levels}")
    return "offered"


RULES: tuple[Rule[WireGuest], ...] = (
    Rule(
        "ring.unknown-op",
        "An op that it does not know is answered with an error.",
        SNDIF,
        answers_what_it_does_not_know,
    ),
    Rule(
        "ring.echo",
        "A response has the request's id and op; what is reserved is 0.",
        f"{SNDIF}; XSA-216",
        echoes,
    ),
    Rule(
        "ring.full",
        "A ring full of requests is answered.",
        RING,
        serves_a_full_ring,
    ),
    Rule(
        "ring.status",
        "A status is 0 or a negated errno, never more.",
        LINUX,
        never_succeeds_by_more_than_0,
    ),
    Rule(
        "query.subset",
        "HW_PARAM_QUERY is answered with a part of what was asked.",
        SNDIF,
        negotiates_a_subset,
    ),
    Rule(
        "query.impossible",
        "HW_PARAM_QUERY for what cannot be is answered with an error.",
        SNDIF,
        refuses_the_impossible,
    ),
    Rule(
        "data.prefill",
        "A whole buffer is taken before START.",
        "ALSA's start threshold",
        takes_a_whole_buffer_before_the_start,
    ),
    Rule(
        "data.bounds",
        "A region beyond the buffer is refused.",
        "snd_be's unchecked offset; XSA class",
        stays_inside_the_buffer,
    ),
    Rule(
        "volume",
        "Volumes are kept, or refused.",
        SNDIF,
        sets_volumes_or_says_no,
    ),
)

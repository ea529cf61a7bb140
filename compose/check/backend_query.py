"""Rules for backends: negotiation."""

from dataclasses import replace

from compose.check.guest import WireGuest
from compose.check.player import MS, Player
from compose.check.rule import LINUX, SNDIF, Book, need, require
from compose.check.wire import Wire, everything, plain_rate
from ringproto.abi import HW_PARAM_REQUEST, Op
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import HwParamRequest, HwParamResponse

BOOK = Book[WireGuest]()

MANY = 60
"""Queries: five rules of ALSA's ask at each refinement of an open."""
ALL_MASK = (1 << 64) - 1
INTERVALS = ("rate_hz", "channels", "buffer_frames", "period_frames")


def _ask(wire: Wire, asked: HwParams) -> HwParams:
    response = wire.ask(HwParamRequest(wire.next_id(), asked))
    require(isinstance(response, HwParamResponse) and response.status == 0, f"the query is answered with {response}")
    assert isinstance(response, HwParamResponse)
    return response.params


@BOOK.rule("query.subset", SNDIF)
def negotiates_a_subset(guest: WireGuest) -> None:
    """HW_PARAM_QUERY is answered with a part of what was asked."""
    wire = guest.playback()
    limits = wire.config.limits
    rate_hz, channels = plain_rate(limits), limits.channels_max
    one = replace(everything(limits), rate_hz=Interval(rate_hz, rate_hz), channels=Interval(channels, channels))
    for asked in (everything(limits), one):
        got = _ask(wire, asked)
        require(got.formats_mask != 0, "no format is offered")
        require(not got.formats_mask & ~asked.formats_mask, f"formats {got.formats_mask:#x} of {asked.formats_mask:#x}")
        for name in INTERVALS:
            within: Interval = getattr(asked, name)
            answer: Interval = getattr(got, name)
            require(within.min <= answer.min <= answer.max <= within.max, f"{name}: {answer} is not within {within}")


@BOOK.rule("query.configured", SNDIF)
def keeps_to_the_configuration(guest: WireGuest) -> None:
    """To a guest that asks for everything no more is offered than its card's configuration says, buffers in frames."""
    wire = guest.playback()
    limits, anything = wire.config.limits, Interval(0, 0xFFFF_FFFF)
    got = _ask(wire, HwParams(ALL_MASK, anything, anything, anything, anything))
    allowed = everything(limits)
    require(not got.formats_mask & ~allowed.formats_mask, f"formats {got.formats_mask:#x} of {allowed.formats_mask:#x}")
    require(got.channels.max <= limits.channels_max, f"{got.channels.max} channels of {limits.channels_max}")
    most = allowed.buffer_frames.max
    require(got.buffer_frames.max <= most, f"{got.buffer_frames.max} frames in a buffer that can hold {most}")


@BOOK.rule("query.impossible", SNDIF)
def refuses_the_impossible(guest: WireGuest) -> None:
    """HW_PARAM_QUERY for what cannot be is answered with an error."""
    wire = guest.playback()
    whole = everything(wire.config.limits)
    for what, asked in (
        ("256 channels", replace(whole, channels=Interval(256, 256))),
        ("1 Hz", replace(whole, rate_hz=Interval(1, 1))),
        ("no format", replace(whole, formats_mask=0)),
    ):
        status = _status(wire, asked.numbers())
        require(status < 0, f"{what} is answered with {status}")
    numbers = list(whole.numbers())
    numbers[3], numbers[4] = numbers[4], numbers[3]
    if numbers[3] > numbers[4]:
        status = _status(wire, tuple(numbers))
        require(status < 0, f"channels from {numbers[3]} to {numbers[4]} are answered with {status}")


def _status(wire: Wire, numbers: tuple[int, ...]) -> int:
    """What parameters are answered with that no HwParams could hold."""
    before = len(wire.responses)
    wire.send_slots(HW_PARAM_REQUEST.pack(wire.next_id(), Op.HW_PARAM_QUERY, *numbers))
    require(wire.answers(before + 1), f"a query for {numbers} is not answered")
    return wire.responses[before].status


@BOOK.rule("query.always", LINUX)
def answers_in_every_state(guest: WireGuest) -> None:
    """HW_PARAM_QUERY is answered alike whether the stream is closed, open or playing."""
    wire = guest.playback()
    asked = everything(wire.config.limits)
    closed = _ask(wire, asked)
    player = Player(wire)
    require(_ask(wire, asked) == closed, "another answer comes once the stream is open")
    player.play(2)
    require(_ask(wire, asked) == closed, "another answer comes while the stream plays")


@BOOK.rule("query.quick", LINUX)
def answers_quickly(guest: WireGuest) -> str:
    """The sixty queries that come with each opening take less than a second."""
    wire = guest.playback()
    asked = HwParamRequest(1, everything(wire.config.limits))
    loop = guest.host.loop
    began_ns = loop.now_ns()
    for _ in range(MANY):
        wire.call(asked)
    took_ns = loop.now_ns() - began_ns
    require(took_ns < 1000 * MS, f"{MANY} queries took {took_ns / 1e6:.0f} ms")
    return f"{took_ns / 1e6 / MANY:.2f} ms each"


@BOOK.rule("query.kept", "ALSA: hw_params, then prepare")
def keeps_its_word(guest: WireGuest) -> str:
    """What HW_PARAM_QUERY offers can be opened: each format that is left, with the fewest and the most channels."""
    wire = guest.playback()
    whole = everything(wire.config.limits)
    opened = 0
    for sample in wire.config.limits.formats:
        for channels in {whole.channels.min, whole.channels.max}:
            request = wire.open_request(2, sample, channels)
            frames = Interval(request.buffer_octets // wire.frame_octets, request.buffer_octets // wire.frame_octets)
            rate, count = Interval(request.rate_hz, request.rate_hz), Interval(channels, channels)
            period = Interval(wire.period_frames, wire.period_frames)
            if wire.call(HwParamRequest(wire.next_id(), HwParams(sample.mask, rate, count, frames, period))) < 0:
                continue
            status = wire.call(request)
            require(status == 0, f"{sample.xen_name}, {channels} channels was offered, but OPEN answered with {status}")
            opened += 1
    need(opened > 0, "nothing that was tried was offered")
    return f"{opened} ways"

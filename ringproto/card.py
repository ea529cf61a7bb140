"""A virtual card's configuration, and a stream's transport, as they stand in xenstore.

    short-name, long-name, <limits>                                   the card
    <p>/name, <limits>                                                PCM device p = 0, 1, ...
    <p>/<s>/type, unique-id, <limits>                                 stream s = 0, 1, ... of it
    <p>/<s>/ring-ref, event-channel, evt-ring-ref, evt-event-channel  its transport, published by the frontend

Rules:

1. Limits not declared at a level are inherited from the one above, and at the top are the kernel frontend's defaults.
   A level may narrow what is declared above it, never widen it.
2. Counting stops at the first index that is missing.
3. All of it can be written by the guest: everything is bounded, every error names its node, and `unique-id` is only a
   name, to be looked up in the operator's own table.
4. Of the protocol's version nothing is required: neither the kernel's frontend nor snd_be ever wrote it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from ringproto.abi import VERSION
from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from ringproto.hwparams import Interval
from ringproto.limits import DEFAULT_RATES_HZ, Limits, Rates
from ringproto.nodes import LIST_MAX, NodeReader, clip, number

__all__ = [
    "NODE_NAMES",
    "CardConfig",
    "Direction",
    "Limits",
    "PcmConfig",
    "StreamConfig",
    "Transport",
    "choose_version",
    "format_card",
    "format_transport",
    "parse_card",
    "parse_transport",
]

#: ALSA's SNDRV_PCM_DEVICES, and VSND_MAX_STREAM of the kernel's frontend.
PCMS_MAX, STREAMS_MAX = 32, 8
#: Characters, as sndif bounds the names; it has no bound for the unique-id, so that is ours.
SHORT_NAME_MAX, LONG_NAME_MAX, PCM_NAME_MAX, UNIQUE_ID_MAX = 32, 80, 80, 255
#: From the slowest rate that cards are made for to ALSA's fastest; beyond, resampling would cost without bound.
RATES_HZ = Interval(4_000, 768_000)
CHANNELS = Interval(1, 255)
#: Each octet is one that Dom0 must set aside too, and 4 MiB are 2.7 s even of 192 kHz, stereo, in floating point.
BUFFER_OCTETS = Interval(1, 4 << 20)
#: Grant references and event channels; 0 is Xen's own of either.
REFERENCES = Interval(1, 0xFFFF_FFFF)


class Direction(Enum):
    """Which way the sound goes; the value is that of the `type` node."""

    PLAYBACK = "p"
    CAPTURE = "c"


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """One stream: its index in the PCM device, and what it may be opened with."""

    index: int
    direction: Direction
    unique_id: str
    """The operator's name for what it is to be heard on; "" when the toolstack gave none."""
    limits: Limits


@dataclass(frozen=True, slots=True)
class PcmConfig:
    """One PCM device of a card; it has at least one stream."""

    index: int
    name: str
    streams: tuple[StreamConfig, ...]


@dataclass(frozen=True, slots=True)
class CardConfig:
    """A card; it has at least one PCM device."""

    short_name: str
    long_name: str
    pcms: tuple[PcmConfig, ...]
    limits: Limits
    """What the card declares; each stream's own limits say what it inherited."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Where the backend finds a stream's request ring and event page, and their event channels."""

    ring_ref: int
    event_channel: int
    evt_ring_ref: int
    evt_event_channel: int


def choose_version(offered: str | None) -> int:
    """The protocol version to speak, given the other end's `versions` or `version` node.

    A missing node means ours (rule 4).  Raises ProtocolError(EOPNOTSUPP) when ours is not among those offered.
    """
    if offered is not None and str(VERSION) not in offered[:LIST_MAX].replace(" ", "").split(","):
        raise ProtocolError(Errno.EOPNOTSUPP, f"version: only {VERSION} is spoken, not {clip(offered)}")
    return VERSION


def parse_transport(nodes: Mapping[str, str]) -> Transport:
    """The transport in one stream's nodes.  Raises ProtocolError(EINVAL) naming the node."""
    reader = NodeReader(nodes)
    return Transport(*(reader.number(key, REFERENCES, None) for key in _TRANSPORT_KEYS))


def format_transport(transport: Transport) -> dict[str, str]:
    """The inverse of `parse_transport`."""
    numbers = (transport.ring_ref, transport.event_channel, transport.evt_ring_ref, transport.evt_event_channel)
    return {key: str(number) for key, number in zip(_TRANSPORT_KEYS, numbers, strict=True)}


def parse_card(nodes: Mapping[str, str]) -> CardConfig:
    """The card in `nodes`, by paths relative to its directory ("0/1/type"); nodes that mean nothing are ignored.

    Raises ProtocolError naming the node: EINVAL for what it holds, E2BIG for a PCM device or stream too many, ENODEV
    for a card without PCM devices or a PCM device without streams.
    """
    reader = NodeReader(nodes)
    level = _read_level(reader, "", _Level(Limits(), frozenset()))
    return CardConfig(
        short_name=reader.name("short-name", SHORT_NAME_MAX),
        long_name=reader.name("long-name", LONG_NAME_MAX),
        pcms=tuple(_read_pcm(reader, index, level) for index in reader.indices("", PCMS_MAX)),
        limits=level.limits,
    )


def format_card(card: CardConfig) -> dict[str, str]:
    """The inverse of `parse_card`: what a toolstack writes."""
    nodes = {"short-name": card.short_name, "long-name": card.long_name}
    nodes |= _format_limits("", card.limits, Limits())
    for pcm in card.pcms:
        nodes[f"{pcm.index}/name"] = pcm.name
        for stream in pcm.streams:
            at = f"{pcm.index}/{stream.index}/"
            nodes |= {at + "type": stream.direction.value, at + "unique-id": stream.unique_id}
            nodes |= _format_limits(at, stream.limits, card.limits)
    return {path: value for path, value in nodes.items() if value}


_TRANSPORT_KEYS = ("ring-ref", "event-channel", "evt-ring-ref", "evt-event-channel")
_LIMIT_KEYS = frozenset(("channels-min", "channels-max", "sample-rates", "sample-formats", "buffer-size"))

NODE_NAMES = (
    _LIMIT_KEYS | {"short-name", "long-name"},
    _LIMIT_KEYS | {"name"},
    _LIMIT_KEYS | {"type", "unique-id", *_TRANSPORT_KEYS},
)
"""All that means anything in a card's directory, in a PCM device's, and in a stream's."""


@dataclass(frozen=True, slots=True)
class _Level:
    """The limits in force at one level, and the keys declared there or above (the others are mere defaults)."""

    limits: Limits
    declared: frozenset[str]


def _read_pcm(reader: NodeReader, index: int, card: _Level) -> PcmConfig:
    at = f"{index}/"
    level = _read_level(reader, at, card)
    streams = tuple(_read_stream(reader, at, stream, level) for stream in reader.indices(at, STREAMS_MAX))
    return PcmConfig(index, reader.name(at + "name", PCM_NAME_MAX), streams)


def _read_stream(reader: NodeReader, pcm_at: str, index: int, pcm: _Level) -> StreamConfig:
    at = f"{pcm_at}{index}/"
    kind = reader.name(at + "type", 1).lower()
    if kind not in ("p", "c"):
        raise ProtocolError(Errno.EINVAL, f"{at}type: {kind!r} is neither 'p' nor 'c'")
    unique_id = reader.name(at + "unique-id", UNIQUE_ID_MAX)
    return StreamConfig(index, Direction(kind), unique_id, _read_level(reader, at, pcm).limits)


def _read_level(reader: NodeReader, at: str, above: _Level) -> _Level:
    """The limits declared at `at`, completed and bounded by those above."""
    inherited = above.limits
    channels_max = reader.number(at + "channels-max", CHANNELS, inherited.channels_max)
    channels_min = reader.number(at + "channels-min", CHANNELS, inherited.channels_min)
    limits = Limits(
        channels_min=min(channels_min, channels_max),  # as the kernel's frontend does
        channels_max=channels_max,
        rates_hz=_read_rates(reader, at + "sample-rates") or inherited.rates_hz,
        formats=_read_formats(reader, at + "sample-formats") or inherited.formats,
        buffer_octets=reader.number(at + "buffer-size", BUFFER_OCTETS, inherited.buffer_octets),
    )
    for key in sorted(above.declared):
        if not _NARROWS[key](limits, inherited):
            raise ProtocolError(Errno.EINVAL, f"{at}{key}: wider than what is declared above it")
    return _Level(limits, above.declared | {key for key in _NARROWS if reader.items(at + key)})


def _read_rates(reader: NodeReader, path: str) -> tuple[int, ...]:
    return tuple(sorted({number(path, item, RATES_HZ) for item in reader.items(path)}))


def _read_formats(reader: NodeReader, path: str) -> tuple[Format, ...]:
    try:
        formats = {Format.from_name(item) for item in reader.items(path)}
    except ProtocolError as error:
        raise ProtocolError(error.errno, f"{path}: {error}") from None
    return tuple(sorted(formats, key=lambda format_: format_.code))


#: For each key: does the first Limits stay within the second?
_NARROWS: dict[str, Callable[[Limits, Limits], bool]] = {
    "channels-min": lambda mine, above: mine.channels_min >= above.channels_min,
    "channels-max": lambda mine, above: mine.channels_max <= above.channels_max,
    "sample-rates": lambda mine, above: _is_subset(mine.rates_hz, above.rates_hz),
    "sample-formats": lambda mine, above: set(mine.formats) <= set(above.formats),
    "buffer-size": lambda mine, above: mine.buffer_octets <= above.buffer_octets,
}


def _is_subset(mine: Rates, above: Rates) -> bool:
    return mine == above or (isinstance(mine, tuple) and all(rate_hz in above for rate_hz in mine))


def _format_limits(at: str, limits: Limits, above: Limits) -> dict[str, str]:
    """The nodes at `at` that make `limits` of the limits above."""
    ours, theirs = _limit_texts(limits), _limit_texts(above)
    return {at + key: text for key, text in ours.items() if text != theirs[key]}


def _limit_texts(limits: Limits) -> dict[str, str]:
    rates_hz = limits.rates_hz
    assert isinstance(rates_hz, tuple) or rates_hz == DEFAULT_RATES_HZ, "xenstore has no word for any other range"
    return {
        "channels-min": str(limits.channels_min),
        "channels-max": str(limits.channels_max),
        "sample-rates": ",".join(map(str, rates_hz)) if isinstance(rates_hz, tuple) else "",
        "sample-formats": ",".join(format_.xen_name for format_ in limits.formats),
        "buffer-size": str(limits.buffer_octets),
    }

"""A snapshot as octets, and back: little-endian, rows of fixed sizes one after the other.

    backend     88  pid, how many rows of either kind there are, times, its own counters, how many rows had no room
    devices    140  each
    streams    656  each; says by its place which device it is on

Rules: at most so many rows; names are cut to their field, at a character.  What is read was written by another process,
so it is checked as if it came from anywhere: a wrong octet is a LayoutError, and no name carries a control character.
"""

from struct import Struct, error

from backend.live.lateness import BUCKETS, Lateness
from backend.live.snapshot import BackendFigures, DeviceFigures, Snapshot, State, StreamFigures
from ringproto.card import Direction
from ringproto.errors import ProtocolError
from ringproto.formats import Format

VERSION = 1
DEVICES_MAX = 256
STREAMS_MAX = 1024
UNKNOWN = -(1 << 63)
NO_DEVICE, NO_FORMAT = -1, 0xFF

BACKEND = Struct("<3I4x2q6Q2I")
DEVICE = Struct("<64s16s16s4I2B2xq2Q")
STREAM = Struct(f"<IIHhBcBx4I2q6Q{BUCKETS}Q64s")
BODY_OCTETS_MAX = BACKEND.size + DEVICES_MAX * DEVICE.size + STREAMS_MAX * STREAM.size


class LayoutError(Exception):
    """What was read is no snapshot."""


def pack_snapshot(snapshot: Snapshot, into: bytearray) -> int:
    """Write it to the beginning of `into`, which has `BODY_OCTETS_MAX`; how many octets.  Rows too many are counted."""
    devices, streams = snapshot.devices[:DEVICES_MAX], snapshot.streams[:STREAMS_MAX]
    hidden = len(snapshot.devices) - len(devices), len(snapshot.streams) - len(streams)
    _pack_backend(snapshot.backend, len(devices), len(streams), hidden, into)
    at = BACKEND.size
    for device in devices:
        _pack_device(device, into, at)
        at += DEVICE.size
    places = {device.name: place for place, device in enumerate(devices)}
    for stream in streams:
        _pack_stream(stream, places.get(stream.device, NO_DEVICE), into, at)
        at += STREAM.size
    return at


def _pack_backend(
    figures: BackendFigures, devices: int, streams: int, hidden: tuple[int, int], into: bytearray
) -> None:
    BACKEND.pack_into(
        into, 0, figures.pid, devices, streams, figures.started_ns, figures.sampled_ns,
        figures.samples, figures.sampling_ns, figures.cpu_ns, figures.voluntary_switches,
        figures.involuntary_switches, figures.rss_octets_max, *hidden,
    )  # fmt: skip


def _pack_device(figures: DeviceFigures, into: bytearray, at: int) -> None:
    DEVICE.pack_into(
        into, at, _cut(figures.name, 64), _cut(figures.kind, 16), _cut(figures.pacing, 16),
        figures.rate_hz, figures.period_frames, figures.buffer_frames, figures.streams,
        figures.channels, figures.format.code, _known(figures.ahead_ns), figures.looks, figures.underruns,
    )  # fmt: skip


def _pack_stream(figures: StreamFigures, place: int, into: bytearray, at: int) -> None:
    STREAM.pack_into(
        into, at, figures.domid, figures.card, figures.number, place,
        NO_FORMAT if figures.format is None else figures.format.code, figures.direction.value.encode(), figures.state,
        figures.channels, figures.rate_hz, figures.period_frames, figures.buffer_frames,
        _known(figures.fill_ns), _known(figures.delay_ns),
        figures.frames, figures.late_frames, figures.underruns, figures.requests, figures.events,
        figures.lateness.sum_ns, *figures.lateness.counts, _cut(figures.guest, 64),
    )  # fmt: skip


def unpack_snapshot(body: bytes) -> Snapshot:
    """The snapshot in these octets.  Raises LayoutError."""
    try:
        return _unpack(body)
    except (error, ValueError, ProtocolError) as wrong:
        raise LayoutError(str(wrong)) from wrong


def _unpack(body: bytes) -> Snapshot:
    pid, device_count, stream_count, started_ns, sampled_ns, *counts = BACKEND.unpack_from(body)
    samples, sampling_ns, cpu_ns, voluntary, involuntary, rss_octets, *hidden = counts
    streams_at = BACKEND.size + device_count * DEVICE.size
    if len(body) != streams_at + stream_count * STREAM.size:
        raise LayoutError(f"{len(body)} octets cannot be {device_count} devices and {stream_count} streams")
    backend = BackendFigures(
        pid, started_ns, sampled_ns, samples, sampling_ns, cpu_ns, voluntary, involuntary, rss_octets, *hidden
    )
    devices = tuple(_unpack_device(body, BACKEND.size + place * DEVICE.size) for place in range(device_count))
    streams = tuple(_unpack_stream(body, streams_at + row * STREAM.size, devices) for row in range(stream_count))
    return Snapshot(backend, devices, streams)


def _unpack_device(body: bytes, at: int) -> DeviceFigures:
    name, kind, pacing, rate_hz, period, buffer, streams, channels, code, ahead_ns, looks, underruns = (
        DEVICE.unpack_from(body, at)
    )
    return DeviceFigures(
        _text(name), _text(kind), _text(pacing), rate_hz, channels, Format.from_code(code), period, buffer,
        streams, _unless_unknown(ahead_ns), looks, underruns,
    )  # fmt: skip


def _unpack_stream(body: bytes, at: int, devices: tuple[DeviceFigures, ...]) -> StreamFigures:
    domid, card, number, place, code, way, state, *rest = STREAM.unpack_from(body, at)
    channels, rate_hz, period_frames, buffer_frames, fill_ns, delay_ns, *counts = rest
    frames, late_frames, underruns, requests, events, sum_ns, *buckets, guest = counts
    device, pacing = _device_at(place, devices)
    return StreamFigures(
        domid, card, number, _text(guest), State(state), Direction(way.decode("ascii")),
        device, pacing, None if code == NO_FORMAT else Format.from_code(code), channels, rate_hz,
        period_frames, buffer_frames, _unless_unknown(fill_ns), _unless_unknown(delay_ns),
        frames, late_frames, underruns, requests, events, Lateness(tuple(buckets), sum_ns),
    )  # fmt: skip


def _device_at(place: int, devices: tuple[DeviceFigures, ...]) -> tuple[str, str]:
    """Its name and pacing; nothing for a stream that is on none, or on one that had no room."""
    return (devices[place].name, devices[place].pacing) if 0 <= place < len(devices) else ("", "")


def _known(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _unless_unknown(value: int) -> int | None:
    return None if value == UNKNOWN else value


def _cut(text: str, octets: int) -> bytes:
    """As much of it as fits, and no part of a character."""
    encoded = text.encode(errors="replace")
    return encoded if len(encoded) <= octets else encoded[:octets].decode(errors="ignore").encode()


def _text(field: bytes) -> str:
    """The name in it, harmless to show."""
    text = field.rstrip(b"\0").decode(errors="replace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)

"""A snapshot as Prometheus metrics: names, units and texts as Prometheus' conventions have them.

Every stream has the labels `domid`, `card`, `stream`, `guest` and `direction`; counts are of the stream since the
backend began, over all its openings.  Figures that are not known are left out, not 0.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from backend.live.follower import Follower
from backend.live.lateness import BOUNDS_NS, STEPS, Lateness
from backend.live.snapshot import BackendFigures, DeviceFigures, Snapshot, State, StreamFigures
from ringproto.card import Direction

STREAM = ("domid", "card", "stream", "guest", "direction")
DEVICE = ("device",)
S = 1e9
"""Nanoseconds in a second."""

Of = Callable[[StreamFigures], float | None]

STREAM_GAUGES: dict[str, tuple[str, Of]] = {
    "vsnd_playback_delay_seconds": (
        "In so long the next frame that the guest hands over is heard.",
        lambda s: s.delay_ns if s.direction is Direction.PLAYBACK else None,
    ),
    "vsnd_capture_delay_seconds": (
        "So long ago the next frame that the guest takes was sampled.",
        lambda s: s.delay_ns if s.direction is Direction.CAPTURE else None,
    ),
    "vsnd_fill_seconds": ("Frames that wait in the backend: to be mixed, or to be taken.", lambda s: s.fill_ns),
    "vsnd_period_seconds": ("How often the guest asked to be told.", lambda s: _ns(s.period_frames, s.rate_hz)),
    "vsnd_buffer_seconds": ("What the guest's buffer holds.", lambda s: _ns(s.buffer_frames, s.rate_hz)),
}
STREAM_COUNTERS: dict[str, tuple[str, Of]] = {
    "vsnd_underruns": (
        "Stretches of silence for frames that came too late; capture: of frames not taken in time.",
        lambda s: s.underruns,
    ),
    "vsnd_late_frames": (
        "Frames dropped, since their moment was over (no room, for capture).",
        lambda s: s.late_frames,
    ),
    "vsnd_frames": ("Frames presented, or recorded.", lambda s: s.frames),
    "vsnd_requests": ("Requests of the guest.", lambda s: s.requests),
    "vsnd_position_events": ("Position events sent to the guest.", lambda s: s.events),
}
LATENESS = "How far the card was past a period's end, by its own position, when the guest was told of it."
STATES = [state for state in State if state is not State.AWAY]


def _ns(frames: int, rate_hz: int) -> float | None:
    return frames * 1e9 / rate_hz if rate_hz else None


class BackendCollector(Collector):
    """Of the backend that `follower` follows."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def collect(self) -> Iterable[Metric]:
        """All that is known now."""
        snapshot = self._follower.look()
        yield GaugeMetricFamily("vsnd_up", "Whether the backend is there.", value=snapshot is not None)
        if snapshot is not None:
            yield from process_metrics(snapshot.backend, time.monotonic_ns())
            yield from device_metrics({device.name: device for device in snapshot.devices}.values())
            yield from stream_metrics([stream for stream in snapshot.streams if stream.is_stream])
            yield guests(snapshot)


def process_metrics(figures: BackendFigures, now_ns: int) -> Iterable[Metric]:
    """The backend's own."""
    yield CounterMetricFamily("vsnd_cpu_seconds", "CPU time of the backend's process.", value=figures.cpu_ns / S)
    switches = CounterMetricFamily(
        "vsnd_context_switches", "How often it slept (voluntary) or was put aside.", labels=("kind",)
    )
    switches.add_metric(("voluntary",), figures.voluntary_switches)
    switches.add_metric(("involuntary",), figures.involuntary_switches)
    yield switches
    yield GaugeMetricFamily("vsnd_resident_memory_max_bytes", "The most it ever had.", value=figures.rss_octets_max)
    age_ns = max(0, now_ns - figures.sampled_ns)
    yield GaugeMetricFamily("vsnd_snapshot_age_seconds", "How old all these figures are.", value=age_ns / S)
    yield CounterMetricFamily("vsnd_snapshots", "How often figures were written.", value=figures.samples)
    yield CounterMetricFamily("vsnd_snapshot_seconds", "What that took the backend.", value=figures.sampling_ns / S)
    hidden = GaugeMetricFamily("vsnd_hidden", "Rows for which there was no room.", labels=("kind",))
    hidden.add_metric(("device",), figures.hidden_devices)
    hidden.add_metric(("stream",), figures.hidden_streams)
    yield hidden


def device_metrics(devices: Iterable[DeviceFigures]) -> Iterable[Metric]:
    """One of each for every open device."""
    about = InfoMetricFamily("vsnd_device", "What a device is.", labels=DEVICE)
    looks = CounterMetricFamily("vsnd_looks", "How often the pacing had the device looked at.", labels=DEVICE)
    underruns = CounterMetricFamily("vsnd_device_underruns", "How often the device itself ran dry.", labels=DEVICE)
    streams = GaugeMetricFamily("vsnd_device_streams", "Streams that play or record on it now.", labels=DEVICE)
    ahead = GaugeMetricFamily("vsnd_device_ahead_seconds", "In so long what is mixed next is heard.", labels=DEVICE)
    for device in devices:
        name = (device.name,)
        what = {"kind": device.kind, "pacing": device.pacing, "format": device.format.xen_name}
        about.add_metric(name, {**what, "rate_hz": str(device.rate_hz), "channels": str(device.channels)})
        looks.add_metric(name, device.looks)
        underruns.add_metric(name, device.underruns)
        streams.add_metric(name, device.streams)
        if device.ahead_ns is not None:
            ahead.add_metric(name, device.ahead_ns / S)
    return about, looks, underruns, streams, ahead


def stream_metrics(streams: Sequence[StreamFigures]) -> Iterable[Metric]:
    """One of each for every stream of a connected guest."""
    for name, (text, of) in STREAM_GAUGES.items():
        gauge = GaugeMetricFamily(name, text, labels=STREAM)
        for stream in streams:
            value = of(stream)
            if value is not None:
                gauge.add_metric(labels(stream), value / S)
        yield gauge
    for name, (text, of) in STREAM_COUNTERS.items():
        counter = CounterMetricFamily(name, text, labels=STREAM)
        for stream in streams:
            counter.add_metric(labels(stream), of(stream) or 0)
        yield counter
    yield lateness(streams)
    yield from _what_they_are(streams)


def lateness(streams: Sequence[StreamFigures]) -> Metric:
    """In buckets of an octave, a quarter as many as are kept."""
    family = HistogramMetricFamily("vsnd_period_lateness_seconds", LATENESS, labels=STREAM)
    for stream in streams:
        family.add_metric(labels(stream), _buckets(stream.lateness), stream.lateness.sum_ns / S)
    return family


def _buckets(counted: Lateness) -> list[tuple[str, float]]:
    whole_octaves = range(0, len(BOUNDS_NS), STEPS)
    buckets = [(repr(BOUNDS_NS[at] / 1e9), float(sum(counted.counts[: at + 1]))) for at in whole_octaves]
    return [*buckets, ("+Inf", counted.periods)]


def _what_they_are(streams: Sequence[StreamFigures]) -> Iterable[Metric]:
    about = InfoMetricFamily("vsnd_stream", "What an open stream is.", labels=STREAM)
    states = StateSetMetricFamily("vsnd_stream_state", "Where a stream is in its life.", labels=STREAM)
    for stream in streams:
        states.add_metric(labels(stream), {state.name.lower(): stream.state is state for state in STATES})
        if stream.format is not None:
            what = {"device": stream.device, "pacing": stream.pacing, "format": stream.format.xen_name}
            about.add_metric(labels(stream), {**what, "rate_hz": str(stream.rate_hz), "channels": str(stream.channels)})
    return about, states


def guests(snapshot: Snapshot) -> Metric:
    """Which cards there are, and whether their guests are connected."""
    family = GaugeMetricFamily(
        "vsnd_guest_connected", "Whether a card's guest is connected.", labels=("domid", "card", "guest")
    )
    cards = {(s.domid, s.card): s for s in snapshot.streams}
    for (domid, card), stream in cards.items():
        family.add_metric((str(domid), str(card), stream.guest), stream.is_stream)
    return family


def labels(stream: StreamFigures) -> tuple[str, ...]:
    """Of a stream, in the order of STREAM."""
    number = f"{stream.number >> 4}.{stream.number & 15}"
    return str(stream.domid), str(stream.card), number, stream.guest, stream.direction.name.lower()

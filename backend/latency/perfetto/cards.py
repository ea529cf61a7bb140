"""A card's track: its periods, from boundary to boundary at their ideal instants.

A card that rests (nobody plays) makes no boundaries.  The period that ends a rest is as long as it is by its nominal
rate, reckoned back from its end.  So is the first.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from backend.latency.facts import Device
from backend.latency.measures.timeline import NS_PER_S, REST_FACTOR
from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.sources import Kind, Slices
from backend.latency.perfetto.tracks import Tracks
from backend.latency.records import Records, Trace

KINDS = (Kind("period", "device_frame"),)


def cards(trace: Trace, devices: Sequence[Device], excerpt: Excerpt, tracks: Tracks) -> dict[str, Slices]:
    """The periods of each device, by its name.  Devices of one number cannot be told apart, and have none."""
    numbers = Counter(device.number for device in devices)
    shown: dict[str, Slices] = {}
    for device in devices:
        boundaries = trace.boundaries(device.number)
        if len(boundaries) and numbers[device.number] == 1:
            periods = _periods(boundaries, device, excerpt)
            periods.put_on(tracks, tracks.process(f"card {device.name} ({device.kind}, {device.pacing})"), "periods")
            shown[device.name] = periods
    return shown


def _periods(boundaries: Records, device: Device, excerpt: Excerpt) -> Slices:
    """One slice before each boundary."""
    frames, index = np.unique(boundaries["frame"], return_index=True)
    end_ns = np.maximum.accumulate(boundaries["time_ns"][index])
    played = np.diff(frames, prepend=frames[0] - device.period_frames)
    nominal_ns = (played * (NS_PER_S / device.rate_hz)).astype(np.int64)
    before_ns = np.concatenate([end_ns[:1] - nominal_ns[:1], end_ns[:-1]])
    rested = end_ns - before_ns > REST_FACTOR * nominal_ns
    start_ns = np.where(rested, end_ns - nominal_ns, before_ns)
    kept = excerpt.shows(end_ns) & (start_ns < end_ns)
    return Slices(start_ns[kept], end_ns[kept], KINDS, np.zeros(int(kept.sum()), dtype=np.int64), frames[kept])

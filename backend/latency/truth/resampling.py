"""The part of a frame by which a resampler shifts everything it is given, heard by a marker that went through it.

It is constant (see `backend.mixing.resample`), and no trace knows of it.
"""

from functools import lru_cache

import numpy as np

from backend.latency.truth.find import find
from backend.latency.truth.marker import Marker
from backend.mixing.resample import Resampler


@lru_cache
def resampling_frames(guest_hz: int, device_hz: int) -> float:
    """How many of the device's frames later than by their rates alone a guest's frames are heard."""
    if guest_hz == device_hz:
        return 0.0
    marker = Marker(0, 0, 0, guest_hz)
    before = np.zeros(guest_hz // 10)
    sound = np.concatenate([before, marker.render(guest_hz), before]).astype(np.float32)
    resampler = Resampler(guest_hz, device_hz, 1)
    resampled = np.concatenate([resampler.push(sound[:, np.newaxis]), resampler.flush()])
    (place,) = find(resampled.astype(np.float64), device_hz, [marker])
    return place.frame - len(before) * device_hz / guest_hz

"""Finding markers in sound: each by its likeness to every piece of it.

Theory.  The likeness is the cosine of the angle between a marker and as long a piece of the sound, the sound having
been cut down to the marker's band.  1 is the marker alone, however loud; with as much of other sound it is 0.7.
(It is taken at whole frames; half a frame off costs 5 % at 48 kHz.)

How false can it be?  In its band a marker is one of 2 * bandwidth * length independent numbers (1400 at 20 kHz and
more, 520 at 8 kHz), all drawn.  To any sound that knows nothing of it, it stands as a random direction in so many
dimensions, whose cosine exceeds c by a chance of exp(-dimensions * c^2 / 2) at most.  What counts as found is
where this is 10^-12: a likeness of 0.2 (0.33 for a telephone).  So ten seconds at 48 kHz, searched for the 32 markers
of two guests, have a false one once in 65 000 runs.  A marker that is fainter than that among the others is not found:
missing, never mistaken.

The place is that of the greatest correlation, looked for with the marker moved by parts of a frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from backend.latency.truth.marker import EDGE_MS, LENGTH_MS, LOWEST_HZ, Float64s, Marker

Complex128s = NDArray[np.complex128]

CHANCE = 1e-12
"""Of a marker being found at a frame where it is not."""
PIECE_FRAMES = 1 << 18
"""Sound is searched in pieces, so that memory is bounded."""
FAINTEST = 2.0**-15
"""RMS below which sound is silence: a step of 16 bits."""
ROOM_FRAMES = 2
"""By which a place may still be moved once it is known to a frame."""
STEPS_FRAMES = (0.5, 0.05)
"""How far to both sides is looked, first and then, for the very place."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a marker was found."""

    marker: Marker
    frame: float
    """Of the sound, where it begins; parts of a frame count."""
    likeness: float
    """0 to 1."""


def find(samples: Float64s, rate_hz: int, markers: Sequence[Marker]) -> list[Place]:
    """Every place of each marker in a sound, shape [frames] or [frames, channels], in the order of frames."""
    sound = samples if samples.ndim == 1 else samples.mean(axis=1)
    found = [place for piece in _pieces(sound, rate_hz, markers) for place in piece]
    found.sort(key=lambda place: -place.likeness)
    kept: dict[Marker, list[float]] = {}
    places: list[Place] = []
    for place in found:  # a marker looks a little like itself moved a little: the best of those is it
        others = kept.setdefault(place.marker, [])
        if all(abs(place.frame - other) >= _frames(rate_hz) for other in others):
            others.append(place.frame)
            places.append(Place(place.marker, _refined(sound, rate_hz, place), place.likeness))
    return sorted(places, key=lambda place: place.frame)


def least_likeness(marker: Marker, rate_hz: int) -> float:
    """What counts as found."""
    dimensions = 2 * (marker.highest_hz(rate_hz) - LOWEST_HZ) * (LENGTH_MS - 2 * EDGE_MS) / 1000
    return sqrt(2 * log(1 / CHANCE) / dimensions)


def _frames(rate_hz: int) -> int:
    return rate_hz * LENGTH_MS // 1000


def _pieces(sound: Float64s, rate_hz: int, markers: Sequence[Marker]) -> Iterator[list[Place]]:
    """The likely places in each piece of the sound; whole markers only, but for silence before and after the sound."""
    margin = _frames(rate_hz)
    size = max(PIECE_FRAMES, 1 << (8 * margin).bit_length())
    step = size - 3 * margin  # a piece begins a margin early, since cutting to a band smears its ends
    padded = np.concatenate([np.zeros(margin), sound, np.zeros(size)])
    by_band = sorted(markers, key=lambda marker: marker.highest_hz(rate_hz))
    for at in range(0, len(sound), step):
        spectrum = np.fft.rfft(padded[at : at + size])
        for highest_hz, alike in groupby(by_band, key=lambda marker: marker.highest_hz(rate_hz)):
            loudness = _loudness(spectrum, size, rate_hz, highest_hz)[margin : margin + step]
            for marker in alike:
                template = marker.render(rate_hz)
                product = spectrum * np.conj(np.fft.rfft(template, size))
                correlation = np.fft.irfft(product, size)[margin : margin + step]
                likeness = correlation / (loudness * np.linalg.norm(template))
                yield [Place(marker, float(at + frame), min(float(likeness[frame]), 1.0)) for frame in _peaks(
                    likeness, least_likeness(marker, rate_hz), margin)]  # fmt: skip


def _loudness(spectrum: Complex128s, size: int, rate_hz: int, highest_hz: int) -> Float64s:
    """The norm of what is in the band of as long a piece as a marker from each frame on."""
    bins_hz = np.arange(len(spectrum)) * rate_hz / size
    in_band = np.where((bins_hz >= LOWEST_HZ) & (bins_hz <= highest_hz), spectrum, 0)
    energy = np.cumsum(np.fft.irfft(in_band, size) ** 2)
    frames = _frames(rate_hz)
    lasting = np.zeros(size)
    lasting[1 : size - frames] = energy[frames:-1] - energy[: -frames - 1]
    return np.sqrt(np.maximum(lasting, frames * FAINTEST**2))


def _peaks(likeness: Float64s, least: float, apart: int) -> list[int]:
    """The best frames, none within `apart` of a better one."""
    likely = np.flatnonzero(likeness >= least)
    peaks: list[int] = []
    while len(likely):
        best = int(likely[np.argmax(likeness[likely])])
        peaks.append(best)
        likely = likely[np.abs(likely - best) >= apart]
    return peaks


def _refined(sound: Float64s, rate_hz: int, place: Place) -> float:
    """The place to a small part of a frame: the top of a parabola through three correlations, twice."""
    first = int(place.frame) - ROOM_FRAMES
    late = float(ROOM_FRAMES)
    for step in STEPS_FRAMES:
        before, here, after = (_correlation(sound, first, place.marker, rate_hz, late + d) for d in (-step, 0.0, step))
        bend = before - 2 * here + after
        if bend < 0:
            late += step * float(np.clip((before - after) / (2 * bend), -1, 1))
    return first + late


def _correlation(sound: Float64s, first: int, marker: Marker, rate_hz: int, late_frames: float) -> float:
    """With the marker `late_frames` after `first`, which may lie before the sound."""
    template = marker.render(rate_hz, late_frames)[max(0, -first) :]
    piece = sound[max(0, first) :][: len(template)]
    return float(piece @ template[: len(piece)])

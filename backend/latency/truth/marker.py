"""Markers: short sounds that tell which guest and stream they are of, and which of its frames they begin with.

A marker is 100 ms of noise, put together from its spectrum: sines of all whole numbers of Hz in a band, each with a
phase drawn for this guest, stream and number.  Why not an impulse, or chips of a pseudo-random sequence?

* An impulse is one frame.  Other sound hides it, it looks like any other impulse, and to be loud enough it must clip.
  Noise of the same peak holds a thousand times the energy, and 1400 numbers that nobody else has.
* It is a formula of time, not a row of samples.  So it can be given at any rate, moved by any part of a frame, and the
  finder needs no resampler of its own that might be off.
* It has nothing near half the guest's rate, nor above 8 kHz, nor below 300 Hz where music is loudest.  So a resampler
  lets it through as it is.  A gain only turns it down, and how loud it is does not matter to who looks for its shape.
* Its correlation with itself is a peak three frames wide (at 48 kHz).

The guest plays 16 of them over and over, one in each quarter of a second, at a moment in there that is drawn as well:
all phases against periods and looks occur, and guests that begin together are not always heard together.

Draws are Philox's raw words with the marker's name as key: numpy keeps those for ever, so that a stored run can be
listened to by a later version.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

MARKERS = "markers"
"""What a stream `plays` to play these."""
COUNT = 16
EVERY_MS = 250
LENGTH_MS = 100
EDGE_MS = 5
"""Fade at both ends: without it a marker would not keep to its band."""
LOWEST_HZ = 300
HIGHEST_HZ = 8000
BAND = 0.4
"""How much of a rate the band reaches up to; half of it is Nyquist's."""
RMS = 0.06
"""-24 dBFS; peaks are near -12, so that three guests do not clip."""


@dataclass(frozen=True, slots=True)
class Marker:
    """One of a stream's `COUNT` markers; `rate_hz` is the guest's."""

    domid: int
    stream: int
    number: int
    rate_hz: int

    @property
    def begin_frame(self) -> int:
        """The guest's frame it begins with, within `loop_frames`."""
        every = self.rate_hz * EVERY_MS // 1000
        return self.number * every + int(self._draws(1)[0]) % (every - self.frames)

    @property
    def frames(self) -> int:
        """How many of the guest's frames it is long."""
        return self.rate_hz * LENGTH_MS // 1000

    def highest_hz(self, rate_hz: int) -> int:
        """Where its band ends once it is heard at `rate_hz`."""
        return int(min(HIGHEST_HZ, BAND * self.rate_hz, BAND * rate_hz))

    def render(self, rate_hz: int, late_frames: float = 0.0) -> Float64s:
        """It as heard at `rate_hz`, beginning `late_frames` of that rate after the first sample."""
        tones_hz = np.arange(LOWEST_HZ, self.highest_hz(rate_hz) + 1)
        # Phases go by the tone's number, so that one who lets fewer tones through hears the same ones.
        phases = self._draws(1 + len(tones_hz))[1:] * (2 * np.pi / 2.0**64)
        spectrum = np.zeros(rate_hz // 2 + 1, np.complex128)
        spectrum[tones_hz] = np.exp(1j * (phases - 2 * np.pi * tones_hz * late_frames / rate_hz))
        count = rate_hz * LENGTH_MS // 1000 + int(np.ceil(late_frames)) + 1
        one_second = np.fft.irfft(spectrum, rate_hz, norm="forward")
        level = RMS / np.sqrt(2 * len(tones_hz))
        return np.asarray(level * one_second[:count] * _fades(count, rate_hz, late_frames))

    def _draws(self, count: int) -> NDArray[np.uint64]:
        name = (self.domid << 32 | self.stream << 16 | self.number) + 1
        return np.asarray(np.random.Philox(key=name).random_raw(count), np.uint64)


def _fades(count: int, rate_hz: int, late_frames: float) -> Float64s:
    passed_ms = (np.arange(count) - late_frames) * 1000 / rate_hz
    to_edge_ms = np.minimum(passed_ms, LENGTH_MS - passed_ms)
    return np.asarray(np.sin(np.pi / 2 * np.clip(to_edge_ms / EDGE_MS, 0, 1)) ** 2)


def markers_of(domid: int, stream: int, rate_hz: int) -> list[Marker]:
    """All markers of a stream, in the order they are played."""
    return [Marker(domid, stream, number, rate_hz) for number in range(COUNT)]


def loop_frames(rate_hz: int) -> int:
    """After so many frames the first marker comes again."""
    return COUNT * (rate_hz * EVERY_MS // 1000)


def recording(domid: int, stream: int, rate_hz: int) -> Float64s:
    """What the stream plays over and over: one channel, full scale 1."""
    sound = np.zeros(loop_frames(rate_hz))
    for marker in markers_of(domid, stream, rate_hz):
        heard = marker.render(rate_hz)[: marker.frames]
        sound[marker.begin_frame : marker.begin_frame + len(heard)] = heard
    return sound

"""How far one sound is from another, once both begin at the same moment."""

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
"""Frames by channels."""


def align(heard: Sound, wanted: Sound) -> int:
    """The frame of `heard` at which `wanted` begins, by where their product is greatest."""
    size = 1 << int(np.ceil(np.log2(len(heard) + len(wanted))))
    spectrum = np.fft.rfft(heard[:, 0], size) * np.conj(np.fft.rfft(wanted[:, 0], size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))


def difference_db(heard: Sound, wanted: Sound, edge: int) -> float:
    """The power of what differs against that of what was wanted, without `edge` frames at both ends.

    A shift by a constant part of a frame is no difference: the one at which least differs is taken out first.
    """
    start = align(heard, wanted)
    heard, wanted = heard[start : start + len(wanted)], wanted[: len(heard) - start]
    window = np.hanning(len(wanted) - 2 * edge)[:, None]
    own, other = (np.fft.rfft(sound[edge : len(sound) - edge] * window, axis=0) for sound in (heard, wanted))
    turn = 2j * np.pi * np.fft.rfftfreq(len(window))[:, None]

    def left(shift: float) -> float:
        return float(np.sum(np.abs(own * np.exp(turn * shift) - other) ** 2))

    step, best = 0.25, 0.0
    while step > 1e-7:
        best = min((best - step, best, best + step), key=left)
        step /= 2
    return float(10 * np.log10(max(left(best) / np.sum(np.abs(other) ** 2), 1e-30)))

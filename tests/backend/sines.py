"""What is left of a sine, and how far it is turned."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def residual_db(samples: Floats, turns_per_frame: float) -> float:
    """The samples less the best-fitting sine of about that frequency, relative to it (THD+N, as it is called)."""
    frames = np.arange(len(samples)) - len(samples) / 2
    for _ in range(5):  # Gauss and Newton: the frequency as well as level and phase
        angle = 2 * np.pi * turns_per_frame * frames
        level = np.linalg.lstsq(np.stack([np.sin(angle), np.cos(angle)], axis=1), samples, rcond=None)[0]
        slope = 2 * np.pi * frames * (level[0] * np.cos(angle) - level[1] * np.sin(angle))
        basis = np.stack([np.sin(angle), np.cos(angle), slope], axis=1)
        fit = np.linalg.lstsq(basis, samples, rcond=None)[0]
        turns_per_frame += fit[2]
    rest = samples - basis[:, :2] @ fit[:2]
    return float(10 * np.log10(np.mean(rest**2) / np.mean(samples**2)))


def turned(samples: Floats, turns: Floats) -> float:
    """How many turns, within half a one, a sine of these samples is behind `sin(2 pi turns)`."""
    return float(-np.angle(np.mean(samples * np.exp(-2j * np.pi * turns)) * 1j) / (2 * np.pi))

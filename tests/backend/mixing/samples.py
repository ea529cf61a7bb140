"""What the tests of this package share: octets of samples, done the slow and obvious way, and filled queues."""

import struct
from collections.abc import Iterable
from typing import Literal

import numpy as np

from backend.mixing.convert import FloatArray
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from ringproto.formats import Format


def integer_range(format_: Format) -> tuple[int, int]:
    """Lowest and highest sample."""
    half = 1 << (format_.significant_bits - 1)
    return (-half, half - 1) if format_.signed else (0, 2 * half - 1)


def byte_order(format_: Format) -> Literal["big", "little"]:
    """The order in Python's words."""
    return "big" if format_.big_endian else "little"


def pack(format_: Format, values: Iterable[float]) -> bytes:
    """Integers (or floats, for float formats) as octets of the format."""
    if format_.is_float:
        code = (">" if format_.big_endian else "<") + ("f" if format_.sample_octets == 4 else "d")
        return b"".join(struct.pack(code, value) for value in values)
    size, order = format_.sample_octets, byte_order(format_)
    return b"".join(int(value).to_bytes(size, order, signed=format_.signed) for value in values)


def unpack(format_: Format, octets: bytes) -> list[float]:
    """The integers (or floats) that lie in `octets`."""
    size = format_.sample_octets
    parts = [octets[k : k + size] for k in range(0, len(octets), size)]
    if format_.is_float:
        code = (">" if format_.big_endian else "<") + ("f" if size == 4 else "d")
        return [struct.unpack(code, part)[0] for part in parts]
    return [int.from_bytes(part, byte_order(format_), signed=format_.signed) for part in parts]


def put(queue: FrameQueue, octets: bytes) -> None:
    """Append `octets` as a guest's WRITE does."""
    first, second = queue.reserve(len(octets))
    first[:] = octets[: len(first)]
    second[:] = octets[len(first) :]
    queue.commit(len(octets))


def take(queue: FrameQueue) -> bytes:
    """All whole frames in the queue."""
    octets = b"".join(queue.peek(queue.capacity_octets))
    queue.drop(len(octets))
    return octets


def queue_for(spec: SampleSpec, frames: int) -> FrameQueue:
    """An empty queue for `frames` frames."""
    return FrameQueue(frames * spec.frame_octets, spec.frame_octets)


def floats(frames: int, channels: int) -> FloatArray:
    """Room for float frames, filled with what nobody should ever see."""
    return np.full((frames, channels), np.nan, np.float32)


def sine(hz: float, rate_hz: int, frames: int, level: float = 0.5) -> FloatArray:
    """One channel of a sine, shape [frames]."""
    angle = 2 * np.pi * hz / rate_hz * np.arange(frames)
    samples: FloatArray = np.multiply(level, np.sin(angle)).astype(np.float32)
    return samples


def error_db(samples: FloatArray, hz: float, rate_hz: int) -> float:
    """What is left of `samples` when the best-fitting sine of `hz` is taken away, relative to it."""
    angle = 2 * np.pi * hz / rate_hz * np.arange(len(samples))
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, samples.astype(np.float64), rcond=None)[0]
    return float(10 * np.log10(np.mean((samples - fit) ** 2) / np.mean(fit**2)))

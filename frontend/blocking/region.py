"""The memory that a callback and its caller share: one word, what a hand-over says, and a buffer each way.

    0     the word (u32) of `ringproto.turns`, alone on its cache line
    64    written by the callback at each hand-over: first frame, frames, when it came (ns), u64 each
    128   magic, version, rate_hz, inputs, outputs, frames_max: u32 each
    192   the input, then the output: `frames_max` frames of float32 each, channels interleaved

A memfd, so that a process can be given it.  Two threads might as well hand over pointers.  But a callback that gives up
on a late caller takes its memory away, and the caller would go on writing there; so sound passes through the region,
and is copied once more.
"""

import mmap
import os
from dataclasses import dataclass
from errno import EINVAL
from struct import Struct
from typing import Final, NamedTuple, Self

import numpy as np

from frontend.process import FloatArray
from hosts.api import HostError
from hosts.memfd import make_sealed

MAGIC: Final = 0x6B6C6276
VERSION: Final = 1
_DESCRIPTION = Struct("=6I")
_DESCRIPTION_AT, _SAMPLES_AT = 128, 192
_FRAME, _FRAMES, _CAME_NS = 8, 9, 10
"""In words of eight octets."""

RATE_HZ_MAX = 768_000
CHANNELS_MAX = 32
FRAMES_MAX_MAX = 1 << 16
SAMPLE_OCTETS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """What passes.  Raises HostError(EINVAL) for what cannot be."""

    rate_hz: int
    inputs: int
    """Channels that the callback brings."""
    outputs: int
    """Channels that it takes."""
    frames_max: int
    """Of one callback."""

    def __post_init__(self) -> None:
        self._check("rate_hz", self.rate_hz, 1, RATE_HZ_MAX)
        self._check("inputs", self.inputs, 0, CHANNELS_MAX)
        self._check("outputs", self.outputs, 0 if self.inputs else 1, CHANNELS_MAX)
        self._check("frames_max", self.frames_max, 1, FRAMES_MAX_MAX)

    @staticmethod
    def _check(name: str, value: int, least: int, most: int) -> None:
        if not least <= value <= most:
            raise HostError(EINVAL, f"{name}: {value}, want {least} to {most}")

    @property
    def octets(self) -> int:
        """Of the whole region."""
        return _SAMPLES_AT + self.frames_max * (self.inputs + self.outputs) * SAMPLE_OCTETS


class HandOver(NamedTuple):
    """What the callback says of the buffers."""

    frame: int
    """How many came before, since the stream began."""
    frames: int
    came_ns: int
    """When the callback was called."""


class Region:
    """A mapping of it, and its descriptor `fd`, to be given to the other side's process."""

    def __init__(self, fd: int, shape: Shape) -> None:
        """Maps `fd`, which is ours from here on."""
        self.fd = fd
        self.shape = shape
        memory = memoryview(mmap.mmap(fd, shape.octets))
        self.word = memory[:SAMPLE_OCTETS]
        self._words = memory[:_DESCRIPTION_AT].cast("Q")
        samples = np.frombuffer(memory, np.float32, offset=_SAMPLES_AT)
        split = shape.frames_max * shape.inputs
        self.input: FloatArray = samples[:split].reshape(shape.frames_max, shape.inputs)
        self.output: FloatArray = samples[split:].reshape(shape.frames_max, shape.outputs)

    @classmethod
    def create(cls, shape: Shape) -> Self:
        """A new one.  Raises OSError when there is no memory."""
        fd = make_sealed("vsnd-blocking", shape.octets)
        try:
            described = _DESCRIPTION.pack(
                MAGIC, VERSION, shape.rate_hz, shape.inputs, shape.outputs, shape.frames_max
            )  # fmt: skip
            os.pwrite(fd, described, _DESCRIPTION_AT)
            return cls(fd, shape)
        except BaseException:
            os.close(fd)
            raise

    @classmethod
    def attach(cls, fd: int) -> Self:
        """The one that another process made; `fd` is ours from here on.  Raises HostError(EINVAL) if it is none."""
        described = os.pread(fd, _DESCRIPTION.size, _DESCRIPTION_AT)
        if len(described) < _DESCRIPTION.size:
            raise HostError(EINVAL, f"fd: {fd} is no region of blocking calls")
        magic, version, rate_hz, inputs, outputs, frames_max = _DESCRIPTION.unpack(described)
        if (magic, version) != (MAGIC, VERSION):
            raise HostError(EINVAL, f"fd: {fd} is no region of blocking calls of version {VERSION}")
        shape = Shape(rate_hz, inputs, outputs, frames_max)
        if os.fstat(fd).st_size != shape.octets:
            raise HostError(EINVAL, f"fd: {os.fstat(fd).st_size} octets, want {shape.octets}")
        return cls(fd, shape)

    def describe(self, frame: int, frames: int, came_ns: int) -> None:
        """Say what will be handed over."""
        words = self._words
        words[_FRAME], words[_FRAMES], words[_CAME_NS] = frame, frames, came_ns

    def handed_over(self) -> HandOver:
        """What was said.  As all that is read here, it may be torn until the turn proves to be ours still."""
        words = self._words
        return HandOver(words[_FRAME], min(words[_FRAMES], self.shape.frames_max), words[_CAME_NS])

    def close(self) -> None:
        """Let go of the descriptor; the memory goes with the last who uses it.  Harmless twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

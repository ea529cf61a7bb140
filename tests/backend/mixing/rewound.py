"""What the tests of voices that go back share: voices with a history, sound for them, and what is heard of it."""

import numpy as np

from backend.mixing.convert import FloatArray
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from ringproto.formats import Format
from tests.backend.mixing.samples import floats

STEREO = SampleSpec(Format.S16_LE, 2, 48000)
BLOCK = 480


def voice_of(guest: SampleSpec, device: SampleSpec = STEREO, seconds: float = 4.0, history_s: float = 2.5) -> Voice:
    capacity, history = (round(s * guest.rate_hz) * guest.frame_octets for s in (seconds, history_s))
    return Voice(guest, device, FrameQueue(capacity, guest.frame_octets, history), BLOCK)


def noise(spec: SampleSpec, frames: int, seed: int = 1) -> bytes:
    rng = np.random.default_rng(seed)
    if not spec.format.is_float:
        return rng.bytes(frames * spec.frame_octets)
    order = ">" if spec.format.big_endian else "<"
    return rng.uniform(-0.5, 0.5, frames * spec.channels).astype(f"{order}f{spec.format.sample_octets}").tobytes()


def heard(voice: Voice, frames: int, channels: int = 2) -> FloatArray:
    """So many frames, in blocks."""
    out = floats(frames, channels)
    for k in range(0, frames, BLOCK):
        count = min(BLOCK, frames - k)
        assert voice.render(count, out[k : k + count]) == count
    return out

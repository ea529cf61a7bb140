"""What one period of mixing costs: our Mixer against the same sum in plain C, compiled here with gcc.

    python -m tests.bench.mixing

A period is 480 stereo frames of s16 (10 ms at 48 kHz).  C reads one array per voice; the Mixer takes frames out of its
voices' queues as in the daemon, so its figures hold the queue's bookkeeping as well.  Medians, in microseconds.
`alone` is the one voice that is copied untouched; the other counts are summed in float32.  `resampled` comes from
44100 Hz, which C has no counterpart for.  `volume` is one voice of 16, by what its guest did to its volume: nothing,
turned it down, or turns it all the time, so that every frame belongs to a ramp.
"""

import ctypes
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import numpy as np

from backend.mixing.mixer import Mixer
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from ringproto.formats import Format
from ringproto.volume import gain_of

PERIOD_FRAMES = 480
VOICES = (1, 8, 16, 64)
DEVICE = SampleSpec(Format.S16_LE, 2, 48000)
PERIODS = 200
MINUS_6_DB = gain_of(-6_000)

C_SOURCE = """
#include <math.h>
#include <stdint.h>
void mix(const int16_t *voices, int count, int samples, float *sum, int16_t *out) {
    for (int k = 0; k < samples; k++) sum[k] = voices[k] * (1 / 32768.0f);
    for (int v = 1; v < count; v++)
        for (int k = 0; k < samples; k++) sum[k] += voices[v * samples + k] * (1 / 32768.0f);
    for (int k = 0; k < samples; k++)
        out[k] = (int16_t)rintf(fminf(fmaxf(sum[k] * 32768.0f, -32768.0f), 32767.0f));
}
void mix_often(int periods, const int16_t *voices, int count, int samples, float *sum, int16_t *out) {
    while (periods--) mix(voices, count, samples, sum, out);
}
"""


def measure() -> dict[str, object]:
    """Microseconds per period by number of voices; `c_us` is None where there is no gcc."""
    c_us = _c_us()
    rows = {}
    for count in VOICES:
        ours = _mixer_us(count, DEVICE)
        rows[str(count)] = {
            "mixer_us": round(ours, 2),
            "resampled_us": round(_mixer_us(count, SampleSpec(Format.S16_LE, 2, 44100)), 2),
            "c_us": None if c_us is None else round(c_us[count], 2),
            "times_c": None if c_us is None else round(ours / c_us[count], 1),
        }
    alone = round(_mixer_us(1, DEVICE, alone=True), 2)
    volume = {
        "unity_us": round(_mixer_us(16, DEVICE) / 16, 2),
        "turned_down_us": round(_mixer_us(16, DEVICE, gains=(MINUS_6_DB,)) / 16, 2),
        "ramping_us": round(_mixer_us(16, DEVICE, gains=(MINUS_6_DB, 1.0)) / 16, 2),
    }
    return {"period_frames": PERIOD_FRAMES, "period_us": 10_000, "alone_us": alone, "voices": rows, "volume": volume}


def _mixer_us(count: int, guest: SampleSpec, *, alone: bool = False, gains: tuple[float, ...] = (1.0,)) -> float:
    """With several `gains`, the next one is set before each period."""
    period_octets = -(-PERIOD_FRAMES * guest.rate_hz // DEVICE.rate_hz) * guest.frame_octets
    queues = [FrameQueue(4 * period_octets, guest.frame_octets) for _ in range(count)]
    voices = [Voice(guest, DEVICE, queue, PERIOD_FRAMES) for queue in queues]
    rng = np.random.default_rng(1)
    for queue, voice in zip(queues, voices, strict=True):
        queue.reserve(queue.room_octets)[0][:] = rng.integers(-400, 400, queue.room_octets // 2, "<i2").tobytes()
        queue.commit(2 * period_octets)
        if not alone:
            voice.set_gains([0.999999 if count == 1 else gains[0]] * 2)  # at unity one voice would be copied
    mixer = Mixer(DEVICE, PERIOD_FRAMES)
    out = memoryview(bytearray(PERIOD_FRAMES * DEVICE.frame_octets))

    def period() -> None:
        assert mixer.mix(voices, PERIOD_FRAMES, out) == [PERIOD_FRAMES] * count

    turns = cycle(gains)

    def refill() -> None:
        for queue in queues:
            queue.commit(min(period_octets, queue.room_octets))
        gain = next(turns)
        if len(gains) > 1:
            for voice in voices:
                voice.set_gains([gain, gain], ramped=True)

    return _median_us(period, refill)


def _median_us(timed: Callable[[], None], between: Callable[[], None]) -> float:
    costs_ns = []
    for _ in range(PERIODS):
        between()
        begin_ns = perf_counter_ns()
        timed()
        costs_ns.append(perf_counter_ns() - begin_ns)
    return median(costs_ns) / 1000


def _c_us() -> dict[int, float] | None:
    gcc = shutil.which("gcc")
    if gcc is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "mix.c"), Path(folder, "mix.so")
        source.write_text(C_SOURCE)
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        subprocess.run([gcc, *flags, "-o", library, source, "-lm"], check=True)
        mix_often = ctypes.CDLL(str(library)).mix_often
        return {count: _c_mix_us(mix_often, count) for count in VOICES}


def _c_mix_us(mix_often: Callable[..., None], count: int) -> float:
    samples = PERIOD_FRAMES * DEVICE.channels
    voices = np.random.default_rng(1).integers(-400, 400, (count, samples), "<i2")
    total, out = np.empty(samples, np.float32), np.empty(samples, "<i2")
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (voices, total, out)]
    per_call = 50  # so that the call itself does not count

    def periods() -> None:
        mix_often(per_call, pointers[0], count, samples, pointers[1], pointers[2])

    return _median_us(periods, lambda: None) / per_call


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

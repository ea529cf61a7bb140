"""How late one is heard through PulseAudio: a vsnd guest beside pacat, asked for the same delay.

    python -m tests.bench.delay

Both play to the same null sink at the same time, the guest on the left channel and pacat on the right.  Each has its
pipe fed as fast as it takes it, a small piece whenever the pipe is empty: so its buffers are as full as it keeps them,
which is what it was asked for.  (Fed in real time they would run empty, or full: a null sink's clock is up to 0.2 % off
the system's.)  Four times a second a piece holds an impulse.  One recorder listens to the sink's monitor.  Its frames
are dated by the earliest that any around them has come: a piece that the recorder gets late makes no delay.  What the
recorder adds is in both figures alike.

A guest is asked for a delay by its buffer: what a full buffer holds is heard by that much later, plus what the backend
hands the server ahead of time, plus what the server's sink takes ahead.  So the device's period is a quarter of the
delay less a millisecond, and the guest's buffer is three of those: the least that it is offered.
"""

import fcntl
import json
import os
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tests.backend.devices.pulse.servers import PulseAudio

RATE_HZ = 48000
PIECE_FRAMES = 96
EVERY_FRAMES = RATE_HZ // 4
SECONDS = 30
SETTLING_S = 3
ASKED_MS = (10, 20, 50)
LEVEL = 16000
NEAR_FRAMES = RATE_HZ // 2
"""Pieces so far around a frame date it: not all, since a recorder that is held up may lose some."""

CONFIG = """
pacing = "irq"
[devices.speaker]
kind = "pulse"
server = "{url}"
device = "other"
period_frames = {period}
buffer_frames = {buffer}
[streams]
play = "speaker"
"""


def measure() -> dict[str, dict[str, float]]:
    """For each delay asked for: both medians and 99th percentiles in ms, their ratio, and the guest's underruns."""
    with tempfile.TemporaryDirectory(prefix="vsnd-delay-") as folder:
        return {f"{asked_ms}_ms": _one(Path(folder) / str(asked_ms), asked_ms) for asked_ms in ASKED_MS}


def _one(folder: Path, asked_ms: int) -> dict[str, float]:
    folder.mkdir()
    period = (asked_ms - 1) * RATE_HZ // 4000
    with ExitStack() as parts:
        server = PulseAudio(folder)
        parts.callback(server.close)
        config = folder / "backend.toml"
        config.write_text(CONFIG.format(url=server.url, period=period, buffer=8 * period))
        machine = ("--dir", str(folder / "m"))
        parts.enter_context(_vsnd(folder, "host", "--guests", "1", *machine))
        parts.enter_context(_vsnd(folder, "backend", "--config", str(config), "--out", str(folder / "out"), *machine))
        sizes = ("--period-frames", str(period), "--buffer-frames", str(3 * period))
        guest = parts.enter_context(_vsnd(folder, "play", "-", "--domain", "1", *sizes, *machine, ready=False))
        environment = {**os.environ, "PULSE_SERVER": server.url}
        raw = ("--raw", "--format=s16le", "--rate=48000", "--channels=2")
        pacat = subprocess.Popen(
            ["pacat", *raw, f"--latency-msec={asked_ms}", "--device=other"], stdin=subprocess.PIPE, env=environment
        )
        recorder = subprocess.Popen(
            ["parec", *raw, "--latency-msec=2", "--device=other.monitor"], stdout=subprocess.PIPE, env=environment
        )
        heard = Heard(_end(recorder.stdout))
        feeders = Feeder(_end(guest.stdin), 0), Feeder(_end(pacat.stdin), 1)
        for feeder in feeders:
            feeder.join()
        guest.wait(30)
        said = _end(guest.stdout).read()
        pacat.wait(30)
        recorder.kill()
        heard.join()
        recorder.wait()
        _end(recorder.stdout).close()
    own, other = (_delays_ms(feeders[channel].written_s, heard.impulses_s(channel)) for channel in (0, 1))
    return _figures(own, other) | {"underruns": float(said.split()[0])}


def _end(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _figures(own: list[float], other: list[float]) -> dict[str, float]:
    return {
        "vsnd_median_ms": statistics.median(own),
        "vsnd_p99_ms": float(np.percentile(own, 99)),
        "pacat_median_ms": statistics.median(other),
        "pacat_p99_ms": float(np.percentile(other, 99)),
        "ratio_of_medians": statistics.median(own) / statistics.median(other),
        "impulses": len(own),
    }


@contextmanager
def _vsnd(folder: Path, *arguments: str, ready: bool = True) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / f"{arguments[0]}.log").open("wb") as log:
        part = subprocess.Popen(
            [sys.executable, "-m", "compose.cli", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    assert part.stdout is not None
    if ready:
        part.stdout.readline()
    try:
        yield part
    finally:
        part.terminate()
        part.wait(20)


class Feeder(threading.Thread):
    """Feeds a pipe as fast as its reader takes it; an impulse on one channel now and then."""

    def __init__(self, pipe: IO[bytes], channel: int) -> None:
        super().__init__(daemon=True)
        self.written_s: list[float] = []
        """When each impulse was written."""
        self._pipe = pipe
        self._quiet = bytes(4 * PIECE_FRAMES)
        loud = np.zeros((PIECE_FRAMES, 2), np.int16)
        loud[0, channel] = LEVEL
        self._loud = loud.tobytes()
        self.start()

    def run(self) -> None:
        for piece in range(SECONDS * RATE_HZ // PIECE_FRAMES):
            while not self._is_empty():
                time.sleep(0.0003)
            is_loud = piece * PIECE_FRAMES % EVERY_FRAMES == 0
            if is_loud:
                self.written_s.append(time.monotonic())
            self._pipe.write(self._loud if is_loud else self._quiet)
            self._pipe.flush()
        self._pipe.close()

    def _is_empty(self) -> bool:
        return not int.from_bytes(fcntl.ioctl(self._pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


class Heard(threading.Thread):
    """What the recorder has heard, and when each piece of it came."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._source = source
        self._octets = bytearray()
        self._came: list[tuple[int, float]] = []
        self.start()

    def run(self) -> None:
        while piece := os.read(self._source.fileno(), 1 << 16):
            self._octets += piece
            self._came.append((len(self._octets) // 4, time.monotonic()))

    def impulses_s(self, channel: int) -> NDArray[np.float64]:
        """When each impulse on that channel was heard."""
        samples = np.frombuffer(self._octets[: len(self._octets) // 4 * 4], np.int16).reshape(-1, 2)[:, channel]
        frames = np.flatnonzero(samples > LEVEL // 2)
        came = np.array(self._came)
        begin_s = came[:, 1] - came[:, 0] / RATE_HZ
        near = np.searchsorted(came[:, 0], (frames - NEAR_FRAMES, frames + NEAR_FRAMES))
        return np.array([begin_s[first : last + 1].min() for first, last in near.T]) + frames / RATE_HZ


def _delays_ms(written_s: list[float], heard_s: NDArray[np.float64]) -> list[float]:
    """From each impulse's writing to the next that was heard, once all has settled."""
    settled = [at_s for at_s in written_s if at_s > written_s[0] + SETTLING_S]
    found = np.searchsorted(heard_s, settled)
    return [1000 * (float(heard_s[n]) - at_s) for n, at_s in zip(found, settled, strict=True) if n < len(heard_s)]


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

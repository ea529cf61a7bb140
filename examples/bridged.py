"""A second of a tone, played by calls that block on top of a callback.

    python examples/bridged.py [FOLDER]       # of a machine: `vsnd host` and `vsnd backend`, as the README has it

The stream calls back on a thread of its own; `caller.send` is called on this one.  The same `Bridge` serves any stream
that calls `process(input, output, frames)`, and the caller may as well be another process: docs/blocking.md.
"""

import sys
from pathlib import Path
from threading import Thread

import numpy as np

from frontend import CallbackStream, PcmParams, connect, open_playback
from frontend.blocking import Bridge, Caller, Region, Shape
from frontend.process import FloatArray
from hosts.api import Host
from hosts.emu.client import EmuHost
from hosts.loop import RealLoop
from ringproto.formats import Format

PARAMS = PcmParams(48000, channels=2, format=Format.FLOAT_LE, period_frames=480, buffer_frames=1920)
TONE = 0.25 * np.sin(2 * np.pi * 440 * np.arange(PARAMS.rate_hz) / PARAMS.rate_hz)
SOUND = np.stack([TONE, TONE], axis=1).astype(np.float32)


def play(host: Host) -> None:
    """As the host's domain, on its first playback stream."""
    shape = Shape(PARAMS.rate_hz, inputs=0, outputs=PARAMS.channels, frames_max=PARAMS.period_frames)
    with Region.create(shape) as region:
        streaming = Thread(target=stream, args=(host, Bridge(region)))
        with Caller(region) as caller:
            streaming.start()
            for part in np.array_split(SOUND, 7):  # of any size
                for miss in caller.send(part).misses:
                    print(f"frame {miss.frame}: late by {miss.late_ns / 1e6:.1f} ms")
        streaming.join()


def stream(host: Host, bridge: Bridge) -> None:
    """The callback's side, until the caller has closed.  All that concerns the host stays on this thread."""

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        bridge.process(taken, given, frames)
        if bridge.closed:
            calling.stop()

    with bridge, connect(host) as card, open_playback(card, PARAMS) as pcm:
        calling = CallbackStream(process, playback=pcm)
        calling.run()
        print(f"{pcm.underruns} underruns")


def main() -> None:
    """As domain 1 of the machine in FOLDER."""
    host = EmuHost(Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/vsnd"), 1, RealLoop())  # noqa: S108  vsnd's own
    try:
        play(host)
    finally:
        host.close()


if __name__ == "__main__":
    main()

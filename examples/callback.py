"""A second of a tone, played by a callback.

    python examples/callback.py [FOLDER]      # of a machine: `vsnd host` and `vsnd backend`, as the README has it

The style of JACK, PortAudio and vsnd's local applications: `process(input, output, frames)` is called for each period.
"""

import sys
from pathlib import Path

import numpy as np

from frontend import CallbackStream, PcmParams, connect, open_playback
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
    at = 0

    def process(_input: FloatArray, output: FloatArray, frames: int) -> None:
        nonlocal at
        part = SOUND[at : at + frames]
        output[: len(part)], output[len(part) :] = part, 0.0
        at += len(part)
        if at == len(SOUND):
            stream.stop()

    with connect(host) as card, open_playback(card, PARAMS) as pcm:
        stream = CallbackStream(process, playback=pcm)
        stream.run()
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

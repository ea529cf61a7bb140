"""A second of a tone, played without ever waiting in a call.

    python examples/nonblocking.py [FOLDER]   # of a machine: `vsnd host` and `vsnd backend`, as the README has it

For programs that have other things to do: `write_nowait` takes what fits, and `on_period` says when to look again.
Whoever has a loop of descriptors and timers puts them on `host.loop`; here it runs until the tone is handed over.
"""

import sys
from pathlib import Path

import numpy as np

from frontend import PcmParams, connect, open_playback
from hosts.api import Host
from hosts.emu.client import EmuHost
from hosts.loop import RealLoop
from ringproto.formats import Format

PARAMS = PcmParams(48000, channels=2, format=Format.FLOAT_LE, period_frames=480, buffer_frames=1920)
TONE = 0.25 * np.sin(2 * np.pi * 440 * np.arange(PARAMS.rate_hz) / PARAMS.rate_hz)
SOUND = np.stack([TONE, TONE], axis=1).astype(np.float32)


def play(host: Host) -> None:
    """As the host's domain, on its first playback stream."""
    with connect(host) as card, open_playback(card, PARAMS) as pcm:
        at = 0

        def feed(_now_ns: int) -> None:
            nonlocal at
            at += pcm.write_nowait(SOUND[at:])

        pcm.on_period = feed
        feed(host.loop.now_ns())
        host.loop.run_until(lambda: at == len(SOUND))
        pcm.on_period = None
        pcm.drain()
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

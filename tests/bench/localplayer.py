"""Who plays in the benchmarks of local applications: one callback, as a guest's or as a local application's.

    python -m tests.bench.localplayer guest MACHINE DOMID
    python -m tests.bench.localplayer client SOCKET RING [TRACE]

It says "ready" once it is heard.  A client then says what was counted of it, in JSON, for each line that it is given,
and leaves at the end of its input; a guest plays until it is told to end.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from backend.pacing.lead import LEAD_PERIODS
from frontend import CallbackStream, PcmParams, open_playback
from frontend import connect as connect_guest
from frontend.local import FloatArray, LocalParams, connect
from frontend.local.params import RING_PERIODS
from hosts.emu.client import EmuHost
from hosts.local.messages import Statistics
from hosts.loop import RealLoop
from hosts.tracefile import TraceFile
from ringproto.formats import Format

RATE_HZ, CHANNELS, PERIOD_FRAMES = 48000, 2, 240
LEVEL = 0.02
"""So that forty of them are not too loud."""
SOUND = np.random.default_rng(1).uniform(-LEVEL, LEVEL, (RATE_HZ, CHANNELS)).astype(np.float32)
GUESTS_PERIODS = LEAD_PERIODS + RING_PERIODS
"""Of a guest's buffer, which counts until it is heard: so both are heard equally late."""


class Counted(NamedTuple):
    """What a client says."""

    domid: int
    statistics: Statistics


def be_guest(machine: str, domid: str) -> None:
    """Play as that domain."""
    params = PcmParams(RATE_HZ, CHANNELS, Format.FLOAT_LE, PERIOD_FRAMES, GUESTS_PERIODS * PERIOD_FRAMES)
    at = 0

    def process(_input: FloatArray, output: FloatArray, frames: int) -> None:
        nonlocal at
        output[:] = SOUND[at % RATE_HZ : at % RATE_HZ + frames]
        at += frames
        if at == RATE_HZ:
            print("ready", flush=True)

    host = EmuHost(Path(machine), int(domid), RealLoop())
    with connect_guest(host) as card, open_playback(card, params) as pcm:
        CallbackStream(process, playback=pcm).run()


def be_client(socket: str, ring_periods: str, trace: str | None = None) -> None:
    """Play as a local application with a ring of that size."""

    def process(_input: FloatArray, output: FloatArray, frames: int) -> None:
        at = client.frame % RATE_HZ
        output[:] = SOUND[at : at + frames]

    with ExitStack() as open_:
        tracer = open_.enter_context(TraceFile(Path(trace))).writer if trace is not None else None
        params = LocalParams(f"ring of {ring_periods}", playback_channels=CHANNELS, ring_periods=int(ring_periods))
        client = open_.enter_context(connect(Path(socket), params, tracer))
        client.start(process)
        print("ready", flush=True)
        for _ in sys.stdin:
            print(msgspec.json.encode(Counted(client.domid, client.statistics())).decode(), flush=True)


def main(arguments: Sequence[str]) -> None:
    """Play."""
    who, *rest = arguments
    if who == "guest":
        be_guest(*rest)
    else:
        be_client(*rest)


if __name__ == "__main__":
    main(sys.argv[1:])

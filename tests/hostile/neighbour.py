"""A well-behaved guest: `python -m tests.hostile.neighbour MACHINE DOMID SOUND OUT`.

It plays SOUND (raw frames) over and over on its first stream, and records on its second if it has one.  It says "ready"
once its streams are open, begins at a line on stdin, ends at the next, and then reports how much it played and what it
missed.  What it did is to be found in the cards' files to the last bit, whatever others did meanwhile.
"""

import gc
import sys
from pathlib import Path

import msgspec

from frontend import CapturePcm, Card, PcmParams, PlaybackPcm
from hosts.emu.client import EmuHost
from hosts.loop import RealLoop
from hosts.tasks import Future, run, spawn
from hosts.tracefile import TraceFile
from ringproto.card import Direction
from ringproto.formats import Format

PERIOD_FRAMES = 1920
BUFFER_FRAMES = 9600
PARAMS = PcmParams(48000, 2, Format.S16_LE, PERIOD_FRAMES, BUFFER_FRAMES)


class NeighbourReport(msgspec.Struct, frozen=True):
    """What it counted."""

    domid: int
    played_frames: int
    underruns: int
    overruns: int


class Neighbour:
    """One guest's applications."""

    def __init__(self, card: Card, sound: bytes, take: Path) -> None:
        self._sound = sound
        self._take = take
        self._stopping = False
        self._played_octets = 0
        self.playback = PlaybackPcm(card.link(Direction.PLAYBACK)[0], PARAMS)
        self.capture: CapturePcm | None = None
        if card.streams(Direction.CAPTURE):
            self.capture = CapturePcm(card.link(Direction.CAPTURE)[0], PARAMS)

    async def open(self) -> None:
        """Open all streams."""
        await self.playback.aopen()
        if self.capture is not None:
            await self.capture.aopen()

    def stop(self, _now_ns: int) -> None:
        """Come to an end."""
        self._stopping = True

    async def run(self) -> None:
        """Play and record until told to stop."""
        running: list[Future[None]] = [spawn(self._play())]
        if self.capture is not None:
            running.append(spawn(self._record(self.capture)))
        for application in running:
            await application

    async def _play(self) -> None:
        while not self._stopping:
            at = self._played_octets % len(self._sound)
            period = self._sound[at : at + PARAMS.period_octets]
            await self.playback.awrite(period)
            self._played_octets += len(period)
        await self.playback.adrain()
        await self.playback.aclose()

    async def _record(self, pcm: CapturePcm) -> None:
        with self._take.open("wb") as take:
            while not self._stopping:
                take.write(await pcm.aread(PERIOD_FRAMES))
        await pcm.astop()
        await pcm.aclose()

    def report(self, domid: int) -> NeighbourReport:
        """What was counted."""
        overruns = 0 if self.capture is None else self.capture.overruns
        played = self._played_octets // PARAMS.frame_octets
        return NeighbourReport(domid, played, self.playback.underruns, overruns)


def main() -> None:
    """Be the neighbour that the arguments say."""
    machine, domid, sound, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    loop = RealLoop()
    with TraceFile(out / "trace" / f"guest-{domid}.vtrace", 1 << 16) as trace:
        host = EmuHost(machine, domid, loop)
        card = Card(host, 0, trace.writer)
        run(loop, card.connected())
        neighbour = Neighbour(card, sound.read_bytes(), out / f"take-{domid}.raw")
        run(loop, neighbour.open())
        print("ready", flush=True)
        gc.disable()
        sys.stdin.readline()
        loop.watch_fd(sys.stdin.fileno(), neighbour.stop)
        run(loop, neighbour.run())
        run(loop, card.aclose())
        host.close()
    (out / f"guest-{domid}.json").write_bytes(msgspec.json.encode(neighbour.report(domid)))


if __name__ == "__main__":
    main()

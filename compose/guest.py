"""What runs inside a guest: applications that play a file over and over, or record one, through the frontend.

They are callbacks and coroutines on the domain's loop, so the same program is a process, a container, or an object in
simulated time.  When the backend goes away they wait for it, and go on from where they stand.
"""

from pathlib import Path

import msgspec

from backend.latency.facts import RealtimeHelp, Usage
from backend.latency.truth.marker import MARKERS
from compose.loudness import levels_mdb
from compose.scenario import GuestSpec, StreamSpec, find_recording
from compose.sound import SoundWriter, load_sound, markers_sound
from frontend import CapturePcm, Card, PlaybackPcm, through_losses
from frontend.state import PcmState
from hosts.api import Host, HostError
from hosts.tasks import Future, sleep_until, spawn
from ringproto.card import Direction
from ringproto.trace import Tracer


class StreamReport(msgspec.Struct, frozen=True):
    """What one stream's application counted."""

    stream: int
    """Number in the trace."""
    xruns: int
    frames: int
    """Played or recorded since it was last opened, as the last position event said."""
    reconnects: int = 0
    """How often the backend went away, and the stream was opened anew."""
    unanswered: int = 0
    """Requests that had no answer when the stream was closed."""


class GuestReport(msgspec.Struct, frozen=True):
    """What a guest counted."""

    domid: int
    streams: list[StreamReport]
    realtime: RealtimeHelp | None = None
    """What came of asking for it."""
    usage: Usage | None = None
    """None in simulated time."""


class Player:
    """Plays a recording again and again until `frames` frames were handed over, then drains."""

    def __init__(self, pcm: PlaybackPcm, sound: bytes, frames: int) -> None:
        self._pcm = pcm
        self._sound = memoryview(sound)
        self._period_octets = pcm.params.period_octets
        self._left_octets = frames * pcm.params.frame_octets
        self._at = 0
        self._fed: Future[None] = Future()

    async def run(self) -> None:
        """Play it all, or what is left of it.  Raises HostError when the stream is lost."""
        self._fed = Future()
        self._pcm.on_period = self._feed
        self._feed(0)
        await self._fed
        self._pcm.on_period = None
        await self._pcm.adrain()

    def _feed(self, now_ns: int) -> None:
        """Hand over what there is room for."""
        try:
            if self._pcm.state is PcmState.LOST:
                self._pcm.write_nowait(b"")  # raises, and so says why
            self._fill()
        except OSError as error:
            self._fed.fail(error)
        if not self._left_octets:
            self._fed.set(None)

    def _fill(self) -> None:
        """Whole periods; before it runs also the part of one that is left in the buffer, since a full one starts it."""
        pcm = self._pcm
        room_octets = pcm.room_frames * pcm.params.frame_octets
        while self._left_octets and room_octets:
            wanted_octets = min(self._period_octets, self._left_octets)
            if room_octets < wanted_octets and pcm.state is not PcmState.PREPARED:
                break
            taken_octets = self._hand_over(min(wanted_octets, room_octets))
            self._left_octets -= taken_octets
            room_octets -= taken_octets
            if not taken_octets:
                break

    def _hand_over(self, octets: int) -> int:
        """Write so many octets, going on with the sound's beginning at its end; how many were taken."""
        done = 0
        while done < octets:
            piece = self._sound[self._at : self._at + octets - done]
            taken = self._pcm.write_nowait(piece) * self._pcm.params.frame_octets
            if not taken:
                break
            done += taken
            self._at = (self._at + taken) % len(self._sound)
        return done


class Recorder:
    """Records `frames` frames into a WAV file."""

    def __init__(self, pcm: CapturePcm, writer: SoundWriter, frames: int) -> None:
        self._pcm = pcm
        self._writer = writer
        self._left = frames

    async def run(self) -> None:
        """Record it all, or what is left of it.  Raises HostError when the stream is lost."""
        while self._left:
            octets = await self._pcm.aread(min(self._left, self._pcm.params.period_frames))
            self._writer.append(octets)
            self._left -= len(octets) // self._pcm.params.frame_octets
        await self._pcm.astop()


class Guest:
    """A guest's card and one application for each of its streams."""

    def __init__(self, host: Host, spec: GuestSpec, beside: Path, out: Path, tracer: Tracer) -> None:
        self.spec = spec
        self._out = out
        self._loop = host.loop
        self._card = Card(host, 0, tracer)
        self._sounds = [self._load(number, stream, beside) for number, stream in enumerate(spec.streams)]
        self._pcms: list[PlaybackPcm | CapturePcm] = []
        self._reconnects: list[int] = []

    def _load(self, number: int, stream: StreamSpec, beside: Path) -> bytes:
        if stream.plays is None:
            return b""
        if stream.plays == MARKERS:
            return markers_sound(stream.pcm_params(), self.spec.id, number)
        return load_sound(find_recording(stream.plays, beside), stream.pcm_params())

    async def connect(self) -> None:
        """Wait for the backend, and open every stream.  Raises HostError."""
        await self._card.connected()
        counts = {Direction.PLAYBACK: 0, Direction.CAPTURE: 0}
        for stream in self.spec.streams:
            direction = Direction.PLAYBACK if stream.is_playback else Direction.CAPTURE
            link = self._card.link(direction, counts[direction])[0]
            counts[direction] += 1
            kind = PlaybackPcm if stream.is_playback else CapturePcm
            pcm = kind(link, stream.pcm_params())
            await pcm.aopen()
            await _turn(pcm, stream)
            self._pcms.append(pcm)
            self._reconnects.append(0)

    async def run(self, duration_s: float) -> None:
        """Play and record on all streams at once, for so long.  Raises HostError of the first that failed."""
        start_ns = self._loop.now_ns()
        running = [spawn(self._run_one(number, start_ns, duration_s)) for number in range(len(self.spec.streams))]
        for application in running:
            await application

    async def _run_one(self, number: int, start_ns: int, duration_s: float) -> None:
        pcm, spec = self._pcms[number], self.spec.streams[number]
        frames = round((duration_s - spec.begins_s) * spec.rate_hz)
        if frames <= 0:  # a guest that was restarted too late for it
            return
        if spec.begins_s:
            await sleep_until(self._loop, start_ns + round(spec.begins_s * 1e9))

        async def reopened() -> None:
            self._reconnects[number] += 1
            await _turn(pcm, spec)

        if isinstance(pcm, PlaybackPcm):
            await through_losses(pcm, Player(pcm, self._sounds[number], frames).run, reopened)
        else:
            assert spec.records is not None
            writer = SoundWriter(self._out / spec.records, pcm.params)
            try:
                await through_losses(pcm, Recorder(pcm, writer, frames).run, reopened)
            finally:
                writer.close()
        await _close(pcm)

    async def close(self) -> None:
        """Close what is open and unplug the card."""
        for pcm in self._pcms:
            await _close(pcm)
        await self._card.aclose()

    def report(self, realtime: RealtimeHelp | None = None, usage: Usage | None = None) -> GuestReport:
        """What was counted; `realtime` is what came of asking for it, `usage` what its process took."""
        streams = [
            StreamReport(pcm.stream, pcm.xruns, pcm.hw_frames, reconnects, pcm.unanswered)
            for pcm, reconnects in zip(self._pcms, self._reconnects, strict=True)
        ]
        return GuestReport(self.spec.id, streams, realtime, usage)


async def _turn(pcm: PlaybackPcm | CapturePcm, spec: StreamSpec) -> None:
    """Make it as loud as the scenario says."""
    levels = levels_mdb(spec.volume_db)
    if any(levels):
        await pcm.volume.aset(levels)


async def _close(pcm: PlaybackPcm | CapturePcm) -> None:
    """Close it; a backend that goes away just then has closed it too.  Raises HostError."""
    try:
        await pcm.aclose()
    except HostError:
        if not pcm.is_lost:
            raise

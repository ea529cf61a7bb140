"""A playing ALSA PCM as an AudioDevice.

Theory.  A PCM counts only what it was given since it last started, and stops when it runs dry.  A device's frames count
from its opening, and time passes for it whatever the PCM does.  So:

* `_origin` is the device's frame that the PCM's first frame since its start is; position is origin + given - queued.
* While the PCM stands (dry, or nothing was written yet) the device's time goes on by the system's clock, at the nominal
  rate, from where the PCM was last seen.
* Whoever writes then, writes for a moment ahead; what lies between is given as silence, in the same piece, since a PCM
  starts with the first frames that it gets.
* What is written before `start` is kept here until then, for the same reason.
* Where the count moves in steps, time goes by the system's clock from the last step on.  A queue that is empty although
  that clock is a step past its end has run dry, whether the PCM says so or not.
* What is taken back the PCM plays all the same if it gets there first, and stops: it has run dry there.
"""

from collections.abc import Mapping
from errno import ENODEV

from backend.devices.alsa.interrupts import PeriodInterrupts
from backend.devices.alsa.pcm import HELD_BACK_FRAMES, Pcm, Xrun, no_clock
from backend.devices.api import Capabilities, DeviceError
from backend.devices.crystal import Crystal
from backend.devices.cursor import PlaybackCursor, safeguard_frames
from backend.devices.oneway import PlaysOnly
from hosts.api import Loop, OnTime
from ringproto.formats import Format


class AlsaPlayback(PlaysOnly):
    """An open PCM that plays."""

    def __init__(self, pcm: Pcm, granularity_frames: int) -> None:
        self.params = pcm.params
        grain = max(granularity_frames, pcm.granularity_frames)
        self.capabilities = Capabilities(pcm.period_wakeups, grain, pcm.abilities.rewind)
        self._kept_frames = safeguard_frames(pcm.params) + grain - 1  # the card may be ahead of what it says
        self._pcm = pcm
        self._octets = pcm.params.frame_octets
        self._cursor = PlaybackCursor(pcm.params.period_frames)
        self._clock = Crystal(pcm.params.rate_hz)
        self._staged = memoryview(bytearray(pcm.params.buffer_frames * self._octets))
        self._staged_frames = 0
        self._running = self._flowing = False
        self._origin = self._given = 0
        self._position = 0
        self._xruns = 0
        self._silence = b"\x80" if pcm.params.format is Format.U8 else b"\0"
        self._open = True

    @property
    def underruns(self) -> int:
        """How often it ran out of frames."""
        return self._cursor.underruns

    @property
    def written_frames(self) -> int:
        """The frame that the next write begins with."""
        return self._cursor.frame

    def start(self, now_ns: int) -> None:
        """Present what was written.  Raises DeviceError."""
        if self._running:
            return
        self._running = True
        self._clock.set(True, self._position, now_ns)
        staged, self._staged_frames = self._staged_frames, 0
        if staged:
            self._begin(self._staged[: staged * self._octets], now_ns)

    def stop(self, now_ns: int) -> None:
        """Stand; what was written and not presented is dropped."""
        position = self.position(now_ns)
        if self._flowing:
            self._pcm.drop()
        self._running = self._flowing = False
        self._staged_frames = 0
        self._clock.set(False, position, now_ns)
        self._cursor.rest_at(position)

    def position(self, now_ns: int) -> int:
        """Frames presented.  Raises DeviceError(ENODEV) when the card is gone."""
        if not self._open:
            raise DeviceError(ENODEV, "the PCM is closed")
        if self._running:
            self._pass(self._measure(now_ns))
        return self._position

    def _pass(self, position: int) -> None:
        self._position = max(self._position, position)
        self._cursor.follow(self._position)

    def _measure(self, now_ns: int) -> int:
        if not self._flowing:
            return self._clock.frames_at(now_ns)
        end = self._origin + self._given
        try:
            queued = self.params.buffer_frames - self._pcm.avail()
        except Xrun:
            return self._run_dry(end + 1, now_ns)  # for it wanted one frame more than it had
        position = end - queued
        if self._is_dry(queued, end, now_ns):
            return self._run_dry(position, now_ns)
        if position != self._clock.base_frames:
            self._clock.set(True, position, now_ns)
        return position

    def _is_dry(self, queued: int, end: int, now_ns: int) -> bool:
        late = self._clock.frames_at(now_ns) - end
        return queued < 0 or (queued <= HELD_BACK_FRAMES and late > self.capabilities.position_granularity_frames)

    def _run_dry(self, reached: int, now_ns: int) -> int:
        """All that the PCM had has been played, and time went on: to where?"""
        self._stand()
        position = max(self._clock.frames_at(now_ns), reached)
        self._clock.set(True, position, now_ns)
        return position

    def _stand(self) -> None:
        """It stopped by itself; dropped, it can start again."""
        self._flowing = False
        self._xruns += 1
        self._pcm.drop()

    def write(self, frames: memoryview, now_ns: int) -> int:
        """Give it frames; how many fitted.  Raises DeviceError."""
        self.position(now_ns)
        try:
            return self._put(frames, now_ns)
        except Xrun:  # in this very moment
            self._pass(self._run_dry(self._origin + self._given + 1, now_ns))
            return self._put(frames, now_ns)

    def _put(self, frames: memoryview, now_ns: int) -> int:
        room = self._position + self.params.buffer_frames - self._cursor.frame
        count = min(len(frames) // self._octets, room)
        if count <= 0:
            return 0
        octets = frames[: count * self._octets]
        if not self._running:
            self._stage(octets)
        elif self._flowing and self._cursor.frame == self._origin + self._given:
            count = self._give(octets)
        else:
            self._give_late(octets, now_ns)
        self._cursor.advance(count)
        return count

    def _stage(self, octets: memoryview) -> None:
        at = self._staged_frames * self._octets
        self._staged[at : at + len(octets)] = octets
        self._staged_frames += len(octets) // self._octets

    def _give_late(self, octets: memoryview, now_ns: int) -> None:
        """Silence from where the PCM is, or stands, up to the frames' own moment, and the frames."""
        end = self._origin + self._given if self._flowing else self._position
        silent = (self._cursor.frame - end) * self._octets
        block = self._staged[: silent + len(octets)]
        block[:silent] = self._silence * silent
        block[silent:] = octets
        if self._flowing:
            self._give(block)
        else:
            self._begin(block, now_ns)

    def _begin(self, octets: memoryview, now_ns: int) -> None:
        """The first frames since it stood, which start it.

        The buffer's last frame is given on its own: PulseAudio's plugin believes a whole buffer played when the first
        piece fills it.
        """
        self._origin, self._given = self._position, 0
        self._clock.set(True, self._position, now_ns)
        self._flowing = True
        last = self._octets * (self.params.buffer_frames - 1)
        try:
            self._give(octets[:last])
            self._expect_a_clock()
            if len(octets) > last:
                self._give(octets[last:])
        except Xrun:  # it does not start now: the next frames try again
            self._stand()

    def _expect_a_clock(self) -> None:
        """It has just begun: if it has played everything by now, it keeps no time."""
        if self._given and self._pcm.avail() >= self.params.buffer_frames:
            self._stand()
            raise no_clock(self._pcm)

    def _give(self, octets: memoryview) -> int:
        """Give the PCM frames; how many it took."""
        taken = self._pcm.write(octets)
        self._given += taken
        return taken

    def rewind(self, frame: int, now_ns: int) -> int:
        """Take back what was written from `frame` on, but for the safeguard; where the next write begins.

        Only a card itself can, and through alsa-lib's own library.  Raises DeviceError.
        """
        position = self.position(now_ns)
        if self.capabilities.rewinds and not self._running:
            self._staged_frames -= self._cursor.rewind(max(frame, position))
        elif self.capabilities.rewinds and self._flowing:
            self._take_back(max(frame, position + self._kept_frames), now_ns)
        return self._cursor.frame

    def _take_back(self, frame: int, now_ns: int) -> None:
        wanted = self._origin + self._given - frame
        if wanted <= 0:
            return
        try:
            taken = self._pcm.rewind(wanted)
        except Xrun:  # in this very moment: all of it has been played
            self._pass(self._run_dry(self._origin + self._given + 1, now_ns))
            return
        self._given -= taken
        self._cursor.rewind(self._origin + self._given)

    def interrupts(self, loop: Loop, callback: OnTime) -> PeriodInterrupts:
        """Call `callback(now_ns)` when the PCM has passed a period's boundary.  Raises DeviceError(ENOSYS)."""
        return PeriodInterrupts(loop, self, self._pcm, callback)

    def frame_time_ns(self, frame: int, now_ns: int) -> int:
        """When `frame` begins, from where the PCM was last seen."""
        self.position(now_ns)
        return self._clock.time_of(frame)

    def statistics(self) -> Mapping[str, int | float | str]:
        """What was counted."""
        return {"underruns": self.underruns, "xruns": self._xruns, "binding": self._pcm.binding}

    def close(self) -> None:
        """Give the PCM back.  Harmless twice."""
        if self._open:
            self._open = False
            self._pcm.close()

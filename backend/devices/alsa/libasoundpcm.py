"""PCMs through alsa-lib's C library itself: all of `Pcm`, and what pyalsaaudio lacks (`LibasoundPcm.abilities`).

Rules:

1. Nothing waits: the PCM is opened without blocking, and what it cannot do now it does at another time, or not.
2. A PCM that was dropped, or that stopped by itself, is prepared by the next `write` or `read`, and by nothing else.
3. After the machine was suspended the PCM is asked to go on from where it was; one that cannot has an xrun.
4. Frames are passed by their address: nothing is copied on the way to alsa-lib, if the memory can be written.  (Python
   tells the address of no other.)

What is asked of whom: `avail` looks at the hardware, `htimestamp` says when it looked last, `delay` adds what lies
behind the buffer.  Plugins that have no hardware pointer to look at answer with the time of the question.
"""

from collections.abc import Callable, Sequence
from ctypes import Array, byref, c_char, c_long, c_short, c_void_p
from dataclasses import replace
from errno import EAGAIN, EBADFD, EINVAL, ENODEV, ENOSYS, EPIPE, ESTRPIPE

from backend.devices.alsa.abilities import PcmAbilities, PcmTuning
from backend.devices.alsa.libasound import (
    OPEN_NONBLOCK,
    STATE_SETUP,
    STREAM_CAPTURE,
    STREAM_PLAYBACK,
    PollFd,
    Timespec,
    failure,
    libasound,
    memory_for,
)
from backend.devices.alsa.libasoundsetup import Setup, SwParams
from backend.devices.alsa.pcm import Xrun
from backend.devices.api import DeviceError, DeviceParams
from ringproto.card import Direction

NS_PER_S = 1_000_000_000
RESUMES_MAX = 3
"""How often a PCM is asked to resume before it is started anew; alsa-lib's manual waits a second between."""


class LibasoundPcm:
    """A PCM opened by name.  Raises DeviceError."""

    abilities = PcmAbilities(
        period_wakeups_off=True,
        avail_min=True,
        no_resample=True,
        any_buffer=True,
        delay=True,
        htimestamp=True,
        rewind=True,
        link=True,
    )
    """The binding's; an open PCM has those of them that are true of it."""

    def __init__(self, name: str, asked: DeviceParams, direction: Direction, tuning: PcmTuning | None = None) -> None:
        tuning = tuning or PcmTuning()
        self.name = name
        self.binding = "libasound"
        self.period_wakeups = tuning.period_wakeups
        self._lib = libasound()
        self._handle = self._opened(direction)
        self._open = True
        try:
            self._set_up(asked, tuning)
        except DeviceError:
            self.close()
            raise
        self._standing = False  # it was dropped, or stopped by itself
        self._delay = c_long()
        self._status = memory_for("status")
        self._instant = Timespec()
        self._block = bytearray(self.params.period_frames * self.params.frame_octets)
        self._into = c_char.from_buffer(self._block)
        self._recorded = memoryview(self._block)
        self._event = c_short()
        self._poll = self._polled()

    def _opened(self, direction: Direction) -> int:
        handle = c_void_p()
        stream = STREAM_CAPTURE if direction is Direction.CAPTURE else STREAM_PLAYBACK
        result: int = self._lib.snd_pcm_open(byref(handle), self.name.encode(), stream, OPEN_NONBLOCK)
        if result < 0:
            raise failure(result, self.name)
        return handle.value or 0

    def _set_up(self, asked: DeviceParams, tuning: PcmTuning) -> None:
        setup = Setup(self._handle, self.name)
        self.params = setup.choose(asked, tuning)
        if (tuning.avail_min_frames or 0) > self.params.buffer_frames:
            raise DeviceError(EINVAL, f"{self.name}: avail_min_frames: there are {self.params.buffer_frames}")
        self.granularity_frames = setup.granularity_frames(self.params.period_frames)
        self.boundary_frames = setup.set_thresholds(SwParams(avail_min=tuning.avail_min_frames))
        self.abilities = replace(
            self.abilities, period_wakeups_off=setup.can_silence_periods, rewind=setup.is_card, link=setup.is_card
        )
        self._octets = self.params.frame_octets

    @property
    def descriptors(self) -> Sequence[int]:
        """Its poll descriptors."""
        return [entry.fd for entry in self._poll]

    def _polled(self) -> Array[PollFd]:
        count: int = self._lib.snd_pcm_poll_descriptors_count(self._handle)
        entries = (PollFd * max(count, 0))()
        self._lib.snd_pcm_poll_descriptors(self._handle, entries, len(entries))
        return entries

    def acknowledge(self, descriptor: int) -> None:
        """Have the plugin look at it, which empties a pipe."""
        if not self._open:
            return
        for entry in self._poll:
            entry.revents = entry.events if entry.fd == descriptor else 0
        self._lib.snd_pcm_poll_descriptors_revents(self._handle, self._poll, len(self._poll), byref(self._event))

    def _ask(self, verb: Callable[..., int], *arguments: object) -> int:
        """What it answers; nothing, where it can do nothing now."""
        result = verb(self._handle, *arguments) if self._open else -ENODEV
        if result >= 0:
            return result
        if result == -ESTRPIPE and self._resumes():
            result = verb(self._handle, *arguments)
        if result in {-EPIPE, -ESTRPIPE} or (result == -EBADFD and self._was_dropped()):
            self._standing = True
            raise Xrun
        if result < 0 and result != -EAGAIN:
            self._expect_open()
            raise failure(result, self.name)
        return max(result, 0)

    def _expect_open(self) -> None:
        """alsa-lib itself would follow the address of what is no more there."""
        if not self._open:
            raise DeviceError(ENODEV, f"{self.name} is closed")

    def _was_dropped(self) -> bool:
        """Whether it stands because it was dropped, itself or what it is linked with; otherwise its card is gone."""
        state: int = self._lib.snd_pcm_state(self._handle)
        return state == STATE_SETUP

    def _resumes(self) -> bool:
        """Whether it went on from where the machine was suspended."""
        for _ in range(RESUMES_MAX):
            result: int = self._lib.snd_pcm_resume(self._handle)
            if result != -EAGAIN:
                return result == 0
        return False

    def _prepare(self) -> None:
        if self._standing:
            self._ask(self._lib.snd_pcm_prepare)
            self._standing = False

    def avail(self) -> int:
        """Frames of room, or recorded."""
        return self._ask(self._lib.snd_pcm_avail)

    def write(self, frames: memoryview) -> int:
        """Give it frames, octets without gaps; how many it took."""
        self._prepare()
        count = len(frames) // self._octets
        start = bytes(frames) if frames.readonly else byref(c_char.from_buffer(frames))
        return self._ask(self._lib.snd_pcm_writei, start, count) if count else 0

    def read(self) -> bytes:
        """Take up to a period."""
        self._prepare()
        taken = self._ask(self._lib.snd_pcm_readi, byref(self._into), self.params.period_frames)
        return bytes(self._recorded[: taken * self._octets])

    def start(self) -> None:
        """Start it at once, where its start threshold keeps it from starting by itself.  Raises Xrun, DeviceError."""
        self._prepare()
        self._ask(self._lib.snd_pcm_start)

    def drop(self) -> None:
        """Stop at once."""
        self._standing = True
        self._ask(self._lib.snd_pcm_drop)

    def delay(self) -> int:
        """Frames between the one written next and the one heard now (or heard now and read next); below 0 when late.

        Raises Xrun, DeviceError.
        """
        self._ask(self._lib.snd_pcm_delay, byref(self._delay))
        return self._delay.value

    def htimestamp(self) -> tuple[int, int]:
        """What `avail` was when the hardware was looked at, just now, and the time then: ns of CLOCK_MONOTONIC.

        Raises Xrun, DeviceError.
        """
        self._ask(self._lib.snd_pcm_status, self._status)
        self._lib.snd_pcm_status_get_htstamp(self._status, byref(self._instant))
        avail: int = self._lib.snd_pcm_status_get_avail(self._status)
        return avail, self._instant.tv_sec * NS_PER_S + self._instant.tv_nsec

    def rewindable(self) -> int:
        """Frames that `rewind` could take back now.  Raises Xrun, DeviceError.

        The first of them are about to be played: whoever rewinds leaves the card a margin.  Plugins say that they can,
        count back, and play what they have passed on already: so 0 from all that is not a card itself.
        """
        return self._ask(self._lib.snd_pcm_rewindable) if self.abilities.rewind else 0

    def rewind(self, frames: int) -> int:
        """Take back the frames written last, to be written anew; how many it were.

        Raises Xrun, DeviceError; ENOSYS from a PCM that cannot.
        """
        self._expect_a_card()
        return self._ask(self._lib.snd_pcm_rewind, frames)

    def _expect_a_card(self) -> None:
        if not self.abilities.rewind:
            raise DeviceError(ENOSYS, f"{self.name}: only a card itself can rewind, or skip")

    def forward(self, frames: int) -> int:
        """Skip frames, which are played as they were before; how many it were.  Raises as `rewind` does."""
        self._expect_a_card()
        return self._ask(self._lib.snd_pcm_forward, frames)

    def set_thresholds(self, wanted: SwParams) -> None:
        """Change those that are not None, at any time.  Raises DeviceError."""
        self._expect_open()
        Setup(self._handle, self.name).set_thresholds(wanted)

    def link(self, other: "LibasoundPcm") -> None:
        """From now on both start, stop and run dry as one.  Raises DeviceError where a card, or a plugin, cannot."""
        self._expect_open()
        other._expect_open()
        result: int = self._lib.snd_pcm_link(self._handle, other._handle)
        if result < 0:
            raise failure(result, self.name, f"link with {other.name}")

    def close(self) -> None:
        """Give it back, without draining.  Harmless twice."""
        if self._open:
            self._open = False
            self._lib.snd_pcm_close(self._handle)

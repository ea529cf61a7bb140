"""Settling what a PCM of alsa-lib's plays or records: its hardware parameters, then its thresholds.

Each parameter narrows what is left for the next, so their order is a choice: format and channels, the rate, the period
and then the buffer, as pyalsaaudio has it.  A card counts only so many periods, so without their interrupts the buffer
comes first: a buffer of seconds in the card's own time, and then periods that nobody hears of.  What cannot be had
exactly is taken as near as it can be had, and told; except what an option demands (`PcmTuning`), which is refused by
its name.
"""

from ctypes import Array, byref, c_char, c_int, c_uint, c_ulong
from dataclasses import dataclass
from errno import EINVAL

from backend.devices.alsa.abilities import PcmTuning
from backend.devices.alsa.libasound import (
    ACCESS_RW_INTERLEAVED,
    TSTAMP_ENABLE,
    TSTAMP_TYPE_MONOTONIC,
    TYPE_HW,
    failure,
    libasound,
    memory_for,
)
from backend.devices.api import DeviceError, DeviceParams
from ringproto.formats import Format

FORMATS: dict[Format, int] = {
    Format.S32_LE: 10,
    Format.S24_LE: 6,
    Format.FLOAT_LE: 14,
    Format.S16_LE: 2,
    Format.U8: 1,
}
"""SND_PCM_FORMAT_*, those that keep the most of a sound first."""


@dataclass(frozen=True, slots=True)
class SwParams:
    """Thresholds, in frames; None leaves one as it is.

    alsa-lib's own: ready at a period, started by the first frame, stopped when dry or full, nothing silenced.
    """

    avail_min: int | None = None
    start_threshold: int | None = None
    stop_threshold: int | None = None
    """From `boundary_frames` on it never stops by itself."""
    silence_threshold: int | None = None
    silence_size: int | None = None


class Setup:
    """One PCM being set up: its handle and its name."""

    def __init__(self, handle: int, name: str) -> None:
        self._lib = libasound()
        self._handle = handle
        self._name = name
        self._hw = memory_for("hw_params")

    def _check(self, result: int, what: str) -> None:
        if result < 0:
            raise failure(result, self._name, what)

    def choose(self, asked: DeviceParams, tuning: PcmTuning) -> DeviceParams:
        """Have it take `asked`, or what is nearest; which.  Raises DeviceError."""
        lib, pcm, hw = self._lib, self._handle, self._hw
        channels, rate = c_uint(asked.channels), c_uint(asked.rate_hz)
        direction = c_int(0)
        self._check(lib.snd_pcm_hw_params_any(pcm, hw), "its parameters")
        if not tuning.resample:
            self._check(lib.snd_pcm_hw_params_set_rate_resample(pcm, hw, 0), "resample = false")
        self._check(lib.snd_pcm_hw_params_set_access(pcm, hw, ACCESS_RW_INTERLEAVED), "interleaved frames")
        granted = self._choose_format(asked.format)
        self._check(lib.snd_pcm_hw_params_set_channels_near(pcm, hw, byref(channels)), "channels")
        self._check(lib.snd_pcm_hw_params_set_rate_near(pcm, hw, byref(rate), byref(direction)), "rate_hz")
        period_frames, buffer_frames = self._choose_sizes(asked, buffer_first=not tuning.period_wakeups)
        if not tuning.period_wakeups:
            self._check(lib.snd_pcm_hw_params_set_period_wakeup(pcm, hw, 0), "period_wakeups = false")
        self._check(lib.snd_pcm_hw_params(pcm, hw), "its parameters")
        if not (tuning.period_wakeups or self.can_silence_periods):  # before, alsa-lib takes anybody's word for it
            raise DeviceError(EINVAL, f"{self._name}: period_wakeups = false: it cannot do without them")
        return DeviceParams(rate.value, channels.value, granted, period_frames, buffer_frames)

    def _choose_sizes(self, asked: DeviceParams, buffer_first: bool) -> tuple[int, int]:
        """Period and buffer, as near as can be."""
        period, size, direction = c_ulong(asked.period_frames), c_ulong(asked.buffer_frames), c_int(0)
        of_this = (self._handle, self._hw)
        if buffer_first:
            self._check(self._lib.snd_pcm_hw_params_set_buffer_size_near(*of_this, byref(size)), "buffer")
        chosen = self._lib.snd_pcm_hw_params_set_period_size_near(*of_this, byref(period), byref(direction))
        self._check(chosen, "period")
        if not buffer_first:
            self._check(self._lib.snd_pcm_hw_params_set_buffer_size_near(*of_this, byref(size)), "buffer")
        return period.value, size.value

    def _choose_format(self, asked: Format) -> Format:
        """The one asked for, or the best that it has."""
        if asked not in FORMATS:
            raise DeviceError(EINVAL, f"{self._name}: format {asked.xen_name} is none of a card's")
        for candidate in (asked, *FORMATS):
            if self._lib.snd_pcm_hw_params_set_format(self._handle, self._hw, FORMATS[candidate]) >= 0:
                return candidate
        raise DeviceError(EINVAL, f"{self._name}: takes none of our formats")

    @property
    def can_silence_periods(self) -> bool:
        """Whether its interrupts can be turned off: known once its parameters are chosen."""
        can: int = self._lib.snd_pcm_hw_params_can_disable_period_wakeup(self._hw)
        return can != 0

    @property
    def is_card(self) -> bool:
        """Whether it is a kernel's card without anything between, whose memory we write into."""
        kind: int = self._lib.snd_pcm_type(self._handle)
        return kind == TYPE_HW

    def granularity_frames(self, period_frames: int) -> int:
        """In what steps it counts: by the frame, if there is a card that does."""
        info = memory_for("info")
        self._check(self._lib.snd_pcm_info(self._handle, info), "what it is")
        has_card = self._lib.snd_pcm_info_get_card(info) >= 0
        counts_itself = has_card and not self._lib.snd_pcm_hw_params_is_batch(self._hw)
        return 1 if counts_itself else period_frames

    def set_thresholds(self, wanted: SwParams) -> int:
        """Change those that are not None, with timestamps of CLOCK_MONOTONIC; the boundary.  Raises DeviceError."""
        lib, pcm, sw = self._lib, self._handle, memory_for("sw_params")
        self._check(lib.snd_pcm_sw_params_current(pcm, sw), "its thresholds")
        self._check(lib.snd_pcm_sw_params_set_tstamp_mode(pcm, sw, TSTAMP_ENABLE), "timestamps")
        self._check(lib.snd_pcm_sw_params_set_tstamp_type(pcm, sw, TSTAMP_TYPE_MONOTONIC), "monotonic timestamps")
        self._set("avail_min", wanted.avail_min, sw)
        self._set("start_threshold", wanted.start_threshold, sw)
        self._set("stop_threshold", wanted.stop_threshold, sw)
        self._set("silence_threshold", wanted.silence_threshold, sw)
        self._set("silence_size", wanted.silence_size, sw)
        self._check(lib.snd_pcm_sw_params(pcm, sw), "its thresholds")
        boundary = c_ulong()
        self._check(lib.snd_pcm_sw_params_get_boundary(sw, byref(boundary)), "its boundary")
        return boundary.value

    def _set(self, what: str, frames: int | None, sw: Array[c_char]) -> None:
        if frames is not None:
            change = getattr(self._lib, f"snd_pcm_sw_params_set_{what}")
            self._check(change(self._handle, sw, frames), f"{what} of {frames} frames")

"""Opening an ALSA PCM as a device: `kind = "alsa"`.

Options that leave something as it is need nothing of a binding; the others are done, or refused by their names.
"""

from contextlib import suppress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from backend.devices.alsa.abilities import PcmAbilities, PcmTuning
from backend.devices.alsa.bindings import choose_binding
from backend.devices.alsa.capture import AlsaCapture
from backend.devices.alsa.libasound import libasound
from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.api import AudioDevice, DeviceError, DeviceParams
from backend.devices.registry import Driver
from hosts.api import Loop
from ringproto.card import Direction
from ringproto.formats import Format


class AlsaOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which PCM, and what is asked of it; what it grants may differ."""

    pcm: str = "default"
    rate_hz: Annotated[int, Meta(ge=1, le=768_000)] = 48_000
    channels: Annotated[int, Meta(ge=1, le=32)] = 2
    format: Literal["u8", "s16_le", "s24_le", "s32_le", "float_le"] = "s16_le"
    period_frames: Annotated[int, Meta(ge=16)] = 480
    buffer_frames: Annotated[int, Meta(ge=32)] = 1920
    position_granularity_frames: Annotated[int, Meta(ge=1)] = 1
    """In what steps its position moves, where it is known to be coarse."""
    period_wakeups: bool = True
    """Whether the card interrupts at each period; without, timers serve it alone."""
    avail_min_frames: Annotated[int, Meta(ge=1)] | None = None
    """At how much room (or how many recorded frames) it wakes us; a period, if nothing is said."""
    rewinds: bool = False
    """Whether what was written is to be taken back where the card can; `adaptive` pacing asks for it by itself."""
    resample: bool = True
    """Whether plugins may resample; without, the rate granted is the card's own, and vsnd resamples."""


def needed(options: AlsaOptions) -> PcmAbilities:
    """What a binding must be able to do for these options."""
    return PcmAbilities(
        period_wakeups_off=not options.period_wakeups,
        avail_min=options.avail_min_frames is not None,
        no_resample=not options.resample,
        rewind=options.rewinds,
        any_buffer=options.buffer_frames % options.period_frames != 0,
    )


def open_alsa(options: AlsaOptions, direction: Direction, loop: Loop, user: str) -> AudioDevice:
    """The PCM, stopped.  Raises DeviceError."""
    del loop, user  # a PCM is asked the time with every call
    asked = DeviceParams(
        options.rate_hz,
        options.channels,
        Format.from_name(options.format),
        options.period_frames,
        options.buffer_frames,
    )
    with suppress(DeviceError):
        libasound()  # whoever opens: what alsa-lib would print goes to the log
    binding, which = choose_binding(needed(options))
    tuning = PcmTuning(options.period_wakeups, options.resample, options.avail_min_frames)
    pcm = binding.open(options.pcm, asked, direction, tuning)
    pcm.binding = which
    make = AlsaPlayback if direction is Direction.PLAYBACK else AlsaCapture
    return make(pcm, options.position_granularity_frames)


DRIVER = Driver(AlsaOptions, open_alsa, often=True, far_ahead={"rewinds": True})

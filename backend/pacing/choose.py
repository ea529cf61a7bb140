"""Pacings by the name that an operator knows them by, and what serves a device that lacks what one of them takes.

`adaptive` takes a position between interrupts, and frames that can be taken back: without, filling far ahead would make
every change late.  `irq` takes interrupts.  A device that lacks them is served by `irq`, or by `timer`, which takes
nothing; that is said once, and the result names what served it.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Literal

from backend.devices.api import AudioDevice
from backend.pacing.adaptive import AdaptiveSource
from backend.pacing.api import PeriodSource
from backend.pacing.irq import IrqSource
from backend.pacing.naive import NaiveTimerSource
from backend.pacing.timer import TimerSource
from hosts.api import Loop, OnTime
from ringproto.card import Direction

log = logging.getLogger("vsnd.backend")

Pacing = Literal["irq", "timer", "timer-naive", "adaptive", "adaptive-text"]

#: Makes the pacing of a device: (loop, look, device) -> PeriodSource.
MakePacing = Callable[[Loop, OnTime, AudioDevice], PeriodSource]


def pacing_named(name: Pacing, direction: Direction) -> MakePacing:
    """What makes the pacing of that name, or of the next best for a device that cannot have it."""

    def make(loop: Loop, look: OnTime, device: AudioDevice) -> PeriodSource:
        return _MAKERS[suited(name, device, direction)](loop, look, device)

    return make


def is_adaptive(name: Pacing) -> bool:
    """Whether it fills a device far ahead."""
    return name in ("adaptive", "adaptive-text")


def suited(name: Pacing, device: AudioDevice, direction: Direction) -> Pacing:
    """The pacing for that device; said in the log if it is another."""
    lack = _lack(name, device, direction)
    if lack is None:
        return name
    instead: Pacing = "irq" if is_adaptive(name) else "timer"
    log.warning("pacing %s: the device %s; %s serves it", name, lack, instead)
    return suited(instead, device, direction)


def _lack(name: Pacing, device: AudioDevice, direction: Direction) -> str | None:
    capabilities = device.capabilities
    if name == "irq" and not capabilities.interrupts:
        return "has no interrupts"
    if is_adaptive(name) and capabilities.position_granularity_frames >= device.params.period_frames:
        return "does not know its position between interrupts"
    if is_adaptive(name) and direction is Direction.PLAYBACK and not capabilities.rewinds:
        return "cannot take frames back"
    return None


_MAKERS: dict[Pacing, MakePacing] = {
    "irq": IrqSource,
    "timer": TimerSource,
    "timer-naive": NaiveTimerSource,
    "adaptive": AdaptiveSource,
    "adaptive-text": partial(AdaptiveSource, policy="text"),
}

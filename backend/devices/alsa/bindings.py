"""The bindings to alsa-lib, and which of them can do what is asked.

pyalsaaudio is the first choice: a C extension that many programs use, whose calls cost about half as much.  alsa-lib's
own C library, through ctypes, stands in where an option needs what pyalsaaudio lacks, or where that is not installed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from errno import EINVAL, ENODEV

from backend.devices.alsa.abilities import PcmAbilities, PcmTuning
from backend.devices.alsa.libasound import libasound
from backend.devices.alsa.libasoundpcm import LibasoundPcm
from backend.devices.alsa.pcm import Pcm
from backend.devices.api import DeviceError, DeviceParams
from ringproto.card import Direction

OpenPcm = Callable[[str, DeviceParams, Direction, PcmTuning], Pcm]


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to alsa-lib, loaded."""

    name: str
    abilities: PcmAbilities
    open: OpenPcm


def pyalsaaudio() -> Binding:
    """The C extension.  Raises DeviceError(ENODEV) where it is not installed."""
    try:
        from backend.devices.alsa.pyalsa import PyalsaPcm  # noqa: PLC0415  # may be missing, and is not always needed
    except ImportError as error:
        raise DeviceError(ENODEV, f"pyalsaaudio is missing: pip install 'vsnd[alsa]' ({error})") from error
    return Binding("pyalsaaudio", PyalsaPcm.abilities, lambda name, asked, way, _tuning: PyalsaPcm(name, asked, way))


def ctypes_binding() -> Binding:
    """The C library itself.  Raises DeviceError(ENODEV) where there is none."""
    libasound()
    return Binding("libasound", LibasoundPcm.abilities, LibasoundPcm)


BINDINGS: tuple[Callable[[], Binding], ...] = (pyalsaaudio, ctypes_binding)
OPTIONS = {
    "period_wakeups_off": "period_wakeups",
    "avail_min": "avail_min_frames",
    "no_resample": "resample",
    "any_buffer": "buffer_frames",
    "rewind": "rewinds",
}
"""Abilities that an option can need, and that option's name."""


def choose_binding(needed: PcmAbilities) -> tuple[Binding, str]:
    """The first that can do it, and its name with why it is not the usual one.

    Raises DeviceError: EINVAL naming the options that no binding here can do, ENODEV where there is no binding at all.
    """
    lacking: list[str] = []
    reasons: list[str] = []
    for load in BINDINGS:
        try:
            binding = load()
        except DeviceError as missing:
            reasons.append(str(missing.strerror))
            continue
        lacking = [OPTIONS.get(ability, ability) for ability in needed.beyond(binding.abilities)]
        if not lacking:
            return binding, "; ".join([binding.name, *reasons])
        reasons.append(f"{binding.name} cannot do {', '.join(lacking)}")
    raise DeviceError(EINVAL if lacking else ENODEV, "; ".join(reasons))

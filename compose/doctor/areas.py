"""All areas, in the order in which they are shown."""

from collections.abc import Callable, Iterable, Iterator

from compose.doctor.alsa import alsa
from compose.doctor.containers import containers
from compose.doctor.core import core
from compose.doctor.finding import Finding
from compose.doctor.machine import Machine
from compose.doctor.pipewire import pipewire
from compose.doctor.pulse import pulse
from compose.doctor.realtime import realtime
from compose.doctor.timing import timing
from compose.doctor.vm import vm
from compose.doctor.xen import xen

AREAS: dict[str, Callable[[Machine], Iterator[Finding]]] = {
    "core": core,
    "alsa": alsa,
    "pulse": pulse,
    "pipewire": pipewire,
    "realtime": realtime,
    "timing": timing,
    "containers": containers,
    "xen": xen,
    "vm": vm,
}


def examine(machine: Machine, areas: Iterable[str]) -> list[Finding]:
    """The findings of those areas.  Raises KeyError for a name that is none."""
    return [finding for area in areas for finding in AREAS[area](machine)]

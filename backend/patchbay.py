"""Patchbay: from a guest's `unique-id` to a device of the operator's, which is opened when first needed.

The id is looked up as it stands in the operator's table.  Nothing else is ever done with it: no part of it reaches a
sound library (alsa-lib would take a name like `file:...` as an order to write files).

A device that cannot be opened, or is lost, is opened again when somebody next asks for it, but at most once a second:
asking costs time that is everybody's.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.config import BackendConfig, Plug
from backend.dates import Dates
from backend.devices.api import AudioDevice, DeviceError
from backend.devices.registry import dates_itself, far_ahead, open_device
from backend.input import Input
from backend.jack import Holders, Jack, Place
from backend.output import Output
from backend.pacing.choose import is_adaptive, pacing_named
from hosts.api import Loop
from hosts.complaints import Complaints
from ringproto.card import Direction
from ringproto.trace import Tracer

log = logging.getLogger("vsnd.backend")

RETRY_NS = 1_000_000_000
UNIQUE_ID_SHOWN_MAX = 64
"""Characters of a guest's text that go into the log."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A device that is to be opened."""

    place: Place
    kind: str
    options: Mapping[str, Any]
    """The driver's."""
    user: str
    """What servers that show names call whoever plays or records."""


#: Opens a device on a loop.  Raises DeviceError.
OpenDevice = Callable[[Wanted, Loop], AudioDevice]


def open_wanted(wanted: Wanted, loop: Loop) -> AudioDevice:
    """Open it as it is described.  Raises DeviceError."""
    return open_device(wanted.kind, wanted.options, wanted.place.direction, loop, wanted.user)


class Patchbay:
    """All devices of a backend."""

    def __init__(
        self,
        config: BackendConfig,
        loop: Loop,
        open_device: OpenDevice,
        complaints: Complaints,
        name_of: Callable[[int], str],
        tracer: Tracer,
    ) -> None:
        self.ports: dict[Place, Output | Input] = {}
        self._config = config
        self._loop = loop
        self._open_device = open_device
        self._complaints = complaints
        self._name_of = name_of
        self._tracer = tracer
        self._holders: defaultdict[Place, Holders] = defaultdict(Holders)
        self._jacks: Counter[Place] = Counter()
        self._refused: dict[Place, tuple[int, DeviceError]] = {}  # not to be tried again before that time

    def jack(self, unique_id: str, direction: Direction, domid: int) -> Jack | None:
        """Where a stream with that id is plugged in; None, and a line in the log, when the id is not in the table."""
        plug = self._config.plug(unique_id)
        if plug is None:
            shown = f"{unique_id:.{UNIQUE_ID_SHOWN_MAX}}"
            self._complaints.warn(domid, f"unique-id {shown!r} is not in the table")
            return None
        return self._plug_in(plug, direction, domid)

    def jack_on(self, device: str, direction: Direction, domid: int) -> Jack:
        """One on the device of that name, for who may say so."""
        return self._plug_in(Plug(device), direction, domid)

    def _plug_in(self, plug: Plug, direction: Direction, domid: int) -> Jack:
        sharing = self._config.sharing(plug.device)
        place = Place(plug.device, direction, domid if sharing == "per-guest" else None)
        self._jacks[place] += 1
        holders = self._holders[place] if sharing == "exclusive" else None
        return Jack(domid, place, self._port, self._unplugged, holders, plug)

    def _port(self, place: Place, domid: int) -> Output | Input:
        """The open device; raises DeviceError, said as on that guest's behalf."""
        port = self.ports.get(place)
        if port is None or port.failed:
            retry_ns, refusal = self._refused.get(place, (0, None))
            if refusal is not None and self._loop.now_ns() < retry_ns:
                raise refusal
            port = self._open(place, domid)
        return port

    def _open(self, place: Place, domid: int) -> Output | Input:
        lost = self.ports.pop(place, None)
        if lost is not None:
            lost.close()
        try:
            device = self._open_device(self._wanted(place), self._loop)
        except DeviceError as error:
            self._refused[place] = (self._loop.now_ns() + RETRY_NS, error)
            self._complaints.warn(domid, f"device {place.label} cannot be opened: {error.strerror}")
            raise
        if self._refused.pop(place, None) or lost is not None:
            log.info("device %s is back", place.label)
        make = Output if place.direction is Direction.PLAYBACK else Input
        make_pacing = pacing_named(self._config.pacing, place.direction)
        port = self.ports[place] = make(place.label, device, self._loop, make_pacing, self._dates(place, device))
        return port

    def _wanted(self, place: Place) -> Wanted:
        options = {key: value for key, value in self._config.devices[place.name].items() if key != "sharing"}
        kind = options.pop("kind")
        if is_adaptive(self._config.pacing):
            options = {**far_ahead(kind), **options}
        user = f"vsnd {place.name}" if place.domid is None else self._name_of(place.domid)
        return Wanted(place, kind, options, user)

    def _dates(self, place: Place, device: AudioDevice) -> Dates | None:
        """What dates the device's periods, unless it does so itself."""
        if dates_itself(self._config.devices[place.name]["kind"]):
            return None
        return Dates(device, self._tracer, self._config.device_number(place.name, place.direction))

    def _unplugged(self, place: Place) -> None:
        self._jacks -= Counter((place,))
        if place.domid is not None and place not in self._jacks:
            self._refused.pop(place, None)
            port = self.ports.pop(place, None)
            if port is not None:
                port.close()

    def close(self) -> None:
        """Give all devices back."""
        for port in self.ports.values():
            port.close()
        self.ports.clear()

"""Patchbay: from a guest's `unique-id` to a device of the operator's, which is opened when first needed.

The id is looked up as it stands in the operator's table.  Nothing else is ever done with it: no part of it reaches a
sound library (alsa-lib would take a name like `file:...` as an order to write files).
"""

from collections.abc import Callable, Mapping
from typing import Any

from backend.config import BackendConfig
from backend.devices.api import AudioDevice, DeviceError
from backend.input import Input
from backend.output import Output
from backend.pacing.irq import IrqSource
from backend.pacing.timer import TimerSource
from backend.port import MakePacing
from hosts.api import Loop, OnTime
from hosts.complaints import Complaints
from ringproto.card import Direction

#: Opens a device: (name, kind, the driver's options, direction, loop) -> device.  Raises DeviceError.
OpenDevice = Callable[[str, str, Mapping[str, Any], Direction, Loop], AudioDevice]

UNIQUE_ID_SHOWN_MAX = 64
"""Characters of a guest's text that go into the log."""


class Patchbay:
    """All devices of a backend, by name and direction."""

    def __init__(self, config: BackendConfig, loop: Loop, open_device: OpenDevice, complaints: Complaints) -> None:
        self.ports: dict[tuple[str, Direction], Output | Input] = {}
        self._config = config
        self._loop = loop
        self._open_device = open_device
        self._complaints = complaints
        self._make_pacing: MakePacing = PACINGS[config.pacing]

    def port(self, unique_id: str, direction: Direction, domid: int) -> Output | Input | None:
        """The output or input for that id; None, and a line in the log, when there is none."""
        name = self._config.streams.get(unique_id)
        if name is None:
            shown = f"{unique_id:.{UNIQUE_ID_SHOWN_MAX}}"
            self._complaints.warn(domid, f"unique-id {shown!r} is not in the table")
            return None
        key = (name, direction)
        if key not in self.ports:
            options = dict(self._config.devices[name])
            kind = options.pop("kind")
            try:
                device = self._open_device(name, kind, options, direction, self._loop)
            except DeviceError as error:
                self._complaints.warn(domid, f"device {name} cannot be opened to {direction.name.lower()}: {error}")
                return None
            make = Output if direction is Direction.PLAYBACK else Input
            self.ports[key] = make(name, device, self._loop, self._make_pacing)
        return self.ports[key]

    def close(self) -> None:
        """Give all devices back."""
        for port in self.ports.values():
            port.close()
        self.ports.clear()


def _timer(loop: Loop, look: OnTime, device: AudioDevice) -> TimerSource:
    return TimerSource(loop, look, device.params.period_frames, device.params.rate_hz)


def _irq(loop: Loop, look: OnTime, device: AudioDevice) -> IrqSource:
    return IrqSource(loop, look, device)


PACINGS: dict[str, MakePacing] = {"irq": _irq, "timer": _timer}

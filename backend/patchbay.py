"""Patchbay: from a guest's `unique-id` to a device of the operator's, which is opened when first needed.

The id is looked up as it stands in the operator's table.  Nothing else is ever done with it: no part of it reaches a
sound library (alsa-lib would take a name like `file:...` as an order to write files).
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from backend.config import BackendConfig
from backend.devices.api import AudioDevice, DeviceError
from backend.input import Input
from backend.output import MakePacing, Output
from backend.pacing.irq import IrqSource
from backend.pacing.timer import TimerSource
from hosts.api import Loop, OnTime
from ringproto.card import Direction

log = logging.getLogger("vsnd.backend")

#: Opens a device: (name, kind, the driver's options, direction, loop) -> device.  Raises DeviceError.
OpenDevice = Callable[[str, str, Mapping[str, Any], Direction, Loop], AudioDevice]

UNIQUE_ID_SHOWN_MAX = 64
"""Characters of a guest's text that go into the log."""


class Patchbay:
    """All devices of a backend, by name and direction."""

    def __init__(self, config: BackendConfig, loop: Loop, open_device: OpenDevice) -> None:
        self.ports: dict[tuple[str, Direction], Output | Input] = {}
        self._config = config
        self._loop = loop
        self._open_device = open_device
        self._make_pacing: MakePacing = PACINGS[config.pacing]

    def port(self, unique_id: str, direction: Direction, domid: int) -> Output | Input | None:
        """The output or input for that id; None, and a line in the log, when there is none."""
        name = self._config.streams.get(unique_id)
        if name is None:
            log.warning("domain %d: unique-id %.*r is not in the table", domid, UNIQUE_ID_SHOWN_MAX, unique_id)
            return None
        key = (name, direction)
        if key not in self.ports:
            options = dict(self._config.devices[name])
            kind = options.pop("kind")
            try:
                device = self._open_device(name, kind, options, direction, self._loop)
            except DeviceError as error:
                log.warning("device %s: cannot be opened to %s: %s", name, direction.name.lower(), error)
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

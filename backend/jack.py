"""Jack: where one stream of a guest is plugged in, from its connection to its end.

A device may be away when a guest connects, get lost later, and come back.  So a stream does not keep a port: it keeps
its jack, and asks for the port with every query and every OPEN.

How a device is shared is the operator's choice:

* `mixed`: everybody who plays is mixed by us;
* `exclusive`: one guest at a time has it open, and others get EBUSY;
* `per-guest`: each guest has the device opened for itself, and whoever is behind it (a sound server) mixes.
"""

from collections import Counter
from collections.abc import Callable
from errno import EBUSY
from typing import NamedTuple

from backend.config import Plug
from backend.devices.api import DeviceError
from backend.input import Input
from backend.output import Output
from ringproto.card import Direction


class Place(NamedTuple):
    """A device one way: everybody's, or one guest's."""

    name: str
    direction: Direction
    domid: int | None = None
    """The guest that has it for itself."""

    @property
    def label(self) -> str:
        """As it is called in the log and in results."""
        text = self.name if self.direction is Direction.PLAYBACK else f"{self.name} (capture)"
        return text if self.domid is None else f"{text} of domain {self.domid}"


class Holders:
    """Who has an exclusive place open, and how many streams of its: never more than one guest."""

    def __init__(self) -> None:
        self._streams: Counter[int] = Counter()

    def take(self, domid: int, what: str) -> None:
        """One stream more.  Raises DeviceError(EBUSY) while another guest has any."""
        if any(other != domid for other in self._streams):
            raise DeviceError(EBUSY, f"{what} is in use by another guest")
        self._streams[domid] += 1

    def give(self, domid: int) -> None:
        """One stream less."""
        self._streams -= Counter((domid,))


class Jack:
    """One stream's."""

    def __init__(
        self,
        domid: int,
        place: Place,
        find_port: Callable[[Place, int], Output | Input],
        on_closed: Callable[[Place], None],
        holders: Holders | None,
        plug: Plug,
    ) -> None:
        self.plug = plug
        """What the operator says of its stream."""
        self.place = place
        """Where its device is."""
        self._domid = domid
        self._find_port = find_port
        self._on_closed = on_closed
        self._holders = holders
        self._is_held = False

    def port(self) -> Output | Input:
        """The device's port, opened now if need be.  Raises DeviceError."""
        return self._find_port(self.place, self._domid)

    def hold(self) -> Output | Input:
        """The same, to be used until `let_go`.  Raises DeviceError: EBUSY when another guest has it."""
        port = self.port()
        if self._holders is not None and not self._is_held:
            self._holders.take(self._domid, self.place.label)
        self._is_held = True
        return port

    def let_go(self) -> None:
        """Use it no more.  Harmless twice."""
        if self._holders is not None and self._is_held:
            self._holders.give(self._domid)
        self._is_held = False

    def close(self) -> None:
        """The stream is gone."""
        self.let_go()
        self._on_closed(self.place)

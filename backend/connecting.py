"""Connecting to a guest: read what it published, then map and bind, one stream a turn.

Each stream takes about a millisecond of questions to the machine, and a guest may have many.  Meanwhile the devices
have to be looked at, for all the other guests.  So after each stream the loop goes round once.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

from backend.devices.api import DeviceError
from backend.facilities import Facilities
from backend.stream import Stream
from backend.wire import Peer
from hosts.snapshot import read_tree
from ringproto.card import NODE_NAMES, parse_card, parse_transport


class Connecting:
    """One attempt: it ends with `on_end(None)`, with `on_end(error)`, or by being abandoned."""

    def __init__(
        self, facilities: Facilities, peer: Peer, frontend: str, on_end: Callable[[Exception | None], None]
    ) -> None:
        self._facilities = facilities
        self._peer = peer
        self._frontend = frontend
        self._on_end = on_end
        self._streams: list[Stream] = []
        self._steps = self._connect()
        facilities.host.loop.call_soon(self._step)

    def abandon(self) -> list[Stream]:
        """Go no further; all streams made so far are the caller's."""
        self._steps = iter(())
        self._on_end = _nobody
        return self._streams

    def _step(self, _now_ns: int) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self._on_end(None)
        except Exception as error:
            self._on_end(error)
        else:
            self._facilities.host.loop.call_soon(self._step)

    def _connect(self) -> Iterator[None]:
        """Raises ProtocolError, HostError."""
        nodes = read_tree(self._facilities.host.store, self._frontend, NODE_NAMES)
        for pcm in parse_card(nodes).pcms:
            for config in pcm.streams:
                yield
                prefix = f"{pcm.index}/{config.index}/"
                own_nodes = {key[len(prefix) :]: value for key, value in nodes.items() if key.startswith(prefix)}
                transport = parse_transport(own_nodes)
                jack = self._facilities.patchbay.jack(config.unique_id, config.direction, self._peer.domid)
                if jack is not None:
                    with suppress(DeviceError):  # it was said, and the device may be back when it is needed
                        jack.port()
                self._streams.append(Stream(self._peer, pcm.index, config, transport, jack))


def _nobody(_error: Exception | None) -> None:
    """Hear of no end."""

"""One guest's sound card, from the toolstack's attaching it to its removal.

A session watches two places: the guest's state, and its own directory, where the toolstack gives orders.  Each watch is
a hint; the session reads everything anew and asks `ringproto.xenbus` what to do.  A guest that breaks the protocol
loses its connection and costs one line in the log; it may start over.
"""

import logging
from collections import defaultdict
from contextlib import ExitStack

from backend.counters import Counters
from backend.facilities import Facilities
from backend.stream import Stream
from backend.wire import Peer
from hosts.api import Handle, HostError
from hosts.snapshot import read_tree
from ringproto.abi import VERSION, XenbusState
from ringproto.card import parse_card, parse_transport
from ringproto.errors import Errno, ProtocolError
from ringproto.xenbus import BackendAction, backend_action, backend_start, parse_state

log = logging.getLogger("vsnd.backend")

REST_NS = 1_000_000_000
"""After a fault of the guest's we are not ready for it again before this has passed.

A frontend starts over at once, so one that always fails would otherwise keep both sides busy with nothing else.
"""


class Session:
    """One virtual card of one guest."""

    def __init__(self, facilities: Facilities, domid: int, devid: int) -> None:
        host = facilities.host
        self.domid = domid
        self.devid = devid
        self.streams: list[Stream] = []
        self._host = host
        self._store = host.store
        self._patchbay = facilities.patchbay
        self._peer = Peer(host, domid, facilities.tracer, facilities.gather, self._on_fault, facilities.event_ids)
        self._path = f"backend/vsnd/{domid}/{devid}"
        self._frontend = self._find_frontend()
        self._past: defaultdict[int, Counters] = defaultdict(Counters)  # by number, of connections that are over
        self._resting = False
        self._rest = host.loop.timer(self._on_rested)
        self._own = XenbusState.INITIALISING
        self._store.write(f"{self._path}/versions", str(VERSION))
        self._write(backend_start(parse_state(self._store.read(f"{self._path}/state")), online=self._is_online()))
        self._watches: list[Handle] = [
            self._store.watch(f"{self._frontend}/state", self._on_watch),
            self._store.watch(self._path, self._on_watch),
        ]

    def _find_frontend(self) -> str:
        """Where the guest's directory is, by the toolstack's word.  Raises HostError(EINVAL) if elsewhere."""
        frontend = self._store.read(f"{self._path}/frontend")
        if frontend is None or not frontend.startswith(f"/local/domain/{self.domid}/"):
            raise HostError(Errno.EINVAL, f"{self._path}/frontend: {frontend!r} is not in the guest's own directory")
        return frontend

    @property
    def counters(self) -> dict[int, Counters]:
        """What each stream counted since the session began, by its number in traces."""
        return {**self._past, **{s.number: self._past.get(s.number, Counters()) + s.counters for s in self.streams}}

    def close(self) -> None:
        """The backend leaves, or the device was removed."""
        for watch in self._watches:
            watch.cancel()
        self._rest.disarm()
        self._release()
        if self._is_attached():
            self._write(BackendAction.RELEASE_AND_STAY.states)

    # -- the handshake ------------------------------------------------------------------------------------------------

    def _on_watch(self, _path: str) -> None:
        if not self._is_attached():
            self._release()  # the device was removed, and nothing may be written there any more
            return
        frontend = parse_state(self._store.read(f"{self._frontend}/state"))
        stored = parse_state(self._store.read(f"{self._path}/state"))
        action = backend_action(self._own, frontend, online=self._is_online(), stored=stored)
        if not (self._resting and action is BackendAction.ANNOUNCE):
            self._do(action)

    def _on_rested(self, now_ns: int) -> None:
        self._resting = False
        self._on_watch(self._path)

    def _is_attached(self) -> bool:
        return self._store.read(f"{self._path}/frontend") is not None

    def _is_online(self) -> bool:
        return self._store.read(f"{self._path}/online") != "0"

    def _do(self, action: BackendAction) -> None:
        if action is BackendAction.CONNECT:
            try:
                self._connect()
            except (ProtocolError, HostError) as error:
                self._refuse(f"cannot connect: {error}")
                return
        elif action in {BackendAction.RELEASE_AND_WAIT, BackendAction.RELEASE_AND_STAY}:
            self._release()
        self._write(action.states)

    def _write(self, states: tuple[XenbusState, ...]) -> None:
        for state in states:
            self._own = state
            self._store.write(f"{self._path}/state", str(int(state)))

    # -- connection ---------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        nodes = read_tree(self._store, self._frontend)
        card = parse_card(nodes)
        with ExitStack() as made:
            streams: list[Stream] = []
            for pcm in card.pcms:
                for config in pcm.streams:
                    prefix = f"{pcm.index}/{config.index}/"
                    own_nodes = {key[len(prefix) :]: value for key, value in nodes.items() if key.startswith(prefix)}
                    port = self._patchbay.port(config.unique_id, config.direction, self.domid)
                    stream = Stream(self._peer, pcm.index, config, parse_transport(own_nodes), port)
                    made.callback(stream.close)
                    streams.append(stream)
            made.pop_all()
        self.streams = streams
        log.info("domain %d: connected, %d streams", self.domid, len(streams))

    def _release(self) -> None:
        streams, self.streams = self.streams, []
        for stream in streams:
            stream.close()
            self._past[stream.number] += stream.counters

    def _on_fault(self, fault: ProtocolError) -> None:
        self._refuse(f"disconnected: {fault}")

    def _refuse(self, why: str) -> None:
        log.warning("domain %d: %s", self.domid, why)
        self._resting = True
        self._rest.arm(self._host.loop.now_ns() + REST_NS)
        self._do(BackendAction.RELEASE_AND_STAY)

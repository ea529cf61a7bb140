"""One guest's sound card, from the toolstack's attaching it to its removal.

A session watches two places: the guest's state, and its own directory, where the toolstack gives orders.  Each watch is
a hint; the session reads everything anew and asks `ringproto.xenbus` what to do.  Orders are looked at once; what the
guest does is looked at as often as `backend.throttle` allows.

Whatever goes wrong while a guest is served, by its fault or by ours, ends in `_fail`: that guest loses its connection
and costs a line in the log, everybody else goes on, and after a rest the guest may start over.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from backend.connecting import Connecting
from backend.counters import NOTHING, Counters
from backend.facilities import Facilities
from backend.stream import Stream
from backend.throttle import Throttle
from backend.wire import Peer
from hosts.api import Handle, HostError
from ringproto.abi import VERSION, XenbusState
from ringproto.errors import Errno, ProtocolError
from ringproto.xenbus import STAND_NS, BackendAction, backend_action, backend_start, parse_state

REST_NS = 500_000_000
"""After a fault we are not ready for the guest again before this has passed.

A frontend starts over at once, so one that always fails would otherwise keep both sides busy with nothing else.  But
the kernel's frontend, when its module is removed just then, waits for us no longer than a second.
"""


class Session:
    """One virtual card of one guest."""

    def __init__(self, facilities: Facilities, domid: int, devid: int) -> None:
        host = facilities.host
        self.domid = domid
        self.devid = devid
        self.streams: list[Stream] = []
        self._loop = host.loop
        self._store = host.store
        self._facilities = facilities
        self._complaints = facilities.complaints
        self._peer = Peer(host, domid, facilities.tracer, facilities.gather, self._on_fault, facilities.event_ids)
        self._path = f"backend/vsnd/{domid}/{devid}"
        self._frontend = self._find_frontend()
        self._past: defaultdict[int, Counters] = defaultdict(Counters)  # by number, of connections that are over
        self._throttle = Throttle(host.loop, lambda now_ns: self._guarded(self._look))
        self._connecting: Connecting | None = None
        self._fault: Exception | None = None
        self._resting = False
        self._rest = host.loop.timer(lambda now_ns: self._guarded(self._on_rested))
        self._own = XenbusState.INITIALISING
        self._heard_ns = 0  # when the guest's state last changed
        self._fresh = True  # nothing was closed yet on this device
        self._store.write(f"{self._path}/versions", str(VERSION))
        self._write(backend_start(parse_state(self._store.read(f"{self._path}/state")), online=self._is_online()))
        self._watches: list[Handle] = [
            self._store.watch(f"{self._frontend}/state", self._on_frontend),
            self._store.watch(self._path, self._on_orders),
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
        return {**self._past, **{stream.number: self.counters_of(stream) for stream in self.streams}}

    def counters_of(self, stream: Stream) -> Counters:
        """The same, of one of its streams."""
        return self._past.get(stream.number, NOTHING) + stream.counters

    def close(self) -> None:
        """The backend leaves, or the device was removed.  Harmless twice."""
        if not self._watches:
            return
        watches, self._watches = self._watches, []
        for watch in watches:
            watch.cancel()
        self._throttle.close()
        self._rest.disarm()
        self._release()
        with suppress(HostError):  # a machine that is gone need not be told
            if self._is_attached():
                self._write(BackendAction.RELEASE_AND_STAY.states)
        del self._throttle, self._rest, self._peer  # no cycles: a backend runs without a garbage collector

    # -- what the store says ------------------------------------------------------------------------------------------

    def _on_frontend(self, _path: str) -> None:
        self._heard_ns = self._loop.now_ns()
        if self._connecting is not None:
            self._release()  # what we connect to may be gone already
        self._throttle.ask()

    def _on_orders(self, _path: str) -> None:
        """The toolstack wrote into our directory, or we did."""
        self._guarded(self._look_for_orders)

    def _look_for_orders(self) -> None:
        if not self._is_attached() or not self._is_online() or self._read_stored() is not self._own:
            self._look()
        elif self._own is XenbusState.CLOSED:  # it may have been told to stay there, and now no more
            self._throttle.ask()

    def _is_attached(self) -> bool:
        return self._store.read(f"{self._path}/frontend") is not None

    def _is_online(self) -> bool:
        return self._store.read(f"{self._path}/online") != "0"

    def _read_stored(self) -> XenbusState | None:
        return parse_state(self._store.read(f"{self._path}/state"))

    # -- the handshake ------------------------------------------------------------------------------------------------

    def _look(self, *, rested: bool = False) -> None:
        if not self._is_attached():
            self._release()  # the device was removed, and nothing may be written there any more
            return
        frontend = parse_state(self._store.read(f"{self._frontend}/state"))
        stored, online = self._read_stored(), self._is_online()
        action = backend_action(self._own, frontend, online=online, stored=stored, rested=rested)
        if action is BackendAction.CONNECT and self._connecting is not None:
            return
        if action is BackendAction.CONNECT and not self._has_stood():
            self._throttle.ask(self._heard_ns + STAND_NS)
        elif action is not BackendAction.ANNOUNCE or rested or not self._resting:
            self._do(action)

    def _has_stood(self) -> bool:
        return self._fresh or self._loop.now_ns() >= self._heard_ns + STAND_NS

    def _on_rested(self) -> None:
        self._look(rested=True)
        self._resting = False

    def _do(self, action: BackendAction) -> None:
        if action is BackendAction.CONNECT:
            self._connecting = Connecting(self._facilities, self._peer, self._frontend, self._on_connecting_ended)
            return
        if action in {BackendAction.RELEASE_AND_WAIT, BackendAction.RELEASE_AND_STAY}:
            self._end_rest()  # whose word it is counts for more than a fault
            self._release()
        self._write(action.states)

    def _write(self, states: tuple[XenbusState, ...]) -> None:
        for state in states:
            self._own = state
            self._fresh = self._fresh and state is not XenbusState.CLOSING
            self._store.write(f"{self._path}/state", str(int(state)))

    # -- connection ---------------------------------------------------------------------------------------------------

    def _on_connecting_ended(self, error: Exception | None) -> None:
        self._guarded(lambda: self._serve(error))

    def _serve(self, error: Exception | None) -> None:
        if error is not None:
            raise error
        assert self._connecting is not None
        self.streams = self._connecting.abandon()
        self._connecting = None
        self._write(BackendAction.CONNECT.states)
        self._complaints.note(self.domid, f"connected, {len(self.streams)} streams")

    def _release(self) -> None:
        self._fault = None
        streams, self.streams = self.streams, []
        if self._connecting is not None:
            streams = self._connecting.abandon()
            self._connecting = None
        for stream in streams:
            try:
                stream.close()
            except Exception as error:  # the others have to be let go all the same
                self._complaints.bug(self.domid, "a stream cannot be closed", error)
            self._past[stream.number] += stream.counters
            if stream.counters.untraced:
                self._complaints.note(
                    self.domid, f"{stream.counters.untraced} trace records left out: too many a second"
                )

    # -- when it goes wrong -------------------------------------------------------------------------------------------

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step on this guest's behalf; whatever comes of it concerns this guest alone."""
        try:
            step()
        except Exception as error:
            self._fail(error)

    def _on_fault(self, fault: Exception) -> None:
        """The data path met something that no response can mend.  It is in the midst of it, so we act afterwards."""
        if self._fault is None:
            self._fault = fault
            self._loop.call_soon(self._on_faulted)

    def _on_faulted(self, now_ns: int) -> None:
        fault = self._fault
        if fault is not None:  # not let go for another reason meanwhile
            self._fail(fault)

    def _fail(self, error: Exception) -> None:
        """Say why, let go of everything, and rest.

        It is told once: each of our writes has us look again, which may fail as well.
        """
        what = "disconnected" if self.streams else "cannot connect"
        if isinstance(error, ProtocolError | HostError):
            self._complaints.warn(self.domid, f"{what}: {error}")
        else:
            self._complaints.bug(self.domid, f"{what}, by an error of ours", error)
        self._release()
        if self._own is XenbusState.CLOSED and not self._resting:
            return  # by somebody's word, which still holds
        self._resting = True
        self._rest.arm(self._loop.now_ns() + REST_NS)
        if self._own is XenbusState.CLOSED:
            return
        with suppress(HostError):  # a machine that is gone need not be told, and a device neither
            if self._is_attached():
                self._write(BackendAction.RELEASE_AND_STAY.states)
        self._own = XenbusState.CLOSED

    def _end_rest(self) -> None:
        self._resting = False
        self._rest.disarm()

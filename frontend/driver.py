"""The guest's side of one virtual sound card: find the backend, publish our streams, keep connected.

Theory: the toolstack made a directory with the card's configuration and named a backend.  When the backend says
InitWait we allocate a link per stream, publish all of them in one transaction and say Initialised; when it has mapped
them it says Connected, and so do we.  When it leaves, we take everything down and start over as soon as it is ready
again, with the same text.  Decisions are `ringproto.xenbus`'s; this file carries them out.

What goes wrong meanwhile (the machine may be gone, the card just be taken away, the backend out of its mind) concerns
nobody but the applications that wait: the card takes everything down, and tries again after a rest.
"""

import logging
from contextlib import suppress
from errno import EACCES, ENODEV, ENOENT

from frontend.link import Keeper, StreamLink
from hosts.api import Host, HostError, StoreView
from hosts.snapshot import read_tree
from hosts.tasks import Future, run, within
from ringproto.card import NODE_NAMES, CardConfig, Direction, StreamConfig, format_transport, parse_card
from ringproto.errors import ProtocolError
from ringproto.hwparams import Interval
from ringproto.nodes import number
from ringproto.trace import NoTrace, Tracer
from ringproto.xenbus import FrontendAction, XenbusState, frontend_action, parse_state

log = logging.getLogger("vsnd.frontend")

DOMIDS = Interval(0, 0x7FEF)
"""Below DOMID_FIRST_RESERVED of public/xen.h."""

CONNECT_LIMIT_NS = 10_000_000_000
"""How long `connect` waits for a backend: the toolstack's own patience with a device."""

ATTACH_LIMIT_NS = 1_000_000_000
"""How long `connect` waits for a card: a toolstack that has just seen a domain go may be giving it a new one."""

FINISH_LIMIT_NS = 1_000_000_000
"""How long closing waits for the backend: as the kernel's frontend does when it is removed."""

REST_NS = 1_000_000_000
"""After something went wrong we do not try again before this has passed: the other end may always fail us."""


class Card:
    """One virtual sound card, connected or trying to be."""

    def __init__(self, host: Host, devid: int = 0, tracer: Tracer | None = None) -> None:
        self.host = host
        self.tracer: Tracer = tracer if tracer is not None else NoTrace()
        self.path = f"device/vsnd/{devid}"
        self.state = XenbusState.INITIALISING
        self.config = self._read_config()
        self._links: dict[tuple[int, int], StreamLink] = {}
        self._connected: Future[None] = Future()
        self._finished: Future[None] = Future()
        self._resting = False
        self._complained = False
        self._rest = host.loop.timer(self._on_rested)
        if host.store.read(f"{self.path}/state") != str(int(self.state)):
            self._set_state(self.state)  # an earlier driver's: its backend has to start over too
        self._watched = self.backend_path
        self._watch = host.store.watch(f"{self._watched}/state", self._on_backend)
        self._given = host.store.watch(f"{self.path}/backend", self._on_backend)

    def _read_config(self) -> CardConfig:
        backend = self.host.store.read(f"{self.path}/backend")
        backend_domid = self.host.store.read(f"{self.path}/backend-id")
        if backend is None or backend_domid is None:
            raise HostError(ENOENT, f"domain {self.host.domid} has no sound card at {self.path}")
        self.backend_path, self.backend_domid = backend, number("backend-id", backend_domid, DOMIDS)
        return parse_card(read_tree(self.host.store, self.path, NODE_NAMES))

    async def connected(self) -> None:
        """Wait until the backend serves this card.  Raises HostError(ETIMEDOUT) when it does not in 10 s."""
        served: Future[None] = Future()
        self._connected.on_done(lambda: served.set(None))
        await within(self.host.loop, CONNECT_LIMIT_NS, served, f"backend of {self.path}")

    def streams(self, direction: Direction) -> list[tuple[int, StreamConfig]]:
        """All (pcm index, stream) of one direction, in order."""
        return [(pcm.index, s) for pcm in self.config.pcms for s in pcm.streams if s.direction is direction]

    def link(self, direction: Direction, nth: int = 0) -> tuple[StreamLink, StreamConfig]:
        """The transport of the nth stream of that direction.

        Raises HostError(ENODEV) when the card has none, or is not connected.
        """
        streams = self.streams(direction)
        if nth >= len(streams):
            raise HostError(ENODEV, f"{self.path} has no {direction.name.lower()} stream {nth}")
        pcm, stream = streams[nth]
        link = self._links.get((pcm, stream.index))
        if link is None:
            raise HostError(ENODEV, f"{self.path} is not connected")
        return link, stream

    async def aclose(self) -> None:
        """Unplug: say Closing, wait for the backend to let go (a second at most), give everything back, say Closed."""
        if self.state in (XenbusState.INITIALISED, XenbusState.CONNECTED):
            self._set_state(XenbusState.CLOSING)
            with suppress(HostError):  # a backend that does not answer has nothing to lose either
                await within(self.host.loop, FINISH_LIMIT_NS, self._finished, "closing")
        self._watch.cancel()
        self._given.cancel()
        self._rest.disarm()
        if self.state is not XenbusState.CLOSED:
            self._finish()

    def close(self) -> None:
        """Unplug, blocking."""
        run(self.host.loop, self.aclose())

    def __enter__(self) -> "Card":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _on_backend(self, _path: str) -> None:
        try:
            self._look()
        except (HostError, ProtocolError) as error:
            self._on_trouble(error)

    def _follow(self) -> None:
        """Turn to the backend that the toolstack named last: it may have given us the card anew, of another one."""
        backend = self.host.store.read(f"{self.path}/backend")
        if backend is not None and backend != self._watched:
            self._watch.cancel()
            self._watched = self.backend_path = backend
            self._watch = self.host.store.watch(f"{backend}/state", self._on_backend)

    def _look(self) -> None:
        self._follow()
        backend = self._backend_state()
        action = frontend_action(self.state, backend)
        if action is FrontendAction.PUBLISH:
            if not self._resting:
                self._publish()
        elif action is FrontendAction.ATTACH:
            self._set_state(XenbusState.CONNECTED)
            self._connected.set(None)
        elif action is FrontendAction.TEAR_DOWN:
            self._tear_down()
        elif action is FrontendAction.FINISH:
            self._finish()
            self._finished.set(None)

    def _backend_state(self) -> XenbusState | None:
        """As the backend says; None when it has no directory for us any more.

        That is the toolstack's, in one that we may not read, so that the store need not even say that it is gone.
        """
        try:
            return parse_state(self.host.store.read(f"{self.backend_path}/state"))
        except HostError as error:
            if error.errno != EACCES:
                raise
            return None

    def _on_trouble(self, error: HostError | ProtocolError) -> None:
        """Take everything down, say why (the first time), and try again after a rest."""
        if not self._complained:
            self._complained = True
            log.warning("%s: %s", self.path, error)
        self._resting = True
        self._rest.arm(self.host.loop.now_ns() + REST_NS)
        with suppress(HostError):  # then nobody is there to be told
            self._tear_down()

    def _on_rested(self, now_ns: int) -> None:
        self._resting = False
        self._on_backend(self._watched)

    def _publish(self) -> None:
        self._drop_links()
        self.config = self._read_config()  # the toolstack may have given us another card meanwhile
        keeper = Keeper(self.host, self.backend_domid, self.tracer, self._renewed, self._on_trouble)
        for pcm in self.config.pcms:
            for stream in pcm.streams:
                number = pcm.index * 16 + stream.index
                self._links[pcm.index, stream.index] = StreamLink(keeper, number, stream.direction)
        self.host.store.transact(self._write_transports)
        self._set_state(XenbusState.INITIALISED)

    def _write_transports(self, store: StoreView) -> None:
        for (pcm, stream), link in self._links.items():
            for key, value in format_transport(link.transport).items():
                store.write(f"{self.path}/{pcm}/{stream}/{key}", value)

    async def _renewed(self, lost: StreamLink) -> StreamLink:
        await self.connected()
        link = self._links.get((lost.stream // 16, lost.stream % 16))
        if link is None or link.direction is not lost.direction:
            raise HostError(ENODEV, f"{self.path} has no such stream as {lost.stream} was any more")
        return link

    def _tear_down(self) -> None:
        self._drop_links()
        self._set_state(XenbusState.INITIALISING)

    def _finish(self) -> None:
        self._drop_links()
        self._set_state(XenbusState.CLOSED)

    def _drop_links(self) -> None:
        if self._connected.done:
            self._connected = Future()
        links, self._links = self._links, {}
        for link in links.values():
            link.close()

    def _set_state(self, state: XenbusState) -> None:
        self.state = state
        if self.host.store.read(f"{self.path}/backend") is not None:  # else the card was taken away
            self.host.store.write(f"{self.path}/state", str(int(state)))


async def attached(host: Host, devid: int = 0) -> None:
    """Wait until the toolstack has attached the device, a second at most."""
    path = f"device/vsnd/{devid}/backend"
    there: Future[None] = Future()
    watch = host.store.watch(path, lambda _: there.set(None) if host.store.read(path) is not None else None)
    with suppress(HostError):
        await within(host.loop, ATTACH_LIMIT_NS, there, path)
    watch.cancel()


def connect(host: Host, devid: int = 0, tracer: Tracer | None = None) -> Card:
    """The domain's sound card, connected.

    Raises HostError(ENOENT) when the toolstack gave this domain none (or is about to, and does not within a second),
    ETIMEDOUT when no backend serves it in 10 s.
    """
    run(host.loop, attached(host, devid))
    card = Card(host, devid, tracer)
    try:
        run(host.loop, card.connected())
    except BaseException:
        card.close()
        raise
    return card

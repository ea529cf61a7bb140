"""The guest's side of one virtual sound card: find the backend, publish our streams, keep connected.

Theory: the toolstack made a directory with the card's configuration and named a backend.  When the backend says
InitWait we allocate a link per stream, publish all of them in one transaction and say Initialised; when it has mapped
them it says Connected, and so do we.  When it leaves, we take everything down and start over as soon as it is ready
again, with the same text.  Decisions are `ringproto.xenbus`'s; this file carries them out.
"""

from contextlib import suppress
from errno import ENODEV, ENOENT

from frontend.link import StreamLink
from hosts.api import Host, HostError, StoreView
from hosts.snapshot import read_tree
from hosts.tasks import Future, run, within
from ringproto.card import CardConfig, Direction, StreamConfig, format_transport, parse_card
from ringproto.trace import NoTrace, Tracer
from ringproto.xenbus import FrontendAction, XenbusState, frontend_action, parse_state

CONNECT_LIMIT_NS = 10_000_000_000
"""How long `connect` waits for a backend: the toolstack's own patience with a device."""

ATTACH_LIMIT_NS = 1_000_000_000
"""How long `connect` waits for a card: a toolstack that has just seen a domain go may be giving it a new one."""

FINISH_LIMIT_NS = 1_000_000_000
"""How long closing waits for the backend: as the kernel's frontend does when it is removed."""


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
        self._watch = host.store.watch(f"{self.backend_path}/state", lambda path: self._on_backend())

    def _read_config(self) -> CardConfig:
        backend = self.host.store.read(f"{self.path}/backend")
        backend_domid = self.host.store.read(f"{self.path}/backend-id")
        if backend is None or backend_domid is None:
            raise HostError(ENOENT, f"domain {self.host.domid} has no sound card at {self.path}")
        self.backend_path, self.backend_domid = backend, int(backend_domid)
        return parse_card(read_tree(self.host.store, self.path))

    async def connected(self) -> None:
        """Wait until the backend serves this card.  Raises HostError(ETIMEDOUT) when it does not in 10 s."""
        await within(self.host.loop, CONNECT_LIMIT_NS, self._connected, f"backend of {self.path}")

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
        if self.state is not XenbusState.CLOSED:
            self._finish()

    def close(self) -> None:
        """Unplug, blocking."""
        run(self.host.loop, self.aclose())

    def __enter__(self) -> "Card":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _on_backend(self) -> None:
        backend = parse_state(self.host.store.read(f"{self.backend_path}/state"))
        action = frontend_action(self.state, backend)
        if action is FrontendAction.PUBLISH:
            self._publish()
        elif action is FrontendAction.ATTACH:
            self._set_state(XenbusState.CONNECTED)
            self._connected.set(None)
        elif action is FrontendAction.TEAR_DOWN:
            self._tear_down()
        elif action is FrontendAction.FINISH:
            self._finish()
            self._finished.set(None)

    def _publish(self) -> None:
        self._drop_links()
        for pcm in self.config.pcms:
            for stream in pcm.streams:
                number = pcm.index * 16 + stream.index
                self._links[pcm.index, stream.index] = StreamLink(self.host, self.backend_domid, number, self.tracer)
        self.host.store.transact(self._write_transports)
        self._set_state(XenbusState.INITIALISED)

    def _write_transports(self, store: StoreView) -> None:
        for (pcm, stream), link in self._links.items():
            for key, value in format_transport(link.transport).items():
                store.write(f"{self.path}/{pcm}/{stream}/{key}", value)

    def _tear_down(self) -> None:
        self._drop_links()
        self._connected = Future()
        self._set_state(XenbusState.INITIALISING)

    def _finish(self) -> None:
        self._drop_links()
        self._set_state(XenbusState.CLOSED)

    def _drop_links(self) -> None:
        links, self._links = self._links, {}
        for link in links.values():
            link.close()

    def _set_state(self, state: XenbusState) -> None:
        self.state = state
        self.host.store.write(f"{self.path}/state", str(int(state)))


async def _attached(host: Host, devid: int) -> None:
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
    run(host.loop, _attached(host, devid))
    card = Card(host, devid, tracer)
    try:
        run(host.loop, card.connected())
    except BaseException:
        card.close()
        raise
    return card

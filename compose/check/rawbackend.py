"""A backend made of nothing but the wire: it serves one guest's card by hand and writes down what the guest does."""

from compose.check.rawstream import Conduct, RawStream
from compose.check.seen import Seen
from hosts.api import Handle, Host, HostError, StoreView
from hosts.snapshot import read_tree
from ringproto.card import (
    NODE_NAMES,
    CardConfig,
    StreamConfig,
    Transport,
    format_transport,
    parse_card,
    parse_transport,
)
from ringproto.errors import ProtocolError

NODES = tuple(format_transport(Transport(1, 1, 1, 1)))
"""The names of a transport's nodes."""


class RawBackend:
    """The backend of domain `domid`'s card `devid`, on Dom0's host.  Raises HostError when there is no such card."""

    def __init__(self, host: Host, domid: int, devid: int = 0) -> None:
        self.seen = Seen()
        self.conduct = Conduct()
        self.host = host
        self.streams: list[RawStream] = []
        self._domid = domid
        self._front = f"/local/domain/{domid}/device/vsnd/{devid}"
        self._path = f"/local/domain/{host.domid}/backend/vsnd/{domid}/{devid}"
        if host.store.read(f"{self._path}/frontend") is None:
            raise HostError(2, f"{self._path}: the toolstack attached no such card")
        self._card = parse_card(read_tree(host.store, self._front, NODE_NAMES))
        self._state = ""
        self._watch: Handle | None = None
        self._left: set[int] = set()  # the references of the connection that we ended

    # -- the handshake ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Be ready for the frontend, as after a restart."""
        self._fresh = self._published() == 0
        self._set("5", "6", "2")
        self._watch = self.host.store.watch(self._front, self._on_change)

    @property
    def is_connected(self) -> bool:
        """Whether both ends say Connected."""
        return self._state == "4" and self.seen.is_connected

    def leave_and_return(self) -> None:
        """Go away while the frontend is connected, and be there again at once."""
        self._left = {ref for stream in self.streams for ref in stream.refs}
        self.drop()
        self._set("5", "6", "2")

    def drop(self) -> None:
        """Let go of everything of the frontend's."""
        streams, self.streams = self.streams, []
        for stream in streams:
            stream.close()

    def close(self) -> None:
        """Leave."""
        if self._watch is not None:
            self._watch.cancel()
        self.drop()
        self._set("5", "6")

    def _set(self, *states: str) -> None:
        for state in states:
            self._state = state
            self.host.store.write(f"{self._path}/state", state)

    def _on_change(self, _path: str) -> None:
        state = self.host.store.read(f"{self._front}/state") or ""
        if state != "3" and self._fresh and not self.seen.transports:
            self._look_for_parts()
        if self.seen.states[-1:] != [state]:
            self.seen.states.append(state)
        if state == "3" and self._state == "2":
            self._connect()
        elif state in ("1", "5", "6") and self._state == "4":
            self.drop()
            self._set("5", "6", "2")

    # -- connection ---------------------------------------------------------------------------------------------------

    def _published(self) -> int:
        """How many nodes of transports there are, at one moment."""
        found: list[str] = []

        def look(view: StoreView) -> None:
            found.clear()
            for pcm in self._card.pcms:
                for stream in pcm.streams:
                    path = f"{self._front}/{pcm.index}/{stream.index}"
                    found.extend(key for key in NODES if view.read(f"{path}/{key}") is not None)

        self.host.store.transact(look)
        return len(found)

    def _look_for_parts(self) -> None:
        """The frontend is about to publish: are some nodes there, and others not?"""
        whole = len(NODES) * sum(len(pcm.streams) for pcm in self._card.pcms)
        count = self._published()
        if count:
            self.seen.published_at_once = count == whole and self.seen.published_at_once is not False

    def _connect(self) -> None:
        if self._fresh and self.seen.published_at_once is None:
            self.seen.published_at_once = True  # there was nothing, and then it was Initialised
        nodes = read_tree(self.host.store, self._front, NODE_NAMES)
        card: CardConfig = parse_card(nodes)
        try:
            for pcm in card.pcms:
                for stream in pcm.streams:
                    prefix = f"{pcm.index}/{stream.index}/"
                    own = {key.removeprefix(prefix): value for key, value in nodes.items() if key.startswith(prefix)}
                    self._join(stream, parse_transport(own))
        except (ProtocolError, HostError) as error:
            self.seen.fault("transport", error)
            self.drop()
            return
        self._look_for_leftovers()
        self._set("4")
        for raw in self.streams:
            raw.serve(self.host.loop.now_ns())

    def _join(self, config: StreamConfig, transport: Transport) -> None:
        self.seen.transports.append(transport)
        self.streams.append(RawStream(self.host, self._domid, config, transport, self.seen, self.conduct))

    def _look_for_leftovers(self) -> None:
        """What it granted to the connection that we ended should be granted no more, unless it was granted anew."""
        left, self._left = self._left, set()
        for ref in left - {ref for stream in self.streams for ref in stream.refs}:
            try:
                self.host.map(self._domid, (ref,), writable=False).unmap()
            except HostError:
                continue
            self.seen.fault("left", f"reference {ref} of the connection before is still granted")

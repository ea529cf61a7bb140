"""A guest made of nothing but wires: it goes through the handshake, on any host, and leaves the card as it was."""

from contextlib import suppress

from compose.check.rule import Broken, NotTried
from compose.check.wire import MS, Wire
from hosts.api import Host, HostError, StoreView
from hosts.snapshot import read_tree
from ringproto.card import NODE_NAMES, Direction, format_transport, parse_card

HANDSHAKE_LIMIT_NS = 5_000 * MS


class WireGuest:
    """The host's domain as a guest with card `devid`.  Raises HostError(ENOENT) when it has none."""

    def __init__(self, host: Host, devid: int = 0) -> None:
        self.host = host
        self.path = f"device/vsnd/{devid}"
        backend, peer = (host.store.read(f"{self.path}/{key}") for key in ("backend", "backend-id"))
        if backend is None or peer is None:
            raise HostError(2, f"domain {host.domid} has no sound card at {self.path}")
        self.backend_path, self.peer = backend, int(peer)
        self.card = parse_card(read_tree(host.store, self.path, NODE_NAMES))
        self.wires: dict[tuple[int, int], Wire] = {}
        self._watch = host.store.watch(f"{backend}/state", lambda path: None)  # so that whoever waits looks again

    @property
    def backend_state(self) -> str | None:
        """The backend's state node."""
        return self.host.store.read(f"{self.backend_path}/state")

    def set_state(self, state: str) -> None:
        """Write our state node."""
        self.host.store.write(f"{self.path}/state", state)

    def wait_for(self, *states: str, limit_ns: int = HANDSHAKE_LIMIT_NS) -> None:
        """Wait until the backend is in one of these states.  Raises Broken when it does not get there."""
        loop = self.host.loop
        if not loop.run_until(lambda: self.backend_state in states, loop.now_ns() + limit_ns):
            wanted = " or ".join(states)
            raise Broken(f"the backend is in state {self.backend_state}, not in {wanted}, after {limit_ns / 1e9:g} s")

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.host.loop.run_until(lambda: False, self.host.loop.now_ns() + ns)

    def begin(self) -> None:
        """Leave whatever was before, until the backend waits for us."""
        self.set_state("1")
        self.wait_for("2")
        self.drop()

    def connect(self) -> None:
        """Go through the handshake to Connected, with wires of our own for every stream."""
        self.begin()
        self.publish()
        self.wait_for("4")
        self.set_state("4")

    def publish(self, **overrides: str) -> None:
        """Make the wires, publish them (with some nodes as a rule wants them), and be Initialised."""
        for pcm in self.card.pcms:
            for stream in pcm.streams:
                self.wires[pcm.index, stream.index] = Wire(self.host, self.peer, stream)

        def write(view: StoreView) -> None:
            for (pcm, stream), wire in self.wires.items():
                for key, value in (format_transport(wire.transport) | overrides).items():
                    view.write(f"{self.path}/{pcm}/{stream}/{key}", value)

        self.host.store.transact(write)
        self.set_state("3")

    def drop(self) -> None:
        """Take all wires back."""
        wires, self.wires = self.wires, {}
        for wire in wires.values():
            wire.close()

    def leave(self) -> None:
        """Say goodbye and be as a guest that was never there."""
        with suppress(Broken):
            self.set_state("5")
            self.wait_for("2", "6")
        self.drop()
        self.set_state("6")
        self.set_state("1")
        self._watch.cancel()

    def wire(self, direction: Direction) -> Wire:
        """The first stream of that direction.  Raises NotTried when the card has none."""
        for wire in self.wires.values():
            if wire.config.direction is direction:
                return wire
        raise NotTried(f"the card has no {direction.name.lower()} stream")

    def playback(self) -> Wire:
        """The first playback stream of a card that is connected anew: nothing is left of what was tried before."""
        self.connect()
        return self.wire(Direction.PLAYBACK)

    def capture(self) -> Wire:
        """The first capture stream, likewise."""
        self.connect()
        return self.wire(Direction.CAPTURE)

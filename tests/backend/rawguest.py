"""A guest made of nothing but the wire, with the simulated machine and the backend that it talks to."""

from collections.abc import Callable, Mapping

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.pacing.choose import Pacing
from backend.patchbay import open_wanted
from compose.check import rawguest
from compose.check.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, PERIOD_FRAMES
from compose.toolstack import Attachment, attach
from hosts.sim.machine import SimHost, SimMachine
from ringproto.card import CardConfig, Direction, Limits, PcmConfig, StreamConfig
from ringproto.formats import Format
from ringproto.messages import HwParamResponse, Request, Response
from ringproto.trace import NoTrace

__all__ = ["BUFFER_FRAMES", "FRAME_OCTETS", "LIMITS", "MS", "PERIOD_FRAMES", "RawGuest", "card", "machine_with_backend"]

LIMITS = Limits(1, 8, (8000, 22050, 44100, 48000), (Format.S16_LE, Format.U8, Format.FLOAT_LE), 1 << 16)


def card(unique_id: str = "speaker", direction: Direction = Direction.PLAYBACK) -> CardConfig:
    """A card with one stream."""
    return CardConfig("raw", "raw", (PcmConfig(0, "raw", (StreamConfig(0, direction, unique_id, LIMITS),)),), LIMITS)


def machine_with_backend(
    options: Mapping[str, object] | None = None, pacing: Pacing = "irq"
) -> tuple[SimMachine, SimHost, Backend]:
    """A simulated machine whose Dom0 serves a virtual card called "speaker"."""
    machine = SimMachine()
    dom0 = machine.host(0)
    device = {"kind": "clocked", "period_frames": PERIOD_FRAMES, **(options or {})}
    config = BackendConfig({"speaker": device}, {"speaker": "speaker"}, pacing)
    return machine, dom0, Backend(dom0, config, open_wanted, NoTrace())


class RawGuest(rawguest.RawGuest):
    """Domain `domid` with one stream; a request is given 2 ms of virtual time."""

    host: SimHost

    def __init__(self, machine: SimMachine, dom0: SimHost, domid: int = 1, config: CardConfig | None = None) -> None:
        self.machine = machine
        super().__init__(machine.host(domid))
        attach(dom0.store, Attachment(domid, config or card()))

    def connect(self, limit_ns: int = 50 * MS) -> None:
        """Go through the handshake to Connected."""
        self.settle()
        assert self.backend_state == "2"
        self.publish()
        assert self.is_served(limit_ns)
        self.set_state("4")
        self.settle()

    def is_served(self, limit_ns: int = 50 * MS) -> bool:
        """Whether the backend connects: it takes its time to believe a guest that was here before."""
        return self._within(limit_ns, lambda: self.backend_state == "4")

    def settle(self, ns: int = 2 * MS) -> None:
        """Let time pass, and nothing of ours."""
        self._within(ns, lambda: False)

    def wait_for_events(self, count: int) -> bool:
        """Whether so many events have come, all together, within 50 ms."""
        return self._within(50 * MS, lambda: len(self.events) >= count)

    def ask(self, request: Request, limit_ns: int = 2 * MS) -> Response | HwParamResponse:
        """Send a request, let the backend serve it, and return the one response."""
        before = len(self.responses)
        self.send(request)
        self.settle(limit_ns)
        (answer,) = (response for response in self.responses[before:] if response.id == request.id)
        return answer

    def call(self, request: Request, limit_ns: int = 2 * MS) -> int:
        """The same; the status."""
        return self.ask(request, limit_ns).status

    def _within(self, limit_ns: int, happened: Callable[[], bool]) -> bool:
        return self.machine.run_until(happened, self.machine.timeline.now_ns + limit_ns)

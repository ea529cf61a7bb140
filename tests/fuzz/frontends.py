"""A fuzz target that is a backend out of its mind: what it writes, answers and tells may cost a guest its card only.

The guest's application must see a HostError or wait, nothing else; and a backend that is in its right mind again must
find a card that plays.
"""

from collections.abc import Callable
from contextlib import suppress
from errno import EBUSY, ENODEV

from compose.byhand import default_card
from compose.toolstack import Attachment, attach, remove
from frontend import Card, PcmParams, open_playback
from hosts.api import Channel, HostError, Mapping
from hosts.sim.machine import SimHost, SimMachine
from hosts.tasks import Future, sleep_until, spawn
from ringproto.abi import SLOT_OCTETS
from ringproto.card import parse_transport
from ringproto.errors import ProtocolError
from ringproto.formats import Format
from ringproto.messages import HwParamRequest, HwParamResponse, Response, pack_response, parse_request
from ringproto.rings import BackRing
from tests.fuzz.choices import Choices
from tests.fuzz.dom0 import quiet, sane_backend
from tests.fuzz.values import VALUES

GUEST = 1
MS = 1_000_000
STEPS_MAX = 60
BACKEND = f"/local/domain/0/backend/vsnd/{GUEST}/0"
FRONTEND = f"/local/domain/{GUEST}/device/vsnd/0"
KEYS = ("state", "0/0/type", "buffer-size", "backend-id", "backend", "0/0/sample-rates", "0")
ATTACHMENT = Attachment(GUEST, default_card())
PARAMS = PcmParams(48000, 2, Format.S16_LE, 480, 1920)


class MadBackend:
    """Dom0's end of the first stream, as far as it has connected."""

    def __init__(self, machine: SimMachine) -> None:
        self.machine = machine
        self.host: SimHost = machine.host(0)
        attach(self.host.store, ATTACHMENT)
        self.state("2")
        self.pages: list[Mapping] = []
        self.bells: list[Channel] = []
        self._ring: BackRing | None = None

    def state(self, text: str) -> None:
        """Say so."""
        self.host.store.write(f"{BACKEND}/state", text)

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def join(self) -> None:
        """Map and bind what the guest has published, and say so."""
        store = self.host.store
        names = ("ring-ref", "event-channel", "evt-ring-ref", "evt-event-channel")
        nodes = {name: store.read(f"{FRONTEND}/0/0/{name}") or "" for name in names}
        transport = parse_transport(nodes)
        self.pages = [self.host.map(GUEST, [ref]) for ref in (transport.ring_ref, transport.evt_ring_ref)]
        ports = (transport.event_channel, transport.evt_event_channel)
        self.bells = [self.host.bind_channel(GUEST, port) for port in ports]
        self._ring = BackRing(self.pages[0].pages[0], self.host.fence)
        self.state("4")

    def answer(self, status: int) -> None:
        """Answer all requests alike."""
        while self._ring is not None and (slot := self._ring.take()) is not None:
            request = parse_request(slot)
            if isinstance(request, HwParamRequest):
                self._ring.push(pack_response(HwParamResponse(request.id, status, request.params)))
            else:
                self._ring.push(pack_response(Response(request.id, slot[2], status)))
        self.push()

    def push(self, *slots: bytes) -> None:
        """Push responses of any kind, and ring."""
        if self._ring is not None:
            for slot in slots:
                self._ring.push(slot)
            self._ring.publish()
        for bell in self.bells:
            bell.notify()


def frontend(data: bytes) -> None:
    """A card whose backend does anything."""
    choices, machine = Choices(data), SimMachine()
    with quiet("vsnd.frontend") as watcher:
        mad = MadBackend(machine)
        card = Card(machine.host(GUEST))
        mad.settle(5 * MS)
        playing = _join(mad, card)
        for _ in range(STEPS_MAX):
            if not choices.left:
                break
            with suppress(HostError, ProtocolError, AssertionError):  # of the backend's own making
                _misbehave(choices, mad)
            mad.settle(MS if choices.below(4) else choices.number() * 50 * MS)
        if playing is not None and playing.done:
            with suppress(HostError):
                playing.result()
        watcher.check()
        _come_to_reason(mad, card)


def _join(mad: MadBackend, card: Card) -> Future[None] | None:
    """Connect, and begin to play; None when that went wrong, as it may."""
    mad.join()
    mad.settle(5 * MS)
    return spawn(_play(card))


async def _play(card: Card) -> None:
    pcm = open_playback(card, PARAMS)
    await pcm.aopen()
    while True:
        await pcm.awrite(bytes(480 * PARAMS.frame_octets))


def _misbehave(choices: Choices, mad: MadBackend) -> None:
    kinds: tuple[Callable[[], None], ...] = (
        lambda: mad.answer(0),
        lambda: mad.answer(-choices.number()),
        lambda: mad.push(choices.take(choices.below(SLOT_OCTETS + 1)).ljust(SLOT_OCTETS, b"\0")),
        lambda: _scribble(choices, mad),
        lambda: mad.state(VALUES[choices.below(len(VALUES))]),
        lambda: mad.host.store.write(_node(choices), choices.piece().decode("latin-1")),
        lambda: mad.host.store.remove(_node(choices)),
        mad.join,
    )
    kinds[choices.below(len(kinds))]()


def _node(choices: Choices) -> str:
    return f"{FRONTEND}/{KEYS[choices.below(len(KEYS))]}"


def _scribble(choices: Choices, mad: MadBackend) -> None:
    octets = choices.piece()
    at = choices.below(4096 - len(octets))
    mad.pages[choices.below(2)].pages[0][at : at + len(octets)] = octets
    mad.push()


def _come_to_reason(mad: MadBackend, card: Card) -> None:
    """A card given anew by the toolstack, and a backend that serves it: the card connects and plays."""
    machine = mad.machine
    remove(mad.host.store, ATTACHMENT)
    mad.settle(20 * MS)
    attach(mad.host.store, ATTACHMENT)
    backend = sane_backend(mad.host)
    playing = spawn(_play_a_little(card))
    machine.run_until(lambda: playing.done, machine.timeline.now_ns + 15_000 * MS)
    assert playing.done
    playing.result()
    backend.close()


async def _play_a_little(card: Card) -> None:
    while True:
        try:
            await card.connected()
            pcm = open_playback(card, PARAMS)
            await pcm.aopen()
            await pcm.awrite(bytes(4000 * PARAMS.frame_octets))
            await pcm.adrain()
            return await pcm.aclose()
        except HostError as error:  # it was closing still
            if error.errno not in (ENODEV, EBUSY):
                raise
            await sleep_until(card.host.loop, card.host.loop.now_ns() + 100 * MS)

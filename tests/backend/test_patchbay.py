"""From a guest's text to a device of the operator's, and never further."""

import logging
from errno import EBUSY, ENODEV

import pytest

from backend.config import BackendConfig
from backend.devices.api import AudioDevice, DeviceError
from backend.input import Input
from backend.jack import Jack, Place
from backend.output import Output
from backend.pacing.irq import IrqSource
from backend.pacing.timer import TimerSource
from backend.patchbay import RETRY_NS, Patchbay, Wanted, open_wanted
from hosts.api import Loop
from hosts.complaints import Complaints
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
from ringproto.trace import NoTrace

CONFIG = BackendConfig(
    {
        "speaker": {"kind": "clocked", "period_frames": 240},
        "hall": {"kind": "clocked", "sharing": "exclusive"},
        "server": {"kind": "clocked", "sharing": "per-guest"},
    },
    {"play": "speaker", "alsa<hw:0;0>": "speaker", "far": "hall", "own": "server"},
)
PLAY, RECORD = Direction.PLAYBACK, Direction.CAPTURE


class Operator:
    """Opens devices and takes note of what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Wanted] = []
        self.fails = False

    def open(self, wanted: Wanted, loop: Loop) -> AudioDevice:
        self.asked.append(wanted)
        if self.fails:
            raise DeviceError(ENODEV, "unplugged")
        return open_wanted(wanted, loop)


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def loop() -> Loop:
    return SimMachine().host(0).loop


@pytest.fixture
def patchbay(operator: Operator, loop: Loop) -> Patchbay:
    return make(operator, loop)


def make(operator: Operator, loop: Loop, config: BackendConfig = CONFIG) -> Patchbay:
    complaints = Complaints(loop, logging.getLogger("vsnd.backend"))
    return Patchbay(config, loop, operator.open, complaints, lambda domid: f"guest-{domid}", NoTrace())


def plugged(patchbay: Patchbay, unique_id: str, domid: int, direction: Direction = PLAY) -> Jack:
    jack = patchbay.jack(unique_id, direction, domid)
    assert jack is not None
    return jack


def test_a_device_is_opened_when_first_asked_for_and_then_shared(patchbay: Patchbay, operator: Operator) -> None:
    jacks = [plugged(patchbay, unique_id, domid) for domid, unique_id in enumerate(("play", "play", "alsa<hw:0;0>"))]
    assert operator.asked == []
    assert len({jack.port() for jack in jacks}) == 1
    assert operator.asked == [Wanted(Place("speaker", PLAY), "clocked", {"period_frames": 240}, "vsnd speaker")]
    assert CONFIG.devices["speaker"]["kind"] == "clocked", "the configuration is not used up"


def test_each_direction_is_a_device_of_its_own(patchbay: Patchbay) -> None:
    assert isinstance(plugged(patchbay, "play", 1).port(), Output)
    assert isinstance(plugged(patchbay, "play", 1, RECORD).port(), Input)
    assert len(patchbay.ports) == 2


@pytest.mark.parametrize(
    "unique_id",
    ["", "speaker", "PLAY", "play ", "hw:0,0", "tee:x,file,y", "file:/x", "|cmd", "../play", "a\0b", "é" * 9],
)
def test_only_a_key_of_the_table_leads_anywhere(
    patchbay: Patchbay, operator: Operator, unique_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert patchbay.jack(unique_id, PLAY, 4) is None
    assert operator.asked == []
    assert len(caplog.records) == 1
    assert "domain 4" in caplog.text


def test_the_log_shows_a_bounded_and_harmless_part_of_the_guests_text(
    patchbay: Patchbay, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        patchbay.jack("\x1b[31m\nroot: all is well\n" + "x" * 2000, PLAY, 1)
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) < 200


def test_a_device_that_cannot_be_opened_is_said_and_tried_again_after_a_second(
    patchbay: Patchbay, operator: Operator, loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    operator.fails = True
    jack = plugged(patchbay, "play", 1)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            with pytest.raises(DeviceError, match="unplugged"):
                jack.port()
        assert len(operator.asked) == 1, "a guest cannot have us try all the time"
        assert caplog.messages == ["domain 1: device speaker cannot be opened: unplugged"]
        operator.fails = False
        loop.run_until(lambda: False, loop.now_ns() + RETRY_NS)
        assert jack.port() is jack.port()
    assert caplog.messages[1:] == ["device speaker is back"]


def test_a_device_that_was_lost_is_opened_anew(patchbay: Patchbay, operator: Operator) -> None:
    jack = plugged(patchbay, "play", 1)
    lost = jack.port()
    lost.failed = True
    port = jack.port()
    assert port is not lost
    assert not port.failed
    assert list(patchbay.ports.values()) == [port]
    with pytest.raises(DeviceError):
        lost.device.position(0)


def test_an_exclusive_device_is_one_guests_at_a_time(patchbay: Patchbay) -> None:
    mine, too, other = (plugged(patchbay, "far", domid) for domid in (1, 1, 2))
    mine.hold()
    mine.hold()
    too.hold()
    other.port()  # what it can do may be asked by all
    for jack in (mine, too):
        with pytest.raises(DeviceError) as refused:
            other.hold()
        assert refused.value.errno == EBUSY
        jack.let_go()
        jack.let_go()
    other.hold()
    with pytest.raises(DeviceError):
        mine.hold()
    other.close()
    mine.hold()


def test_the_directions_of_an_exclusive_device_are_held_apart(patchbay: Patchbay) -> None:
    plugged(patchbay, "far", 1).hold()
    plugged(patchbay, "far", 2, RECORD).hold()


def test_a_device_per_guest_is_opened_in_its_name_and_closed_when_it_leaves(
    patchbay: Patchbay, operator: Operator
) -> None:
    first, second, other = (plugged(patchbay, "own", domid) for domid in (1, 1, 2))
    assert first.hold() is second.hold()
    port = other.hold()
    assert port is not first.port()
    assert [(wanted.place.domid, wanted.user) for wanted in operator.asked] == [(1, "guest-1"), (2, "guest-2")]
    assert [place.label for place in patchbay.ports] == ["server of domain 1", "server of domain 2"]
    first.close()
    assert len(patchbay.ports) == 2, "its other stream is still there"
    second.close()
    assert list(patchbay.ports.values()) == [port]
    other.close()
    assert patchbay.ports == {}
    with pytest.raises(DeviceError):
        port.device.position(0)


def test_a_shared_device_stays_open_when_guests_leave(patchbay: Patchbay) -> None:
    jack = plugged(patchbay, "play", 1)
    port = jack.port()
    jack.close()
    assert plugged(patchbay, "play", 2).port() is port


@pytest.mark.parametrize(("pacing", "kind"), [("irq", IrqSource), ("timer", TimerSource)])
def test_the_pacing_is_the_operators(operator: Operator, loop: Loop, pacing: str, kind: type[object]) -> None:
    config = BackendConfig(CONFIG.devices, CONFIG.streams, "timer" if pacing == "timer" else "irq")
    port = plugged(make(operator, loop, config), "play", 1).port()
    assert isinstance(port._pacing, kind)


def test_closing_gives_every_device_back(patchbay: Patchbay) -> None:
    ports = [plugged(patchbay, "play", 1, way).port() for way in Direction]
    patchbay.close()
    assert patchbay.ports == {}
    for port in ports:
        with pytest.raises(DeviceError):
            port.device.position(0)

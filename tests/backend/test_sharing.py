"""Who may play on a device is the operator's choice, and the guest is told with its OPEN."""

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.devices.api import AudioDevice
from backend.patchbay import Wanted, open_wanted
from hosts.api import Loop
from hosts.sim.machine import SimMachine
from ringproto.errors import Errno
from ringproto.formats import Format
from ringproto.messages import CloseRequest, OpenRequest
from ringproto.trace import NoTrace
from tests.backend.rawguest import RawGuest


class Scene:
    """A machine with one device that is shared in some way, and two guests."""

    def __init__(self, sharing: str) -> None:
        self.opened: list[Wanted] = []
        machine = SimMachine()
        dom0 = machine.host(0)
        config = BackendConfig({"speaker": {"kind": "clocked", "sharing": sharing}}, {"speaker": "speaker"})
        self.backend = Backend(dom0, config, self._open, NoTrace())
        dom0.store.write("/local/domain/1/name", "navigation")
        dom0.store.write("/local/domain/2/name", "evil\x1b[2J")
        self.guests = [RawGuest(machine, dom0, domid) for domid in (1, 2)]
        for guest in self.guests:
            guest.connect()

    def _open(self, wanted: Wanted, loop: Loop) -> AudioDevice:
        self.opened.append(wanted)
        return open_wanted(wanted, loop)


def test_the_second_guest_of_an_exclusive_device_is_told_that_it_is_busy() -> None:
    first, second = Scene("exclusive").guests
    assert first.open() == 0
    assert second.open() == -Errno.EBUSY
    assert first.open() == 0, "its own again"
    assert first.call(CloseRequest(first.next_id())) == 0
    assert second.open() == 0
    assert first.open() == -Errno.EBUSY


def test_a_guest_that_leaves_gives_an_exclusive_device_back() -> None:
    first, second = Scene("exclusive").guests
    assert first.open() == 0
    first.set_state("5")
    first.settle(100_000_000)
    assert second.open() == 0


def test_a_refused_open_holds_nothing() -> None:
    first, second = Scene("exclusive").guests
    nowhere = OpenRequest(first.next_id(), 48000, Format.S16_LE, 2, 7680, 999_999, 1920)
    assert first.call(nowhere) == -Errno.EFAULT
    assert second.open() == 0


def test_a_device_per_guest_bears_the_guests_name_if_it_can_be_shown() -> None:
    scene = Scene("per-guest")
    assert [wanted.user for wanted in scene.opened] == ["navigation", "domain 2"]
    assert len(scene.backend.patchbay.ports) == 2
    scene.guests[0].set_state("5")
    scene.guests[0].settle(100_000_000)
    assert [place.domid for place in scene.backend.patchbay.ports] == [2]

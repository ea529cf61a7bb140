"""A machine to recover in: its backend comes and goes, its toolstack gives and takes."""

from collections.abc import Callable

from backend.daemon import Backend
from backend.patchbay import open_wanted
from compose.toolstack import Attachment
from ringproto.abi import Trigger
from ringproto.trace import NoTrace
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest, card, machine_with_backend

SECOND = 1000 * MS
ATTACHMENT = Attachment(1, card())


class Scene:
    """A machine whose backend can be stopped, killed and started, and whose toolstack can be called upon."""

    def __init__(self) -> None:
        self.machine, self.dom0, self.backend = machine_with_backend()

    def start_backend(self) -> None:
        self.backend = Backend(self.dom0, self.backend.config, open_wanted, NoTrace())

    def stop_backend(self) -> None:
        self.backend.close()

    def kill_backend(self) -> None:
        """As by kill -9: it writes nothing more, and nothing of it is left but what stands in the store."""
        self.machine.kill(0)
        self.dom0 = self.machine.host(0)

    def pass_ns(self, ns: int) -> None:
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def within(self, limit_ns: int, happened: Callable[[], bool]) -> bool:
        return self.machine.run_until(happened, self.machine.timeline.now_ns + limit_ns)


def plays(guest: RawGuest) -> None:
    """Have it play: its stream is open, full and running."""
    assert guest.open() == 0
    assert guest.call(guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    assert guest.trigger(Trigger.START) == 0

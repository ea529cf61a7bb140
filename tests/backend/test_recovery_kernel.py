"""The kernel's frontend and our backend find each other again, whatever happens to either, and whenever."""

from random import Random

import pytest

from compose.toolstack import attach, detach, remove
from hosts.tasks import spawn
from tests.backend.kernelguest import KernelGuest
from tests.backend.rawguest import MS
from tests.backend.scene import ATTACHMENT, SECOND, Scene


class Kernel:
    """A scene with the kernel's frontend, which hears of every single write, and a hand that meddles."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.scene = Scene()
        attach(self.scene.dom0.store, ATTACHMENT)
        self.guest = KernelGuest(self.scene.machine, 1, self.random, self.random.choice((MS, 3 * MS, 8 * MS)))
        self._tell_of_writes()
        self.guest.load()

    def _tell_of_writes(self) -> None:
        """Xenstored fires an event for each write; the simulated store merges those on their way."""
        store = self.scene.dom0.store
        write = store.write

        def spy(path: str, value: str) -> None:
            write(path, value)
            if path == "backend/vsnd/1/0/state":
                self.guest.on_event()

        store.write = spy  # type: ignore[method-assign]

    def restart_backend(self) -> None:
        self.scene.stop_backend()
        self.scene.pass_ns(self.random.choice((0, MS, 50 * MS)))
        self.scene.start_backend()

    def kill_backend(self) -> None:
        self.scene.kill_backend()
        self._tell_of_writes()
        self.scene.pass_ns(self.random.choice((0, MS, 50 * MS)))
        self.scene.start_backend()

    def reload_module(self) -> None:
        unloaded = spawn(self.guest.unload())
        self.scene.within(2 * SECOND, lambda: unloaded.done)
        assert unloaded.result(), "the kernel's module waits a second for the backend to be in InitWait"
        self.guest.load()

    def reattach(self) -> None:
        store = self.scene.dom0.store
        detach(store, ATTACHMENT)
        assert self.scene.within(MS, lambda: self.guest.read_backend() == "6")
        remove(store, ATTACHMENT)
        self.guest.vanish()
        attach(store, ATTACHMENT)
        self.guest.load()

    def fail(self) -> None:
        """Something breaks in the backend while it serves the guest."""
        for session in self.scene.backend.sessions.values():
            session._on_fault(AssertionError("what we believed was wrong"))

    def settles(self) -> bool:
        """Whether card and backend are connected, over the ring that the driver has, within some seconds."""
        for _ in range(50):
            self.scene.pass_ns(100 * MS)
            if self.guest.is_connected:
                return self.guest.is_answered()
        return False


ACTIONS = ("restart_backend", "kill_backend", "reload_module", "reattach", "fail")


@pytest.mark.parametrize("action", ACTIONS)
def test_kernel_frontend_comes_back_after(action: str) -> None:
    kernel = Kernel(1)
    assert kernel.settles()
    getattr(kernel, action)()
    assert kernel.settles()


@pytest.mark.parametrize("seed", range(60))
def test_kernel_frontend_comes_back_whatever_happens_to_it_and_whenever(seed: int) -> None:
    kernel = Kernel(seed)
    for _ in range(kernel.random.randrange(1, 6)):
        kernel.scene.pass_ns(kernel.random.choice((0, MS, 5 * MS, 20 * MS, 60 * MS, SECOND)))
        getattr(kernel, kernel.random.choice(ACTIONS))()
    assert kernel.settles(), f"seed {seed}"


def test_kernel_frontend_that_publishes_for_every_event_is_not_believed_too_early() -> None:
    again = 0
    for seed in range(20):
        kernel = Kernel(seed)
        assert kernel.settles()
        before = kernel.guest.publications
        kernel.kill_backend()
        assert kernel.settles()
        again += kernel.guest.publications > before + 1
    assert again > 2, "or there is nothing to be tested here"

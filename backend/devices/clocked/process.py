"""A card in a process of its own, seen from its driver: shared memory, two eventfds, and a line that it lives on."""

import os
import subprocess
import sys
from errno import EIO, ENODEV
from mmap import mmap
from select import POLLIN, poll

import msgspec

from backend.devices.api import DeviceError
from backend.devices.clocked.launch import READY, Launch
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Registers, memory_octets
from hosts.api import Handle, Loop, OnTime
from hosts.process import unpinned
from ringproto.card import Direction

OPEN_LIMIT_MS = 20_000
"""A card's process starts in a fifth of a second; on a machine in trouble much later."""
CLOSE_LIMIT_S = 10
"""Its files may be on a slow disk."""


class ProcessBus:
    """The way to a card in another process.  Raises DeviceError with what that process says is wrong."""

    kind = "process"

    def __init__(self, options: ClockedOptions, direction: Direction, loop: Loop) -> None:
        octets = memory_octets(options)
        memory_fd = os.memfd_create("vsnd-card")
        os.ftruncate(memory_fd, octets)
        self._mapping = mmap(memory_fd, octets)
        self.memory = memoryview(self._mapping)
        registers = Registers(self.memory)
        registers.identify(options)
        registers.release()
        self._doorbell_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._interrupt_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        launch = Launch(options, direction.value, memory_fd, self._doorbell_fd, self._interrupt_fd)
        self._process = _spawn(launch)
        os.close(memory_fd)
        self.alive = True
        self._closed = False
        self._death: Handle | None = None
        self._listeners: list[_Listener] = []
        try:
            self._wait_until_ready()
        except DeviceError:
            self.close()
            raise
        self._death = loop.watch_fd(self._output_fd, self._on_output)

    @property
    def pid(self) -> int:
        """The card's process."""
        return self._process.pid

    @property
    def _output_fd(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _wait_until_ready(self) -> None:
        waiter = poll()
        waiter.register(self._output_fd, POLLIN)
        if not waiter.poll(OPEN_LIMIT_MS):
            raise DeviceError(EIO, f"the virtual card was not ready within {OPEN_LIMIT_MS} ms")
        answer = os.read(self._output_fd, 4096)
        if answer != READY:
            raise DeviceError(EIO, answer.decode(errors="replace").strip() or "the virtual card's process failed")

    def ring_doorbell(self) -> None:
        """Have the card read its registers."""
        os.eventfd_write(self._doorbell_fd, 1)

    def listen(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` at each interrupt (merged ones once), and once when the card is lost."""
        listener = _Listener(loop, self._interrupt_fd, callback)
        self._listeners.append(listener)
        return listener

    def _on_output(self, _now_ns: int) -> None:
        self.alive = False  # it says nothing more, so this is its end
        os.eventfd_write(self._interrupt_fd, 1)  # so that whoever waits for it looks, and learns
        self._forget()

    def _forget(self) -> None:
        if self._death is not None:
            self._death.cancel()
            self._death = None

    def close(self) -> None:
        """End the process and wait until its files are closed.  Harmless twice."""
        if self._closed:
            return
        self._closed, self.alive = True, False
        self._forget()
        for listener in self._listeners:
            listener.cancel()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(CLOSE_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        os.close(self._doorbell_fd)
        os.close(self._interrupt_fd)
        self.memory.release()
        self._mapping.close()


class _Listener:
    """A place on the interrupt line: a descriptor of its own, since a loop watches each only once."""

    def __init__(self, loop: Loop, interrupt_fd: int, callback: OnTime) -> None:
        self._fd: int | None = os.dup(interrupt_fd)
        self._watch = loop.watch_fd(self._fd, callback)

    def cancel(self) -> None:
        """Leave the line.  Harmless twice."""
        if self._fd is not None:
            self._watch.cancel()
            os.close(self._fd)
            self._fd = None


def _spawn(launch: Launch) -> subprocess.Popen[bytes]:
    argument = msgspec.json.encode(launch).decode()
    try:
        with unpinned():
            return subprocess.Popen(  # noqa: S603  # our own program and our own options
                [sys.executable, "-m", "backend.devices.clocked", argument],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(launch.memory_fd, launch.doorbell_fd, launch.interrupt_fd),
            )
    except OSError as error:
        raise DeviceError(ENODEV, f"cannot start the virtual card's process: {error}") from error

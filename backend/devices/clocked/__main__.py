"""The virtual card's own process: `python -m backend.devices.clocked '<Launch as JSON>'`; started by its driver."""

import logging
import os
import signal
import sys
from mmap import mmap
from types import FrameType

import msgspec

from backend.devices.api import DeviceError
from backend.devices.clocked.hardware import Hardware
from backend.devices.clocked.launch import READY, Launch
from backend.devices.clocked.registers import memory_octets
from hosts.api import Loop
from hosts.collector import silence_collector
from hosts.fifo import fifo_priority, take_fifo
from hosts.loop import RealLoop
from ringproto.card import Direction

LIFE_FD, OUTPUT_FD = 0, 1

log = logging.getLogger("vsnd")


class _End:
    """Whether it is time to close the files and go: a signal came, or the driver's end of the line is closed."""

    def __init__(self) -> None:
        self.come = False
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def watch(self, loop: Loop) -> None:
        """Watch the line that we live on; nothing is ever written to it."""
        loop.watch_fd(LIFE_FD, self._on_hangup)

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self.come = True

    def _on_hangup(self, _now_ns: int) -> None:
        self.come = True


def run(launch: Launch) -> None:
    """Be the card until the end comes.  Raises DeviceError when a file cannot be opened."""
    end = _End()
    octets = memory_octets(launch.options)
    memory = memoryview(mmap(launch.memory_fd, octets))
    loop = RealLoop()

    def raise_interrupt(_now_ns: int) -> None:
        os.eventfd_write(launch.interrupt_fd, 1)

    hardware = Hardware(launch.options, Direction(launch.direction), loop, memory, raise_interrupt)
    try:
        loop.watch_fd(launch.doorbell_fd, hardware.on_doorbell)
        end.watch(loop)
        silence_collector()  # no pause in the middle of a burst: nothing here makes cycles
        _stand_above(os.getppid())
        os.write(OUTPUT_FD, READY)
        loop.run_until(lambda: end.come)
    finally:
        hardware.close(loop.now_ns())
        loop.close()


def _stand_above(driver: int) -> None:
    """Where the driver runs before others, run before the driver, or beside it: hardware waits for no program."""
    priority = fifo_priority(driver)
    if not priority:
        return
    try:
        take_fifo(priority + 1)
    except OSError:  # that may be above our limit
        try:
            take_fifo(priority)
        except OSError as error:
            log.warning("virtual card: SCHED_FIFO refused: %s", error.strerror)


def main() -> None:
    """Decode the one argument and run."""
    try:
        run(msgspec.json.decode(sys.argv[1], type=Launch))
    except DeviceError as error:
        os.write(OUTPUT_FD, f"{error.strerror}\n".encode())
        sys.exit(1)


main()

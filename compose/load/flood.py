"""A guest that floods the backend: `python -m compose.load.flood PLAN REPORT`, until told to end.

It keeps its ring full of questions that any frontend may ask (HW_PARAM_QUERY), and rings all the time, also for
nothing.  No rule of the wire forbids it.  It opens no stream: what it takes is the backend's time, and nobody's sound.
Nor does it take processors from others, which is another load's part: its niceness leaves them to whoever wants them.
"""

import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from compose.check.rawguest import RawGuest
from compose.load.spec import LoadReport
from hosts.api import Host
from hosts.emu.client import EmuHost
from hosts.loop import RealLoop
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import HwParamRequest, pack_request

NICENESS = 10

_ALL = Interval(0, (1 << 32) - 1)
QUESTION = pack_request(HwParamRequest(1, HwParams((1 << 64) - 1, _ALL, _ALL, _ALL, _ALL)))


class Plan(msgspec.Struct, frozen=True):
    """Who it is, and where."""

    machine: str
    domid: int
    rings: int


class Flooder(RawGuest):
    """The guest."""

    def __init__(self, host: Host, rings: int) -> None:
        super().__init__(host)
        self.answered = 0
        self._rings = rings

    def pour(self) -> None:
        """Take what was answered, ask as much as there is room for, and ring."""
        self.read_responses()
        for _ in range(self.ring.free):
            self.ring.push(QUESTION)
        self.ring.publish()
        for _ in range(self._rings):
            self.doorbell.notify()

    def read_responses(self, now_ns: int = 0) -> None:
        """Count what the ring holds; what it says does not matter."""
        while self.ring.take() is not None:
            self.answered += 1


def main() -> None:
    """Flood."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(0))
    os.nice(NICENESS)
    host = EmuHost(Path(plan.machine), plan.domid, RealLoop())
    guest = Flooder(host, plan.rings)
    guest.connect()
    before_ns = time.process_time_ns()
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world
    try:
        while True:
            guest.pour()
    finally:
        report = LoadReport((time.process_time_ns() - before_ns) / 1e9, guest.answered)
        Path(sys.argv[2]).write_bytes(msgspec.json.encode(report))
        guest.close()
        host.close()


if __name__ == "__main__":
    main()

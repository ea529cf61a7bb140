"""What it costs a backend to show itself: a snapshot of sixteen playing guests, and what telling a period takes more.

A snapshot is taken twice a second; the rest of the time nothing of it runs but a counter for each period told.
"""

import json
import time

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.live.lateness import LatenessCounter
from backend.live.layout import BODY_OCTETS_MAX, pack_snapshot
from backend.live.sample import Sampler
from backend.live.slots import MEMORY_OCTETS, SlotWriter
from backend.patchbay import open_wanted
from compose.guest import Guest
from compose.plan import attachment
from compose.scenario import RECORDINGS, GuestSpec
from compose.toolstack import attach
from hosts.sim.machine import SimMachine
from hosts.tasks import spawn
from ringproto.trace import NoTrace
from tests.bench.scenarios import music

GUESTS = 16
SNAPSHOTS = 200
TELLINGS = 1_000_000


async def _play(guest: Guest) -> None:
    await guest.connect()
    await guest.run(60.0)


def snapshot_us() -> float:
    """Taking, packing and writing one."""
    machine = SimMachine(1)
    dom0 = machine.host(0)
    config = BackendConfig({"speaker": {"kind": "clocked", "buffer_frames": 3840}}, {"speaker": "speaker"})
    backend = Backend(dom0, config, open_wanted, NoTrace())
    for domid in range(1, GUESTS + 1):
        spec = GuestSpec(id=domid, streams=[music()])
        attach(dom0.store, attachment(spec))
        spawn(_play(Guest(machine.host(domid), spec, RECORDINGS, RECORDINGS, NoTrace())))
    sampler, body = Sampler(backend, 0), bytearray(BODY_OCTETS_MAX)
    slots = SlotWriter(memoryview(bytearray(MEMORY_OCTETS)))
    spent_ns = 0
    for step in range(1, SNAPSHOTS + 10):
        machine.run_until(lambda: False, 1_000_000_000 + step * 20_000_000)
        began_ns = time.perf_counter_ns()
        octets = pack_snapshot(sampler.take(machine.timeline.now_ns), body)
        slots.write(memoryview(body)[:octets])
        spent_ns += (time.perf_counter_ns() - began_ns) * (step >= 10)
    backend.close()
    return spent_ns / 1000 / SNAPSHOTS


def telling_ns() -> float:
    """One `note`, with the loop that calls it."""
    note = LatenessCounter(48000).note
    began_ns = time.perf_counter_ns()
    for _ in range(TELLINGS):
        note(53, 0, 480)
    return (time.perf_counter_ns() - began_ns) / TELLINGS


def measure() -> dict[str, float]:
    """live_snapshot_us, live_telling_ns."""
    return {"live_snapshot_us": snapshot_us(), "live_telling_ns": telling_ns()}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

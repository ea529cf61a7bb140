"""Whether a backend's memory grows: ten minutes of audio from four guests, with Python's cycle collector off.

In simulated time, frontend, backend and card in one process, so all of them are held to it.  The first minute is left
out: buffers and caches find their size there.
"""

import gc
import json
from pathlib import Path

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.patchbay import open_wanted
from compose.guest import Guest
from compose.plan import attachment
from compose.scenario import RECORDINGS, GuestSpec
from compose.toolstack import attach
from hosts.sim.machine import SimMachine
from hosts.tasks import spawn
from ringproto.trace import NoTrace
from tests.bench.scenarios import music

GUESTS = 4
SECONDS = 600.0
WARM_UP_S = 60.0
STATUS = Path("/proc/self/status")


def rss_kib() -> int:
    """Resident memory of this process now."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def measure() -> dict[str, float]:
    """rss_growth_kib between the first minute and the tenth."""
    machine = SimMachine(1)
    dom0 = machine.host(0)
    config = BackendConfig({"speaker": {"kind": "clocked", "buffer_frames": 3840}}, {"speaker": "speaker"})
    backend = Backend(dom0, config, open_wanted, NoTrace())
    lives = []
    for domid in range(1, GUESTS + 1):
        spec = GuestSpec(id=domid, streams=[music(44100 if domid == 1 else 48000)])
        attach(dom0.store, attachment(spec))
        guest = Guest(machine.host(domid), spec, RECORDINGS, RECORDINGS, NoTrace())
        lives.append(spawn(_play(guest)))
    gc.collect()
    gc.freeze()
    gc.disable()
    machine.run_until(lambda: False, int(WARM_UP_S * 1e9))
    before_kib = rss_kib()
    machine.run_until(lambda: False, int(SECONDS * 1e9))
    after_kib = rss_kib()
    gc.enable()
    assert not any(life.done for life in lives), "a guest ended early"
    backend.close()
    return {"rss_growth_kib": after_kib - before_kib}


async def _play(guest: Guest) -> None:
    await guest.connect()
    await guest.run(2 * SECONDS)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

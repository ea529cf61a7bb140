"""Inside a container of a host: `python -m compose.fleet.telltime` answers each line on stdin with the time there.

    MONOTONIC_NS WALL_NS BOOT

CLOCK_MONOTONIC is that of traces, and counts from the machine's boot, whose id tells machines apart.
"""

import signal
import sys
import time
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(0))  # of process 1 it would be ignored
    boot = BOOT_ID.read_text().strip()
    print("ready", flush=True)  # noqa: T201  # stdout is the line to who asks
    for _ in sys.stdin:
        print(time.monotonic_ns(), time.time_ns(), boot, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

"""The machine a run ran on, as far as it explains lateness."""

import os
import platform
from pathlib import Path

from backend.latency.facts import Machine

CLOCKSOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
CPUINFO = Path("/proc/cpuinfo")
UNKNOWN = "unknown"


def this_machine() -> Machine:
    """Facts of this machine, and the scheduling class of the calling process."""
    return Machine(
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        cpu_model=cpu_model(_text(CPUINFO)) or platform.machine(),
        cpu_count=os.cpu_count() or 1,
        clocksource=_text(CLOCKSOURCE).strip() or UNKNOWN,
        scheduling=_scheduling(),
    )


def cpu_model(cpuinfo: str) -> str:
    """The first processor's model in the text of /proc/cpuinfo; empty where it has none (Arm)."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return ""


def _scheduling() -> str:
    names = {
        os.SCHED_OTHER: "SCHED_OTHER",
        os.SCHED_BATCH: "SCHED_BATCH",
        os.SCHED_IDLE: "SCHED_IDLE",
        os.SCHED_FIFO: "SCHED_FIFO",
        os.SCHED_RR: "SCHED_RR",
    }
    policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    priority = os.sched_getparam(0).sched_priority
    return f"{names.get(policy, policy)} {priority}" if priority else str(names.get(policy, policy))


def _text(path: Path) -> str:
    """The file's text; empty where this kernel has no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""

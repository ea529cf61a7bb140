"""What time is measured with, and who may come between: worth knowing beside every figure of lateness."""

from collections.abc import Iterator

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine

TIMING = Area("timing", "measuring lateness")
CLOCKSOURCES = "/sys/devices/system/clocksource/clocksource0"
SLOW_CLOCKS = ("acpi_pm", "hpet", "jiffies", "pit", "refined-jiffies")
"""A microsecond or more for each look, or milliseconds coarse."""
SLACK_NS = 50_000
"""The kernel's default: how late it may be with a sleep (not with a timerfd), so that wake-ups coincide."""


def timing(machine: Machine) -> Iterator[Finding]:
    """The clock, the slack of timers, and what we run in."""
    yield _clock(machine)
    yield _slack(machine)
    yield _hypervisor(machine)
    yield _container(machine)


def _clock(machine: Machine) -> Finding:
    current = machine.text(f"{CLOCKSOURCES}/current_clocksource")
    if not current:
        return TIMING.note("clock", "the kernel does not say which clock it uses")
    if current not in SLOW_CLOCKS:
        return TIMING.good("clock", current)
    others = machine.text(f"{CLOCKSOURCES}/available_clocksource").split()
    better = next((name for name in others if name not in SLOW_CLOCKS), "")
    mend = (
        f"echo {better} | sudo tee {CLOCKSOURCES}/current_clocksource" if better else "sudo dmesg | grep -i clocksource"
    )
    return TIMING.bad("clock", f"{current} is slow or coarse", mend)


def _slack(machine: Machine) -> Finding:
    slack = machine.text("/proc/self/timerslack_ns")
    if not slack.isdigit():
        return TIMING.note("timer slack", "the kernel does not say")
    if int(slack) > SLACK_NS:
        mend = f"echo {SLACK_NS} >/proc/$$/timerslack_ns  # in the shell that starts vsnd"
        return TIMING.bad("timer slack", f"{int(slack) // 1000} us, inherited: sleeps end that late", mend)
    return TIMING.good("timer slack", f"{int(slack) // 1000} us")


def _hypervisor(machine: Machine) -> Finding:
    kind = machine.text("/sys/hypervisor/type") or machine.text("/sys/class/dmi/id/product_name")
    flags = machine.text("/proc/cpuinfo").partition("\nflags")[2].partition("\n")[0].split()
    if "hypervisor" in flags or machine.has("/sys/hypervisor/type"):
        text = f"in one{f' ({kind})' if kind else ''}: interrupts and timers come late when its host is busy"
        return TIMING.note("virtual machine", text)
    if not flags:
        return TIMING.note("virtual machine", "this processor does not say")
    return TIMING.good("virtual machine", "in none")


def _container(machine: Machine) -> Finding:
    if machine.in_container:
        return TIMING.note("container", "in one: its limits on processors count, too")
    return TIMING.good("container", "in none")

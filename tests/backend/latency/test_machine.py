"""backend.latency.machine: facts of this machine."""

import os
import platform

from backend.latency.machine import cpu_model, this_machine


def test_this_machine_is_described() -> None:
    machine = this_machine()
    assert platform.release() in machine.kernel
    assert platform.python_version() in machine.python
    assert machine.cpu_count == os.cpu_count()
    assert machine.scheduling.startswith("SCHED_")
    assert machine.clocksource
    assert machine.cpu_model


def test_the_first_processor_names_the_model() -> None:
    assert cpu_model("processor\t: 0\nmodel name\t: Fast: 2 GHz\nmodel name\t: Other\n") == "Fast: 2 GHz"
    assert cpu_model("processor\t: 0\nBogoMIPS\t: 50\n") == ""

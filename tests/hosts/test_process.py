"""A child of ours does not outlive us, however we end."""

import signal
import subprocess
import sys

import pytest

PARENT = """
import subprocess, sys, time
from hosts.process import die_with_parent
child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(100)"],
                         preexec_fn=die_with_parent)
time.sleep(100)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_when_its_parent_is_killed(how: signal.Signals) -> None:
    """The pipe that parent and child write to ends once both have."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    parent.send_signal(how)
    rest, _ = parent.communicate(timeout=10)
    assert rest == b""
    assert parent.returncode == -how

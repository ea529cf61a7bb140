"""A virtual machine, really booted."""

import sys
from pathlib import Path

import pytest

from compose.vm.api import VmError
from compose.vm.machine import HDA, VirtualMachine
from tests.vm.machine import kernel


def test_a_command_runs_there_with_our_files_and_another_kernel(tmp_path: Path) -> None:
    script = "import os, platform; print(platform.release()); print(open('/run/vsnd/note').read()); raise SystemExit(7)"
    (tmp_path / "note").write_text("from here")
    done = VirtualMachine(kernel()).run([sys.executable, "-c", script], tmp_path)
    assert done.status == 7
    assert done.output.split("\n")[:2] == [kernel().version, "from here"]


def test_it_has_sound_cards_and_nothing_it_writes_stays_here(tmp_path: Path) -> None:
    left = tmp_path / "left"
    # The card is there some time after its module.
    there = "n=0; until grep -q HDA /proc/asound/cards || [ $n = 300 ]; do n=$((n+1)); sleep 0.1; done"
    command = ["sh", "-c", f"{there}; cat /proc/asound/cards; touch {left}; cp /proc/asound/pcm /run/vsnd/pcm"]
    machine = VirtualMachine(kernel(), ("snd-hda-intel", "snd-aloop", "snd-dummy"), HDA)
    done = machine.run(command, tmp_path)
    assert done.status == 0
    assert [name for name in ("HDA-Intel", "Loopback", "Dummy") if name not in done.output] == []
    assert "playback" in (tmp_path / "pcm").read_text()
    assert not left.exists()


def test_one_that_hangs_is_ended_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(VmError, match="not done in 8 s"):
        VirtualMachine(kernel()).run(["sleep", "1000"], tmp_path, timeout_s=8)


def test_one_that_crashes_says_its_last_word(tmp_path: Path) -> None:
    crash = ["sh", "-c", "echo c > /proc/sysrq-trigger"]
    with pytest.raises(VmError, match=r"the virtual machine died: .*panic"):
        VirtualMachine(kernel()).run(crash, tmp_path)


def test_steady_time_does_not_follow_our_clock(tmp_path: Path) -> None:
    """A busy loop of so many instructions takes the same time there, twice."""
    script = "import time; begun = time.monotonic(); sum(range(1_000_000)); print(round(time.monotonic() - begun, 2))"
    machine = VirtualMachine(kernel(), steady_time=True)
    first, second = (float(machine.run([sys.executable, "-c", script], tmp_path).output) for _ in range(2))
    assert first == pytest.approx(second, rel=0.2)

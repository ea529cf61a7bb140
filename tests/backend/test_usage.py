"""What a process took, by the kernel's own counts."""

import subprocess
import sys
from pathlib import Path

import pytest

from backend import usage
from backend.usage import Meter, peak_octets, run_queue_delay_ns
from hosts.loop import RealLoop

SMALL = "from backend.usage import peak_octets; print(peak_octets())"


def test_it_counts_from_its_making_on() -> None:
    loop = RealLoop()
    loop.run_until(lambda: False, loop.now_ns() + 1_000_000)
    meter = Meter(loop)
    before = meter.read()
    loop.run_until(lambda: False, loop.now_ns() + 20_000_000)
    sum(range(200_000))
    after = meter.read()
    loop.close()
    assert before.seconds < 0.02 <= after.seconds
    assert before.wakeups == 0 < after.wakeups
    assert before.cpu_s < after.cpu_s <= after.seconds + 0.01
    assert after.switches_voluntary > before.switches_voluntary
    assert after.switches_involuntary >= before.switches_involuntary
    assert after.rss_octets > 1 << 20


def test_a_child_of_a_large_process_is_not_large_itself() -> None:
    ballast = bytearray(b"\1") * (200 << 20)
    said = subprocess.run(
        [sys.executable, "-c", SMALL], stdout=subprocess.PIPE, text=True, check=True, preexec_fn=lambda: None
    )
    assert len(ballast) < peak_octets()
    assert int(said.stdout) < 120 << 20


@pytest.mark.parametrize("text", ["0 0 0\n", "", "x y z\n"])
def test_a_kernel_that_does_not_count_the_run_queue_is_not_taken_for_a_quick_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "schedstat").write_text(text)
    monkeypatch.setattr(usage, "SCHEDSTAT", tmp_path / "schedstat")
    assert run_queue_delay_ns() is None
    loop = RealLoop()
    assert Meter(loop).read().run_queue_delay_ns is None
    loop.close()


def test_the_second_figure_is_the_run_queues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schedstat").write_text("250713 49835 1\n")
    monkeypatch.setattr(usage, "SCHEDSTAT", tmp_path / "schedstat")
    assert run_queue_delay_ns() == 49835
    monkeypatch.setattr(usage, "SCHEDSTAT", tmp_path / "none")
    assert run_queue_delay_ns() is None

"""The brake as a process, on another: held and let go, as the kernel says of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from compose.chaos.brake import CYCLE_NS, Held
from compose.children import Child
from tests.processes.test_run import wait_for

IDLER = "import signal; print('ready', flush=True); signal.pause()"


@pytest.fixture
def idler() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", IDLER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def brake(tmp_path: Path) -> Iterator[Child]:
    with Child("brake", ("compose.chaos.brake",), tmp_path / "brake.log") as child:
        child.wait_ready()
        yield child


def stands(process: "subprocess.Popen[bytes]") -> bool:
    return bool(psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)


def test_a_process_stands_still_until_it_is_let_go(brake: Child, idler: "subprocess.Popen[bytes]") -> None:
    brake.say(f"{idler.pid} 0")
    wait_for(lambda: stands(idler))
    brake.say(f"{idler.pid} 1.0")
    wait_for(lambda: not stands(idler))


def test_one_that_gets_part_of_the_time_stands_and_runs_again_and_again(
    brake: Child, idler: "subprocess.Popen[bytes]"
) -> None:
    brake.say(f"{idler.pid} 0.5")
    for _ in range(3):
        wait_for(lambda: stands(idler))
        wait_for(lambda: not stands(idler))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_whoever_told_it_may_go_in_whatever_way_and_nobody_is_left_standing(
    tmp_path: Path, idler: "subprocess.Popen[bytes]", number: int
) -> None:
    script = (
        "import sys; from pathlib import Path; from compose.children import Child\n"
        f"brake = Child('brake', ('compose.chaos.brake',), Path({str(tmp_path / 'log')!r})); brake.wait_ready()\n"
        f"brake.say('{idler.pid} 0'); print('ready', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as teller:
        assert teller.stdout is not None
        teller.stdout.readline()
        wait_for(lambda: stands(idler))
        os.kill(teller.pid, number)
    wait_for(lambda: not stands(idler))


def test_a_process_that_is_gone_is_nobodys_trouble(brake: Child, idler: "subprocess.Popen[bytes]") -> None:
    brake.say(f"{idler.pid} 0")
    wait_for(lambda: stands(idler))
    idler.kill()
    idler.wait()
    brake.say(f"{idler.pid} 0.5")
    brake.say(f"{idler.pid} 1")
    assert brake.end() == 0, brake.last_words()


def test_the_share_is_of_each_cycle_however_late_it_is_looked_at(idler: "subprocess.Popen[bytes]") -> None:
    held = Held(idler.pid)
    held.give(0.3, 0)
    assert held.act(2_000_000) == 3_000_000, "runs until then"
    assert held.act(3_000_000) == CYCLE_NS, "stands until then"
    assert held.act(CYCLE_NS) == CYCLE_NS + 3_000_000
    assert held.act(7 * CYCLE_NS + 5_000_000) == 8 * CYCLE_NS, "cycles that were missed are not made up for"
    held.give(1.0, 8 * CYCLE_NS)
    assert held.act(8 * CYCLE_NS) is None

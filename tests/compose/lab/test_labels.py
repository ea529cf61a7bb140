import os
import subprocess
import sys

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from compose.lab.labels import MAKER, RUN, is_stale, maker, new_run, run_labels


def test_what_a_living_process_made_is_not_stale() -> None:
    assert not is_stale(maker(os.getpid()))


def test_what_a_dead_process_made_is() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        label = maker(process.pid)
        assert not is_stale(label)
        process.kill()
    assert is_stale(label)


def test_a_number_that_came_again_is_another_process() -> None:
    host, boot, pid, started = maker(os.getpid()).split()
    assert is_stale(f"{host} {boot} {pid} {int(started) - 1}")
    assert is_stale(f"{host} another-boot {pid} {started}")


def test_what_another_machine_made_is_not_ours_to_judge() -> None:
    assert not is_stale("elsewhere-0815 boot 1 1")


@pytest.mark.parametrize("label", ["", "nonsense", "a b c d e", "a b -1 d"])
def test_nonsense_is_left_alone(label: str) -> None:
    assert not is_stale(label)


def test_what_is_kept_has_no_maker() -> None:
    assert run_labels("lab", kept=True) == {RUN: "lab"}
    assert set(run_labels(new_run())) == {RUN, MAKER}


def test_every_run_has_an_id_of_its_own() -> None:
    assert new_run() != new_run()

import os
import socket
import sys
from pathlib import Path

import pytest

from compose.devices.asking import NoAnswerError
from compose.doctor.probes import RealProbes

REAL = RealProbes()


def test_packages_have_versions() -> None:
    assert REAL.version("msgspec")[0].isdigit()
    assert REAL.version("no-such-package") == ""


def test_modules_are_imported() -> None:
    assert REAL.import_error("msgspec") == ""
    assert "no_such_module" in REAL.import_error("no_such_module")


def test_a_module_that_ends_the_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "quitting_module.py").write_text("raise SystemExit('enough')")
    monkeypatch.syspath_prepend(tmp_path)
    assert REAL.import_error("quitting_module") == "enough"


def test_libraries_are_loaded() -> None:
    assert REAL.load_error("libc.so.6") == ""
    assert "libnone.so.9" in REAL.load_error("libnone.so.9")


def test_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert REAL.denial(tmp_path / "file") == ""
    assert REAL.denial(tmp_path / "none") == "No such file or directory"


def test_sockets_are_connected_to(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        assert REAL.connect_error(path) == "Connection refused"
        listening.listen()
        assert REAL.connect_error(path) == ""


def test_a_path_too_long_for_a_socket_is_an_error(tmp_path: Path) -> None:
    assert REAL.connect_error(tmp_path / ("x" * 200)) == "AF_UNIX path too long"


def test_trying_real_time_leaves_everything_as_it_was() -> None:
    before = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    assert isinstance(REAL.fifo_error(), str)
    assert (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) == before


def test_programs_are_run() -> None:
    assert REAL.run([sys.executable, "-c", "print('one'); print(' two ')"]) == (True, "two")
    assert REAL.run([sys.executable, "-c", "import sys; sys.exit('why')"]) == (False, "why")
    assert REAL.run(["/no/such/program"]) == (False, "No such file or directory")


def test_no_server_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("libpulse.libpulse_ctypes")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/native")
    with pytest.raises(NoAnswerError, match="no sound server"):
        REAL.server()

from pathlib import Path

import pytest

from compose.lab.cgroup import Figures, leave_figures, read_figures

VERSION_1 = {
    "cpu/cpu.stat": "nr_periods 9\nnr_throttled 2\nthrottled_time 18522528\n",
    "cpuacct/cpuacct.usage": "496734396\n",
    "memory/memory.max_usage_in_bytes": "32817152\n",
}
VERSION_2 = {
    "cgroup.controllers": "cpu memory pids\n",
    "cpu.stat": "usage_usec 496734\nuser_usec 1\nnr_periods 9\nnr_throttled 2\nthrottled_usec 18522\n",
    "memory.peak": "32817152\n",
}


def group(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_version_1_counts_in_ns(tmp_path: Path) -> None:
    assert read_figures(group(tmp_path, VERSION_1)) == Figures(496734396, 18522528, 2, 32817152)


def test_version_2_counts_in_us(tmp_path: Path) -> None:
    assert read_figures(group(tmp_path, VERSION_2)) == Figures(496734000, 18522000, 2, 32817152)


@pytest.mark.parametrize("files", [{}, {"cgroup.controllers": ""}, {"cpu/cpu.stat": "nonsense\n\nnr_throttled x\n"}])
def test_what_the_kernel_does_not_say_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    assert read_figures(group(tmp_path, files)) == Figures(None, None, None, None)


def test_they_are_left_under_the_containers_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "guest-7")
    leave_figures(tmp_path)
    assert (tmp_path / "logs" / "guest-7.json").exists()

"""compose.report.gate: rules are read before anything runs, and judge what runs have left on disk."""

from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.report.gate import read_gate
from tests.backend.latency.comparison.experiments import told, write_run

LATE_NS = [1000 * k for k in range(1000)]
HOLDS, BROKEN = "guest.media.period_lateness.p99 > 5ms", "guest.media.period_lateness.p99 > 5us"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for folder in folders:
        write_run(folder, told(), LATE_NS)
    return folders


def test_no_rules_and_no_file_look_at_nothing(tmp_path: Path) -> None:
    read_gate([], None).judge([tmp_path / "nowhere"])


def test_rules_that_hold_say_nothing(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    read_gate([HOLDS, "all.underruns > 0"], None).judge(runs)
    assert capsys.readouterr() == ("", "")


def test_a_broken_rule_is_a_line_for_each_run_and_status_1(
    runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_gate([HOLDS, BROKEN], None).judge(runs)
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [f"vsnd: {run}: {BROKEN}: it is 0.989 ms (n = 1000)" for run in runs]


def test_the_file_is_written_whether_rules_hold_or_not(runs: list[Path], tmp_path: Path) -> None:
    read_gate([], tmp_path / "holds.xml").judge(runs)
    with pytest.raises(SystemExit):
        read_gate([BROKEN], tmp_path / "broken.xml").judge(runs)
    assert 'failures="0"' in (tmp_path / "holds.xml").read_text()
    assert 'failures="2"' in (tmp_path / "broken.xml").read_text()


def test_names_are_checked_against_facts_alone() -> None:
    gate = read_gate([HOLDS, "guest.musik.underruns > 0"], None)
    with pytest.raises(ConfigError, match="no guest 'musik'; there are: media"):
        gate.check_names(["media", "speech"], ["card"])


def test_a_wrong_rule_or_a_file_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--fail-if: 'x'"):
        read_gate([HOLDS, "x"], None)
    with pytest.raises(ConfigError, match=r"--junit: .*there is no folder"):
        read_gate([], tmp_path / "nowhere" / "junit.xml")

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.fleet.task import LINE_OCTETS, encode, pack, wait_until

LEFT_OUT = ("report.html", "result.json", "trace.json", "01-irq/report.html", "01-irq/logs/dom0.json")
TAKEN = (
    "facts.json",
    "mix.wav",
    "trace/backend.vtrace",
    "logs/backend.log",
    "02-timer/facts.json",
    "02-timer/trace/a.vtrace",
)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    for name in (*LEFT_OUT, *TAKEN):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name * 10_000)
    return tmp_path


def test_what_reports_are_made_of_is_packed_and_no_report(filled: Path) -> None:
    octets = io.BytesIO()
    pack(filled, octets)
    octets.seek(0)
    with tarfile.open(fileobj=octets) as archive:
        assert sorted(archive.getnames()) == sorted(TAKEN)


def test_the_shells_own_tools_read_it_back(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    archive, lines, out = io.BytesIO(), io.BytesIO(), tmp_path_factory.mktemp("out")
    pack(filled, archive)
    archive.seek(0)
    encode(archive, lines)
    assert max(map(len, lines.getvalue().splitlines())) <= 16 << 10  # what an engine takes as one line
    octets = subprocess.run(["base64", "--decode"], input=lines.getvalue(), check=True, capture_output=True).stdout
    assert octets == archive.getvalue()
    subprocess.run(["tar", "-xz", "-C", str(out)], input=octets, check=True)
    assert (out / "trace" / "backend.vtrace").read_text() == "trace/backend.vtrace" * 10_000


@pytest.mark.parametrize("octets", [0, 1, LINE_OCTETS - 1, LINE_OCTETS, LINE_OCTETS + 1])
def test_lines_are_pieces_of_one_text(octets: int) -> None:
    lines = io.BytesIO()
    encode(io.BytesIO(bytes(octets)), lines)
    assert len(lines.getvalue().splitlines()) == -(-octets // LINE_OCTETS)
    assert b"=" not in b"".join(lines.getvalue().splitlines()[:-1])


@pytest.mark.parametrize("at", ["", "0", "1700000000"])
def test_a_moment_that_is_gone_is_not_waited_for(at: str) -> None:
    wait_until(at)


@pytest.mark.parametrize("at", ["soon", "99999999999", "inf", "nan"])
def test_a_moment_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(ConfigError, match="VSND_AT: "):
        wait_until(at)

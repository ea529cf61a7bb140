"""`vsnd-local`'s commands against a real backend, and `vsnd top`, which shows them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
import soundfile

from backend.latency.records import load
from ringproto.local.region import LOCAL_DOMID_FIRST
from ringproto.trace import Point
from tests.processes.locallab import PERIOD, RATE_HZ, Lab, wait_for
from tests.processes.test_by_hand import vsnd


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with ExitStack() as parts:
        yield Lab(tmp_path_factory.mktemp("local") / "lab", parts)


def command(lab: Lab, *words: str) -> list[str]:
    return [sys.executable, "-m", "compose.local.cli", "--socket", str(lab.folder / "local"), *words]


def done(lab: Lab, *words: str) -> str:
    """What a command said that ended well."""
    ran = subprocess.run(command(lab, *words), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_tone_is_played_and_leaves_a_trace(lab: Lab) -> None:
    trace = lab.folder / "tone.vtrace"
    assert "blocks missed" in done(lab, "--trace", str(trace), "tone", "--seconds", "0.5")
    records = load([trace]).of(LOCAL_DOMID_FIRST, 0)
    assert (records["frame"][0], records["value"][0], records["point"][0]) == (RATE_HZ, PERIOD, Point.OPENED)
    assert {Point.QUEUED, Point.PUSHED, Point.WOKE_GUEST, Point.TOLD} <= {Point(p) for p in np.unique(records["point"])}


def test_a_file_is_played_to_its_end(lab: Lab) -> None:
    soundfile.write(lab.folder / "short.wav", np.zeros((4410, 1)), 44100)
    assert "0 lost" in done(lab, "play", str(lab.folder / "short.wav"))


def test_a_meter_and_a_loop_use_the_input(lab: Lab) -> None:
    assert done(lab, "meter", "--seconds", "0.3").count(" dB") >= 4
    assert "blocks missed" in done(lab, "loop", "--seconds", "0.3")


def test_whoever_plays_is_seen_by_top(lab: Lab) -> None:
    with subprocess.Popen(command(lab, "tone", "--seconds", "600"), stdout=subprocess.PIPE) as tone:
        try:
            top = [*vsnd("top", "--batch", "1"), "--dir", str(lab.folder / "machine")]
            shown: list[str] = []

            def is_shown() -> bool:
                shown[:] = subprocess.run(top, capture_output=True, text=True, timeout=60, check=True).stdout.split(
                    "\n"
                )
                return any(str(LOCAL_DOMID_FIRST) in line and "tone" in line for line in shown)

            wait_for(is_shown)
        finally:
            tone.kill()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--device", "flute", "tone"), "device: 'flute'; there are: speaker"),
        (("play", "nothing.wav"), "nothing.wav"),
        (("--socket", "/nowhere/local", "tone"), "no backend listens there"),
    ],
)
def test_a_refusal_is_one_line(lab: Lab, words: tuple[str, ...], why: str) -> None:
    refused = subprocess.run(command(lab, *words), capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert why in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1

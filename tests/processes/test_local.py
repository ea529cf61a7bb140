"""Local applications beside a guest, all of them real processes, heard in what the card played, sample by sample."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from errno import EINVAL, EPIPE, ETIMEDOUT
from pathlib import Path

import numpy as np
import pytest

from backend.latency.facts import StreamFacts
from backend.latency.measures.hops import NEWS, PLAYBACK
from backend.latency.measures.samples import stream_samples
from backend.latency.measures.timeline import CardClock
from backend.latency.records import load
from ringproto.local.region import LOCAL_DOMID_FIRST
from tests.processes.locallab import LIMIT_S, PERIOD, RATE_HZ, Lab, Samples, is_whole, places, played, wait_for

ATTEMPTS = 4
"""A machine that stands still for as long as a ring loses something."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Callable[[], Lab]]:
    """Makes labs."""
    with ExitStack() as parts:
        labs: list[Lab] = []

        def make() -> Lab:
            labs.append(Lab(tmp_path / str(len(labs)), parts))
            return labs[-1]

        yield make


def test_ill_neighbours_change_no_sample_of_anybody_else(lab: Callable[[], Lab]) -> None:
    for _ in range(ATTEMPTS):
        heard, missed = with_ill_neighbours(lab())
        assert len(set(places(heard, 1))) == 1, "something stale of one that was stopped"
        if not missed and is_whole(heard, 0) and is_whole(heard, 3):
            return
    pytest.fail("in no attempt all was heard, sample by sample")


def with_ill_neighbours(here: Lab) -> tuple[Samples, int]:
    """A guest and an application play, while one is stopped, one killed, and one goes mad.

    What was heard, and how many blocks of the good one were missed.
    """
    guest = here.guest(3, 5.0)
    good, stopped = here.app(0), here.app(1)
    played(stopped, 0.3)
    stopped.signal(signal.SIGSTOP)
    killed = here.app(2)
    played(killed, 0.2)
    killed.kill()
    mad = here.app(2)
    played(mad, 0.2)
    mad.tell("corrupt")
    end = mad.tell("end")
    assert end["errno"] == EINVAL
    assert f"turned out: produced: {1 << 62}, want" in end["why"]
    wait_for(lambda: "not there for 500 ms" in here.log)
    stopped.signal(signal.SIGCONT)
    assert stopped.tell("end") == {"errno": ETIMEDOUT, "why": "turned out: not there for 500 ms and 4 blocks"}
    assert guest.wait(LIMIT_S) == 0
    missed = played(good, 1.0)
    heard = here.heard()
    assert here.log.count("turned out") == 2
    return heard, missed


def test_one_that_stood_still_for_a_moment_comes_back_in_its_place(lab: Callable[[], Lab]) -> None:
    here = lab()
    app = here.app(0)
    played(app, 0.5)
    app.signal(signal.SIGSTOP)
    until_s = time.monotonic() + 0.6
    while time.monotonic() < until_s:
        time.sleep(0.01)
    app.signal(signal.SIGCONT)
    before = app.tell("count")["frames"]
    wait_for(lambda: app.tell("count")["frames"] > before + RATE_HZ)
    counted = app.tell("count")
    assert counted["missed_blocks"] > counted["unposted_blocks"]
    heard = here.heard()
    assert len(set(places(heard, 0))) == 1
    assert not is_whole(heard, 0)
    assert "turned out" not in here.log


def test_when_the_backend_stands_still_nobody_is_to_blame(lab: Callable[[], Lab]) -> None:
    here = lab()
    app = here.app(0)
    played(app, 0.5)
    here.backend.send_signal(signal.SIGSTOP)
    until_s = time.monotonic() + 1.0  # twice as long as one may stay away
    while time.monotonic() < until_s:
        time.sleep(0.01)
    here.backend.send_signal(signal.SIGCONT)
    before = app.tell("count")["frames"]
    wait_for(lambda: app.tell("count")["frames"] > before + RATE_HZ // 2)
    heard = here.heard()
    assert len(set(places(heard, 0))) == 1
    assert "turned out" not in here.log


def test_a_backend_that_is_killed_is_noticed(lab: Callable[[], Lab]) -> None:
    here = lab()
    app = here.app(0)
    here.backend.kill()
    here.backend.communicate()
    ended = app.tell("end")
    assert ended["errno"] == EPIPE
    assert "the backend is gone" in ended["why"]


def test_its_trace_is_measured_like_a_guests(lab: Callable[[], Lab]) -> None:
    here = lab()
    trace = here.folder / "tone.vtrace"
    options = ("--socket", str(here.folder / "local"), "--trace", str(trace))
    tone = [sys.executable, "-m", "compose.local.cli", *options, "tone", "--seconds", "1.5"]
    subprocess.run(tone, check=True, timeout=60, stdout=subprocess.DEVNULL)
    here.heard()
    facts = StreamFacts(
        stream=0, direction="playback", recording="", format="float_le", rate_hz=RATE_HZ, channels=4,
        period_frames=PERIOD, buffer_frames=3 * PERIOD, device="speaker", underruns=0, starved_frames=0,
        frames_played=0,
    )  # fmt: skip
    records = load([trace, *(here.folder / "out" / "trace").glob("*.vtrace")])
    clock = CardClock(records.boundaries(0), RATE_HZ)
    samples = stream_samples(records.of(LOCAL_DOMID_FIRST, 0), facts, clock)
    period_ns = PERIOD * 1_000_000_000 // RATE_HZ
    assert len(samples.playback_delay.delay_ns) >= 15
    assert 0 < np.median(samples.playback_delay.delay_ns) <= (3 + 2 + 1) * period_ns
    assert len(samples.period_lateness.delay_ns) >= 15
    assert samples.period_lateness.delay_ns.min() >= 0
    assert len(samples.notification_delay.delay_ns) >= 15
    names = {hop.name for hop in samples.hops}
    assert names == {*PLAYBACK, *NEWS}

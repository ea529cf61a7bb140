"""Ten local applications fall ill in turn, stopped, killed or gone mad, beside a guest and two that are well.

Who is well plays on a channel of its own, on which each sample tells its place.  So "not a sample changed" is read off
the card's record, and who missed how many blocks off the backend's report.
"""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from errno import EINVAL, ETIMEDOUT
from typing import NamedTuple

import pytest

from backend.live.follower import Follower
from backend.live.memory import live_path
from backend.report import read_report
from ringproto.local.region import LOCAL_DOMID_FIRST
from tests.processes.locallab import LIMIT_S, PERIOD, App, Lab, Samples, is_whole, places, wait_for

ATTEMPTS = 4
"""A machine that stands still for as long as a ring loses something; an ill neighbour would do so each time."""
ILL = 10
ABSENT_BLOCKS = 4
"""As the lab's backend is told."""
GUEST, GUEST_S = 1, 10.0
WELL = {GUEST: 3, LOCAL_DOMID_FIRST + ILL: 0, LOCAL_DOMID_FIRST + ILL + 1: 1}
"""Who is well, and on which channel."""
ILL_CHANNEL = 2
SAID = re.compile(r"local application (\d+): '(ill \d)' (turned out: .*|left)$", re.MULTILINE)
TURNED_OUT = "turned out: "


def stop(app: App) -> None:
    """It does not run any more."""
    app.signal(signal.SIGSTOP)


def kill(app: App) -> None:
    """It is gone."""
    app.kill()


def corrupt(app: App) -> None:
    """It says that it has written what nobody could have."""
    app.tell("corrupt")


FATES = (stop, kill, corrupt)
ENDS = {stop: f"{TURNED_OUT}not there for 500 ms", kill: "left", corrupt: f"{TURNED_OUT}produced: {1 << 62}, want"}
ERRORS = {stop: ETIMEDOUT, corrupt: EINVAL}
"""What those are told who are still there to hear of it."""

NAMES = {f"ill {number}": FATES[number % len(FATES)] for number in range(ILL)}


class Ended(NamedTuple):
    """What there is to be seen afterwards."""

    heard: Samples
    missed: dict[int, int]
    """Blocks, by domid."""
    said: dict[str, tuple[int, str]]
    """Of each that was ill: its domid, and what became of it."""
    told: dict[str, int]
    """And with which errno it ended, if it could be told."""

    @property
    def is_clean(self) -> bool:
        """Nobody who was well missed anything."""
        return all(not self.missed[domid] and is_whole(self.heard, channel) for domid, channel in WELL.items())


def fall_ill(here: Lab) -> Ended:
    """One after the other, three blocks apart: each while the one before it is still dealt with."""
    ill = dict(zip(NAMES, here.apps(list(NAMES), ILL_CHANNEL), strict=True))
    with closing(Follower([live_path(here.folder / "machine")])) as follower:
        guest = here.guest(WELL[GUEST], GUEST_S)
        wait_for(lambda: is_playing(follower, GUEST))
        well = [here.app(channel) for domid, channel in WELL.items() if domid != GUEST]
        for name, fate in NAMES.items():
            frames = well[0].tell("count")["frames"]
            fate(ill[name])
            wait_for(later_than(well[0], frames + 3 * PERIOD))
        wait_for(lambda: len(SAID.findall(here.log)) == ILL)
        shown = follower.look()
    assert shown is not None
    assert guest.poll() is None, "it was to be heard all the time"
    for name, fate in NAMES.items():
        if fate is stop:
            ill[name].signal(signal.SIGCONT)
    told = {name: ill[name].tell("end")["errno"] for name, fate in NAMES.items() if fate is not kill}
    assert guest.wait(LIMIT_S) == 0
    heard = here.heard()
    late = {row.domid: row.late_frames for row in shown.streams}  # the guest's is gone with it
    streams = read_report(here.folder / "out" / "backend.json").streams
    late |= {stream.domid: stream.late_frames for stream in streams if stream.stream == 0}
    said = {name: (int(domid), end) for domid, name, end in SAID.findall(here.log)}
    return Ended(heard, {domid: frames // PERIOD for domid, frames in late.items()}, said, told)


def is_playing(follower: Follower, domid: int) -> bool:
    """Whether that one is heard by now."""
    snapshot = follower.look()
    return snapshot is not None and any(row.domid == domid and row.frames for row in snapshot.streams)


def later_than(app: App, frames: int) -> Callable[[], bool]:
    """Whether it has played so much."""
    return lambda: app.tell("count")["frames"] > frames


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    with ExitStack() as parts:
        for _ in range(ATTEMPTS):
            outcome = fall_ill(Lab(tmp_path_factory.mktemp("ill") / "lab", parts))
            if outcome.is_clean:
                break
        yield outcome


def test_not_a_sample_of_the_others_is_changed(ended: Ended) -> None:
    for channel in WELL.values():
        assert len(set(places(ended.heard, channel))) == 1
        assert is_whole(ended.heard, channel)


def test_nobody_else_misses_a_block(ended: Ended) -> None:
    assert {domid: ended.missed[domid] for domid in WELL} == dict.fromkeys(WELL, 0)


def test_those_that_are_stopped_are_bypassed_before_they_are_turned_out(ended: Ended) -> None:
    for name, fate in NAMES.items():
        if fate is stop:
            assert ended.missed[ended.said[name][0]] >= ABSENT_BLOCKS


def test_each_ends_as_it_ought_to_and_is_told(ended: Ended) -> None:
    for name, fate in NAMES.items():
        assert ended.said[name][1].startswith(ENDS[fate])
    assert ended.told == {name: ERRORS[fate] for name, fate in NAMES.items() if fate in ERRORS}

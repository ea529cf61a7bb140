"""What each of an application's messages does, and what is refused."""

from collections.abc import Iterator
from errno import EBUSY, EINVAL, ENODEV
from pathlib import Path

import msgspec
import pytest

from hosts.local.memory import map_region
from hosts.local.messages import (
    Ask,
    Describe,
    Described,
    Done,
    Granted,
    Latency,
    Refused,
    Register,
    SetVolume,
    Start,
    Statistics,
)
from ringproto.local.region import Shape, read_header
from tests.backend.local.caller import TONE, Caller, Door
from tests.backend.local.stage import PERIOD, Stage


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    door = Door(Stage(tmp_path / "local"))
    yield door
    door.close()


@pytest.fixture
def caller(door: Door) -> Caller:
    return door.knock()


def test_a_device_is_described_to_anybody_who_is_let_in(caller: Caller) -> None:
    described = Described("speaker", 48000, PERIOD, 2, 2)
    assert caller.ask(Describe()) == described
    assert caller.ask(Describe("speaker")) == described
    refused = caller.ask(Describe("flute"))
    assert isinstance(refused, Refused)
    assert (refused.errno, refused.why) == (ENODEV, "device: 'flute'; there are: speaker")


def test_who_registers_is_given_a_region_as_it_asked_for(caller: Caller) -> None:
    caller.register(Register(name="both", device="speaker", playback_channels=1, capture_channels=2, ring_periods=5))
    region = map_region(caller.fds[0])
    assert read_header(region.view) == Shape(48000, PERIOD, 5, 1, 2)
    region.close()


@pytest.mark.parametrize(
    ("wrong", "errno", "word"),
    [
        (Register(name="a\nb", playback_channels=2), EINVAL, "name"),
        (Register(name="x"), EINVAL, "capture_channels"),
        (Register(name="x", playback_channels=9), EINVAL, "9 channels"),
        (Register(name="x", device="flute", playback_channels=2), ENODEV, "flute"),
    ],
)
def test_what_cannot_be_is_refused_and_may_be_asked_again(
    caller: Caller, wrong: Register, errno: int, word: str
) -> None:
    refused = caller.ask(wrong)
    assert isinstance(refused, Refused)
    assert refused.errno == errno
    assert word in refused.why
    caller.register()


def test_before_and_after_registering_there_are_other_things_to_ask(door: Door, caller: Caller) -> None:
    for early in (Start(), Ask(), Latency(0), SetVolume("playback", [0, 0])):
        assert caller.ask(early) == Refused(EINVAL, "it is not registered")
    caller.register()
    assert caller.ask(TONE) == Refused(EBUSY, "it is registered already")
    assert caller.ask(Start()) == Done()
    assert caller.ask(Start()) == Refused(EINVAL, "it has started already")
    assert caller.ask(Latency(0)) == Granted(1, 30_000_000)
    door.stage.look(PERIOD)
    statistics = caller.ask(Ask())
    assert isinstance(statistics, Statistics)
    assert msgspec.structs.replace(statistics, delay_ns=None) == Statistics(
        frames=PERIOD, posts=2, missed_blocks=3, unposted_blocks=0, asleep_blocks=1
    )


def test_volumes_are_set_one_for_each_channel(caller: Caller) -> None:
    caller.register()
    assert caller.ask(SetVolume("playback", [-6000, 0])) == Done()
    for wrong, word in (([0], "1 levels, want 2"), ([99_000, 0], "99.0 dB")):
        refused = caller.ask(SetVolume("playback", wrong))
        assert isinstance(refused, Refused)
        assert word in refused.why
    assert caller.ask(SetVolume("capture", [0])) == Refused(EINVAL, "way: there is no capture")


def test_answers_come_in_the_order_of_the_questions(caller: Caller) -> None:
    caller.register()
    for number in range(40):
        answer = caller.ask(SetVolume("capture" if number % 2 else "playback", [0, 0]))
        assert isinstance(answer, Refused if number % 2 else Done)

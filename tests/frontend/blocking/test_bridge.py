"""What a callback does when nobody answers it."""

import numpy as np
import pytest

from frontend.blocking import Bridge, Caller, Region, Shape
from hosts.api import HostError
from tests.frontend.blocking.scene import MS, RATE_HZ, Scene, due_ns, numbers
from tests.frontend.blocking.virtual import BEGINNING_NS, Participant, VirtualTime


def test_while_nobody_calls_it_gives_silence_and_waits_for_nobody() -> None:
    time = VirtualTime()

    def stream(waiter: Participant) -> None:
        with Region.create(Shape(RATE_HZ, 1, 2, 480)) as region, Bridge(region, waiter) as bridge:
            output = np.full((480, 2), np.nan, np.float32)
            bridge.process(numbers(0, 480, 1), output, 480)
            assert not output.any()
            assert (bridge.answered, bridge.unanswered, bridge.closed) == (0, 0, False)

    time.run(stream)
    assert time.now_ns == BEGINNING_NS


def test_it_waits_as_long_as_its_frames_last_and_then_no_longer() -> None:
    scene = Scene(0, 1)
    ended_ns: list[int] = []

    def application(caller: Caller, waiter: Participant) -> None:
        caller.send(numbers(0, 480, 1))
        waiter.sleep_until(due_ns(480 * 2))
        ended_ns.append(waiter.now_ns())

    scene.run([480] * 2, application)
    assert scene.unanswered == 1
    assert scene.time.now_ns == due_ns(480 * 2)


def test_after_a_second_without_answers_it_waits_no_more_until_somebody_calls() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        caller.send(numbers(0, 480, 1))
        waiter.sleep_until(due_ns(480 * 150))
        caller.send(numbers(480, 480, 1))

    scene.run([480] * 152, application)
    assert scene.unanswered == 100 + 1, "and once more after the second call"
    assert scene.heard[480 * 150 : 480 * 151] == list(range(481, 961))


def test_a_callback_longer_than_was_said_is_refused_in_one_line() -> None:
    with Region.create(Shape(RATE_HZ, 0, 1, 480)) as region, Bridge(region) as bridge:
        nothing, output = np.zeros((481, 0), np.float32), np.zeros((481, 1), np.float32)
        with pytest.raises(HostError, match="frames_max: 480, want at least a callback's 481"):
            bridge.process(nothing, output, 481)


def test_a_callback_of_no_frames_ends_the_stream() -> None:
    with Region.create(Shape(RATE_HZ, 0, 1, 480)) as region, Caller(region) as caller:
        empty = np.zeros((0, 1), np.float32)
        Bridge(region).process(empty, empty, 0)
        assert caller.send(numbers(0, 100, 1)) == (0, ())


def test_a_second_of_bursts_keeps_step() -> None:
    """Four callbacks at once, as when a buffer is filled at a start, then one each 10 ms."""
    time, answered = VirtualTime(), list[bool]()

    def stream(waiter: Participant) -> None:
        bridge = Bridge(region, waiter)
        output = np.zeros((480, 1), np.float32)
        for number in range(100):
            waiter.sleep_until(BEGINNING_NS + MS + max(number - 3, 0) * 10 * MS)
            bridge.process(np.zeros((480, 0), np.float32), output, 480)
            answered.append(bool((output[:, 0] == range(number * 480 + 1, number * 480 + 481)).all()))
        bridge.end()

    def application(waiter: Participant) -> None:
        caller = Caller(region, waiter)
        sent = 0
        while caller.send(numbers(sent, 480, 1)) == (480, ()):
            sent += 480

    with Region.create(Shape(RATE_HZ, 0, 1, 480)) as region:
        time.run(application, stream)
    assert all(answered)

"""What a caller is told of what it missed, and how it ends: the stream, its own close, or a callback that is gone."""

from collections.abc import Iterator
from errno import EBADFD, ETIMEDOUT

import numpy as np
import pytest
from hypothesis import strategies as st

from frontend.blocking import CallbackLostError, Caller, Miss, Outcome
from hosts.api import HostError
from tests.frontend.blocking.scene import MS, RATE_HZ, Scene, due_ns, numbers
from tests.frontend.blocking.virtual import BEGINNING_NS, Participant

CALLBACKS = st.lists(st.integers(1, 600), min_size=1, max_size=12)
CALLS = st.lists(st.integers(0, 1500), min_size=1, max_size=12)
#: (frames, how long the application takes before the call, ms)
SLOW_CALLS = st.lists(st.tuples(st.integers(0, 1500), st.sampled_from([0, 0, 0, 3, 11, 25])), min_size=1, max_size=12)


def counted(frames: float) -> Iterator[float]:
    """1, 2, ... so many."""
    return iter(range(1, int(frames) + 1))


def test_a_miss_says_which_frame_and_by_how_much() -> None:
    scene = Scene(0, 1)
    outcomes: list[Outcome] = []

    def application(caller: Caller, waiter: Participant) -> None:
        for number, late_ms in enumerate([0, 0, 4, 0, 27, 0]):
            if late_ms:  # the callback that brings frame 480*k waits until 480*(k+1) is due
                waiter.sleep_until(due_ns(len(scene.heard) + 960) + late_ms * MS)
            outcomes.append(caller.send(numbers(480 * number, 480, 1)))

    scene.run([480] * 12, application)
    assert outcomes == [
        (480, ()),
        (480, ()),
        (480, (Miss(960, 4 * MS),)),
        (480, ()),
        (480, (Miss(2400, 27 * MS),)),
        (480, ()),
    ]
    assert scene.heard[:960] == list(counted(960))
    assert not any(scene.heard[960:1440])
    assert scene.heard[1440:2400] == list(range(961, 1921))
    assert not any(scene.heard[2400:3840])
    assert scene.heard[3840:4800] == list(range(1921, 2881))
    assert scene.unanswered == 1 + 3 + 2


def test_input_that_nobody_took_is_missed_too() -> None:
    scene = Scene(1, 0)

    def application(caller: Caller, waiter: Participant) -> None:
        into = np.zeros((480, 1), np.float32)
        assert caller.receive(into) == (480, ())
        waiter.sleep_until(due_ns(960) + 1)
        assert caller.receive(into) == (480, (Miss(480, 1),))
        assert into[:, 0].tolist() == list(range(961, 1441))

    scene.run([480] * 4, application)


def test_calls_come_back_short_when_the_stream_has_ended() -> None:
    scene = Scene(1, 0)

    def application(caller: Caller, waiter: Participant) -> None:
        into = np.zeros((500, 1), np.float32)
        assert caller.receive(into).frames == 500
        assert caller.receive(into).frames == 460
        assert into[:460, 0].tolist() == list(range(501, 961))
        assert caller.receive(into) == (0, ())
        caller.close()

    scene.run([480, 480], application)


def test_sending_after_the_end_takes_nothing() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        assert caller.send(numbers(0, 700, 1)).frames == 700
        assert caller.send(numbers(700, 700, 1)).frames == 700, "440 wait for a third callback"
        assert caller.send(numbers(1400, 700, 1)).frames == 0
        caller.close()

    scene.run([480, 480], application)
    assert scene.heard == list(counted(960))


def test_closing_plays_what_still_waits_and_silence_behind_it() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        with caller:
            caller.send(numbers(0, 500, 1))
        caller.close()
        with pytest.raises(HostError) as refused:
            caller.send(numbers(0, 1, 1))
        assert refused.value.errno == EBADFD

    scene.run([480] * 3, application)
    assert scene.heard == [*counted(500), *[0.0] * 940]
    assert scene.closed


def test_an_exception_closes_at_once_and_leaves_silence() -> None:
    scene = Scene(1, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        with caller:
            caller.duplex(numbers(0, 100, 1), np.zeros((100, 1), np.float32))
            raise KeyError

    with pytest.raises(KeyError):
        scene.run([480] * 3, application)
    assert not any(scene.heard)


def test_without_a_callback_a_call_fails_in_a_second() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        with pytest.raises(CallbackLostError) as lost:
            caller.send(numbers(0, 480, 1))
        assert lost.value.errno == ETIMEDOUT
        assert waiter.now_ns() == BEGINNING_NS + 1000 * MS
        caller.close()

    scene.run([], application, ends=False)


def test_a_callback_that_stays_away_is_an_error_a_second_after_it_was_due() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        with pytest.raises(CallbackLostError), caller:
            caller.send(numbers(0, 2000, 1))
        assert waiter.now_ns() == due_ns(960) + 1000 * MS

    scene.run([480, 480], application, ends=False)


def test_a_caller_that_was_away_finds_its_place_again() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        caller.send(numbers(0, 480, 1))
        waiter.sleep_until(due_ns(3 * RATE_HZ))
        assert caller.send(numbers(480, 480, 1)) == (480, (Miss(480, due_ns(3 * RATE_HZ) - due_ns(960)),))

    scene.run([480] * 305, application)
    heard = np.array(scene.heard)
    assert np.flatnonzero(heard).tolist() == [*range(480), *range(3 * RATE_HZ, 3 * RATE_HZ + 480)]
    assert scene.unanswered < 110, "after a second nobody was waited for"

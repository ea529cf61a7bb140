"""What an application does whose calls block: both threads are real, and nobody is told to hurry."""

from errno import EPIPE
from pathlib import Path

import pytest

from compose.clients.blocking import BlockingStyle
from hosts.api import HostError
from hosts.channel.link import why_not
from tests.compose.clients.staged import PERIOD, SeenTake, StagedClient, numbers_of, ramp
from tests.processes.locallab import wait_for

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no atomic operations: {why_not()}")

BLOCKS = 20


def in_order(numbers: list[int]) -> list[int]:
    """What was sounded, without the silence of callbacks that were missed."""
    blocks = [numbers[first : first + PERIOD] for first in range(0, len(numbers), PERIOD)]
    return [number for block in blocks if any(block) for number in block]


def test_what_it_sends_is_played_in_order_and_nothing_twice(tmp_path: Path) -> None:
    here = StagedClient(BLOCKS, playback=1, capture=0)
    style = BlockingStyle(here.client, ramp(tmp_path, 1), SeenTake())
    style.start()
    wait_for(lambda: len(in_order(numbers_of(list(here.played)))) >= BLOCKS * PERIOD)
    style.attend()
    style.stop()
    heard = in_order(numbers_of(here.played))
    assert heard == [number % 1000 for number in range(len(heard))]
    assert here.is_closed


def test_what_it_receives_is_taken_in_order(tmp_path: Path) -> None:
    here, take = StagedClient(BLOCKS, playback=0, capture=1), SeenTake()
    style = BlockingStyle(here.client, ramp(tmp_path, 0), take)
    style.start()
    wait_for(lambda: len(take.blocks) >= BLOCKS)
    style.stop()
    numbers = take.numbers
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers) >= BLOCKS * PERIOD


def test_both_at_once(tmp_path: Path) -> None:
    here, take = StagedClient(BLOCKS, playback=1, capture=1), SeenTake()
    style = BlockingStyle(here.client, ramp(tmp_path, 1), take)
    style.start()
    wait_for(lambda: len(take.blocks) >= BLOCKS)
    style.stop()
    heard = in_order(numbers_of(here.played))
    assert heard == [number % 1000 for number in range(len(heard))]
    assert len(set(take.numbers)) == len(take.numbers)


def test_when_the_stream_has_failed_the_calls_end_and_nobody_waits(tmp_path: Path) -> None:
    here = StagedClient(BLOCKS, playback=1, capture=0, failure=HostError(EPIPE, "the backend is gone"))
    style = BlockingStyle(here.client, ramp(tmp_path, 1), SeenTake())
    style.start()
    here.join()
    style.stop()
    assert here.is_closed


def test_calls_that_hear_of_no_callback_any_more_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontend.blocking.caller.LOST_NS", 1_000_000)
    here = StagedClient(1, playback=1, capture=0, failure=HostError(EPIPE, "gone"))
    style = BlockingStyle(here.client, ramp(tmp_path, 1), SeenTake())
    style.start()
    here.join()
    wait_for(lambda: not style._calling.is_alive())
    with pytest.raises(HostError, match="no callback"):
        style.attend()
    style.stop()


def test_one_that_was_never_started_can_be_stopped(tmp_path: Path) -> None:
    here = StagedClient(0, playback=1, capture=0)
    BlockingStyle(here.client, ramp(tmp_path, 1), SeenTake()).stop()
    assert here.is_closed

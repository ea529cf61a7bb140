from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from compose.fleet.play import play
from compose.fleet.worker import Worker

Make = Callable[..., Worker]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes workers that do what they are told."""
    made: list[Worker] = []

    def one(name: str, *words: str) -> Worker:
        made.append(Worker(name, ("tests.compose.fleet.scripted", *words), tmp_path / f"{name}.log"))
        return made[-1]

    yield one
    for worker in made:
        worker.ask_to_end()
    for worker in made:
        worker.end()


def nothing(workers: Sequence[Worker]) -> None:
    return


def test_all_are_played_to_their_end(make: Make) -> None:
    workers = [make("left", "ready", "say=at 1.5", "ready"), make("right", "ready", "say=measuring", "ready")]
    assert play(workers, nothing) == {}
    assert [(worker.runs, worker.at_s, worker.ended) for worker in workers] == [(2, 0.0, True)] * 2


def test_none_begins_before_all_are_ready(make: Make, tmp_path: Path) -> None:
    late = tmp_path / "late"
    left, right = make("left", "ready"), make("right", f"await={late}", "ready")
    seen: list[tuple[int, int]] = []

    def look(workers: Sequence[Worker]) -> None:
        seen.append((left.runs, right.runs))
        if left.ready:
            late.touch()

    assert play([left, right], look) == {}
    assert set(seen) == {(0, 0), (1, 1)}


def test_how_far_each_is_can_be_seen(make: Make) -> None:
    worker = make("left", "ready", "say=at 1.5", "say=measuring")
    seen: set[tuple[str, float]] = set()
    play([worker], lambda workers: seen.add((worker.doing, worker.at_s)))
    assert ("measuring", 1.5) in seen


def test_who_fails_is_lost_and_the_others_go_on(make: Make) -> None:
    workers = [make("left", "ready", "ready"), make("right", "ready", "fail=no engine")]
    assert play(workers, nothing) == {"right": "no engine"}
    assert workers[0].runs == 2


def test_who_fails_before_the_first_run_is_lost(make: Make) -> None:
    workers = [make("left", "ready"), make("right", "fail=no room")]
    assert play(workers, nothing) == {"right": "no room"}
    assert workers[0].runs == 1


def test_nobody_is_waited_for_without_end(make: Make) -> None:
    workers = [make("left", "ready"), make("right", "hang")]
    assert play(workers, nothing, limit_s=0.0) == {"right": "it was not ready 0 s after the first"}
    assert workers[0].runs == 1


def test_all_may_be_lost(make: Make) -> None:
    assert play([make("left", "fail=one"), make("right", "fail=two")], nothing) == {"left": "one", "right": "two"}


def test_a_silent_end_is_told_by_its_status(make: Make) -> None:
    worker = make("left", "hang")
    worker.ask_to_end()
    assert play([worker], nothing) == {"left": "it ended with status -15"}

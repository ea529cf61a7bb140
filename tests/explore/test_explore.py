"""A bounded number of histories in which everything goes wrong; and that the rules would notice if it went worse."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backend.playback import PlaybackLine
from backend.stream import Stream
from compose.worlds.invariants import check_numbers, check_positions
from frontend.sharedsound import SharedSound
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, TraceWriter
from tests.explore.seeds import explore

HISTORIES = 60


def test_no_rule_is_broken_whatever_goes_wrong(seed: int) -> None:
    broken = [problem for n in range(HISTORIES) if (problem := explore(1000 * seed + n)) is not None]
    assert broken == []


def test_a_seed_is_a_history(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from compose.facts import Block
    from compose.scenario import SCENARIOS, read_scenario
    from compose.worlds.sim import SimWorld
    from tests.explore.seeds import SCENARIO

    scenario = read_scenario(SCENARIO)
    for out in ("a", "b"):
        SimWorld().run(Block(scenario, SCENARIOS, "irq", 5, tmp_path / out, datetime.now(UTC)), lambda passed_s: None)
    traces = [sorted((tmp_path / out / "trace").glob("guest*")) for out in ("a", "b")]
    assert [path.read_bytes() for path in traces[0]] == [path.read_bytes() for path in traces[1]]


def numbers(*ranges: tuple[int, int]) -> "np.typing.NDArray[np.int64]":
    return np.concatenate([np.arange(first, last + 1) for first, last in ranges])


@pytest.mark.parametrize(
    ("heard", "restarts", "gaps", "wrong"),
    [
        ([(1, 1000)], 0, 0, None),
        ([(1, 500), (502, 1000)], 0, 0, "missing at 1 places, 0 are accounted for; after [500]"),
        ([(1, 500), (502, 1000)], 0, 1, None),
        ([(1, 500), (700, 1000)], 0, 1, "199 frames are missing after frame 500"),
        ([(1, 500), (500, 1000)], 0, 0, "frame 500 is heard after frame 500"),
        ([(1, 500), (400, 1000)], 1, 0, "frame 400 is heard after frame 500"),
        ([(1, 500), (1, 1000)], 1, 0, None),
        ([(1, 500), (1, 400), (1, 2)], 1, 0, "begins 3 times, with 1 restarts"),
    ],
)
def test_numbered_frames_are_accounted_for(
    heard: list[tuple[int, int]], restarts: int, gaps: int, wrong: str | None
) -> None:
    problem = check_numbers(numbers(*heard), restarts, gaps, 100)
    assert (problem is None) == (wrong is None)
    assert wrong is None or (problem is not None and wrong in problem)


def test_positions_that_fall_are_noticed_unless_the_stream_was_opened_anew() -> None:
    memory = memoryview(bytearray(HEADER_OCTETS + 10 * RECORD_OCTETS))
    writer = TraceWriter(memory)
    for point, value in ((Point.OPENED, 480), (Point.WOKE_GUEST, 100), (Point.OPENED, 480), (Point.WOKE_GUEST, 50)):
        writer.put(0, point, 1, 0, 0, value)
    assert check_positions(bytes(memory)) is None
    writer.put(0, Point.WOKE_GUEST, 1, 0, 0, 49)
    assert check_positions(bytes(memory)) == "stream 0 is told position 49 after 50"


def lose_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, taken = PlaybackLine._take, 0

    def take(line: PlaybackLine, request: object) -> bool:
        nonlocal taken
        taken += 1
        if taken == 50 and line._queue.fill_octets >= 4:
            line._queue.take_back(4)
        return honest(line, request)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(PlaybackLine, "_take", take)


def answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, asked = Stream.answer, 0

    def answer(stream: Stream, request: object, status: int) -> None:
        nonlocal asked
        asked += 1
        if asked % 40:
            honest(stream, request, status)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Stream, "answer", answer)


def go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, told = Stream.send_position, 0

    def send(stream: Stream, octets: int, boundary: int) -> bool:
        nonlocal told
        told += 1
        return honest(stream, octets - 8000 if told == 60 else octets, boundary)

    monkeypatch.setattr(Stream, "send_position", send)


def keep_a_grant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedSound, "end", lambda sound: sound.release())


@pytest.mark.parametrize("mutate", [lose_a_frame, answer_nothing, go_back, keep_a_grant])
def test_what_is_broken_on_purpose_is_found_within_a_few_seeds(
    mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    assert any(explore(seed) is not None for seed in range(1, 11))

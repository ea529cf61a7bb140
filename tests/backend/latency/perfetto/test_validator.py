"""tests.backend.latency.perfetto.validator: that it sees what is wrong."""

from pathlib import Path

import msgspec
import pytest

from backend.latency.perfetto.events import ArrowEnd, ArrowStart, Counter, Event, Instant, Slice
from backend.latency.perfetto.tracks import Tracks
from tests.backend.latency.perfetto.validator import Checked, check


def written(folder: Path, *events: Event) -> Checked:
    tracks = Tracks()
    pid = tracks.process("guest")
    tracks.thread(pid, "request")
    tracks.thread(pid, "told")
    path = folder / "trace.json"
    file = {"displayTimeUnit": "ms", "metadata": {}, "traceEvents": [*tracks.metadata(), *events]}
    path.write_bytes(msgspec.json.encode(file))
    return check(path)


def slice_(ts: float, dur: float, tid: int = 2) -> Slice:
    return Slice("request", 1, tid, ts, dur, {})


def arrow(begin_ts: float, end_ts: float, end_tid: int = 3) -> list[Event]:
    return [ArrowStart("sound", 1, 1, 2, begin_ts, "sound"), ArrowEnd("sound", 1, 1, end_tid, end_ts, "sound")]


def test_slices_may_nest_touch_and_be_of_no_length(tmp_path: Path) -> None:
    assert written(tmp_path, slice_(0, 10), slice_(1, 2), slice_(3, 0), slice_(3, 7), slice_(10, 1)).events == 5


@pytest.mark.parametrize(
    "events",
    [
        [slice_(0, 10), slice_(5, 10)],  # they cross
        [slice_(0, -1)],
        [slice_(0, 1), slice_(5, 1), slice_(4, 1)],  # out of order
        [slice_(7, 1)],  # not counted from the first event
        [slice_(0, 0.00025)],  # less than a nanosecond
        [slice_(0, 1, tid=9)],  # nobody's thread
        [Instant("", 1, 2, 0, {})],  # no name
        [slice_(0, 10), slice_(0, 10, 3), arrow(1, 2)[0]],  # without an end
        [slice_(0, 10), arrow(1, 2)[0], arrow(1, 2)[0]],  # an id used twice
        [slice_(0, 10), *arrow(1, 2)],  # ends in no slice
        [slice_(0, 10), slice_(0, 1, 3), *arrow(1, 2)],  # ends after its slice
        [slice_(0, 10), slice_(0, 1, 3), slice_(1, 1, 3), *arrow(0, 1)],  # where two slices touch
        [Counter("fill", 1, 0, {"frames": 1}), Counter("fill", 1, 1, {"ms": 1})],  # two units
        [Counter("fill", 1, 0, {"frames": "many"})],
    ],
)
def test_what_a_viewer_would_drop_repair_or_guess_at_is_an_error(tmp_path: Path, events: list[Event]) -> None:
    with pytest.raises((AssertionError, KeyError)):
        written(tmp_path, *events)


def test_an_arrow_between_open_slices_is_right(tmp_path: Path) -> None:
    assert len(written(tmp_path, slice_(0, 10), slice_(0, 4, 3), *arrow(1, 2)).arrows) == 1


def test_what_the_format_does_not_know_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text('{"displayTimeUnit":"ms","metadata":{},"traceEvents":[{"ph":"X","name":"a","colour":"red"}]}')
    with pytest.raises(msgspec.ValidationError):
        check(path)

from pathlib import Path

import pytest

from hosts.tracefile import RECORDS, TraceFile
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, TraceHeader, read_header, read_trace


def put(trace: TraceFile, *frames: int) -> None:
    for frame in frames:
        trace.writer.put(10 + frame, Point.TOLD, 1, 0, frame, -frame)


def frames_in(path: Path) -> list[int]:
    return [record.frame for record in read_trace(path.read_bytes())]


def test_a_trace_is_cut_to_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "made" / "below" / "x.vtrace"
    with TraceFile(path, records=1000) as trace:
        put(trace, 0, 1, 2)
        assert path.stat().st_size == HEADER_OCTETS + 1000 * RECORD_OCTETS
    assert path.stat().st_size == HEADER_OCTETS + 3 * RECORD_OCTETS
    records = list(read_trace(path.read_bytes()))
    assert [(r.time_ns, r.frame, r.value) for r in records] == [(10, 0, 0), (11, 1, -1), (12, 2, -2)]


def test_an_empty_trace_is_a_header(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"
    with TraceFile(path):
        pass
    assert path.stat().st_size == HEADER_OCTETS
    assert read_header(path.read_bytes()) == TraceHeader(count=0, capacity=RECORDS, dropped=0)


def test_a_full_trace_keeps_its_first_records_and_counts_the_others(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"
    with TraceFile(path, records=2) as trace:
        put(trace, *range(5))
    assert frames_in(path) == [0, 1]
    assert read_header(path.read_bytes()) == TraceHeader(count=2, capacity=2, dropped=3)


def test_a_trace_whose_process_died_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"
    with TraceFile(path, records=1000) as trace:
        put(trace, 480)
        assert frames_in(path) == [480]


def test_an_older_trace_of_the_same_name_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"
    for frames in ([1, 2, 3], [4]):
        with TraceFile(path) as trace:
            put(trace, *frames)
    assert frames_in(path) == [4]
    assert path.read_bytes().count(b"vtrace1\0") == 1
    assert path.stat().st_size == HEADER_OCTETS + RECORD_OCTETS


def test_a_run_that_fails_keeps_its_trace(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"

    def fail() -> None:
        with TraceFile(path) as trace:
            put(trace, 1)
            raise KeyError("half way")

    with pytest.raises(KeyError, match="half way"):
        fail()
    assert frames_in(path) == [1]
    assert path.stat().st_size == HEADER_OCTETS + RECORD_OCTETS


def test_a_closed_trace_is_mapped_no_more(tmp_path: Path) -> None:
    path, maps = tmp_path / "x.vtrace", Path("/proc/self/maps")
    trace = TraceFile(path)
    assert str(path) in maps.read_text()
    trace.close()
    assert str(path) not in maps.read_text()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"
    with TraceFile(path) as trace:
        put(trace, 1)
        trace.close()
    assert frames_in(path) == [1]

"""backend.latency.records: trace files as arrays."""

from pathlib import Path

import numpy as np
import pytest

from backend.latency import records
from backend.latency.records import TRACE_DTYPE, Levels, Series, joined, joined_levels, load
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, TraceWriter
from tests.backend.latency.synthetic import DOMID, write_trace


def test_the_dtype_is_the_record() -> None:
    assert TRACE_DTYPE.itemsize == RECORD_OCTETS


def test_a_record_comes_back_as_written(tmp_path: Path) -> None:
    write_trace(tmp_path / "a.vtrace", [(5, Point.TOLD, 480, -7)], domid=9, stream=17)
    (record,) = load([tmp_path / "a.vtrace"]).of(9, 17)
    assert record.tolist() == (5, 480, 9, 17, Point.TOLD, 0, -7)


def test_streams_are_merged_from_all_files_in_order_of_time(tmp_path: Path) -> None:
    write_trace(tmp_path / "a.vtrace", [(1, Point.QUEUED, 1, 1), (5, Point.TOLD, 1, 1)])
    write_trace(tmp_path / "b.vtrace", [(3, Point.COPIED, 1, 1)])
    write_trace(tmp_path / "c.vtrace", [(2, Point.COPIED, 1, 1)], stream=1)
    trace = load(sorted(tmp_path.iterdir()))
    assert trace.count == 4
    assert trace.of(DOMID, 0)["time_ns"].tolist() == [1, 3, 5]
    assert len(trace.of(DOMID, 2)) == 0


@pytest.mark.parametrize(("chunk", "batch"), [(1, 1), (3, 4), (7, 1 << 20), (1 << 16, 10)])
def test_many_streams_are_picked_out_whole_however_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, batch: int
) -> None:
    monkeypatch.setattr(records, "CHUNK_RECORDS", chunk)
    monkeypatch.setattr(records, "BATCH_RECORDS", batch)
    rng = np.random.default_rng(chunk)
    for name in ("a", "b", "c"):
        memory = bytearray(HEADER_OCTETS + 50 * RECORD_OCTETS)
        writer = TraceWriter(memoryview(memory))
        for time in rng.permutation(50).tolist():
            domid, stream = int(rng.integers(1, 4)), int(rng.integers(0, 2)) * 0x100
            writer.put(time, Point.TOLD, domid, stream, domid * 1000 + stream, ord(name))
        writer.release()
        (tmp_path / f"{name}.vtrace").write_bytes(memory)
    trace = load(sorted(tmp_path.iterdir()))
    keys = [(domid, stream) for domid in (1, 2, 3, 9) for stream in (0, 0x100)]
    found = dict(trace.each(keys + keys))
    assert list(found) == keys
    assert sum(len(part) for part in found.values()) == trace.count == 150
    for (domid, stream), part in found.items():
        assert set(part["frame"].tolist()) <= {domid * 1000 + stream}
        assert np.array_equal(part, np.sort(part, order=["time_ns", "value"], kind="stable"))
        assert np.array_equal(part, trace.of(domid, stream))
        assert len(part) == trace.count_of((domid, stream))


def test_no_streams_are_no_reading(tmp_path: Path) -> None:
    write_trace(tmp_path / "a.vtrace", [(1, Point.TOLD, 0, 0)])
    assert list(load([tmp_path / "a.vtrace"]).each([])) == []


def test_boundaries_are_of_one_card(tmp_path: Path) -> None:
    write_trace(tmp_path / "a.vtrace", [(1, Point.BOUNDARY, 480, 0), (2, Point.TOLD, 0, 0)], domid=0, stream=0)
    write_trace(tmp_path / "b.vtrace", [(1, Point.BOUNDARY, 512, 0)], domid=0, stream=1)
    trace = load(sorted(tmp_path.iterdir()))
    assert trace.boundaries(0)["frame"].tolist() == [480]
    assert trace.boundaries(1)["frame"].tolist() == [512]


@pytest.mark.parametrize("cut", [1, RECORD_OCTETS - 1, RECORD_OCTETS])
def test_a_file_cut_short_is_read_to_its_last_whole_record(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.vtrace"
    write_trace(path, [(1, Point.TOLD, 0, 0), (2, Point.TOLD, 0, 0), (3, Point.TOLD, 0, 0)])
    path.write_bytes(path.read_bytes()[:-cut])
    trace = load([path])
    assert trace.of(DOMID, 0)["time_ns"].tolist() == [1, 2]
    assert trace.damaged == ("a.vtrace",)


def test_unused_room_is_no_damage_and_no_records(tmp_path: Path) -> None:
    write_trace(tmp_path / "a.vtrace", [(1, Point.TOLD, 0, 0)], room=100)
    trace = load([tmp_path / "a.vtrace"])
    assert trace.count == 1
    assert trace.damaged == ()


@pytest.mark.parametrize("octets", [b"", b"x", b"no trace" * 1000, b"vtrace1\0"])
def test_what_is_no_trace_is_set_aside(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "a.vtrace").write_bytes(octets)
    trace = load([tmp_path / "a.vtrace"])
    assert trace.count == 0
    assert trace.damaged == ("a.vtrace",)


def test_a_header_alone_is_an_empty_trace(tmp_path: Path) -> None:
    write_trace(tmp_path / "a.vtrace", [])
    assert (tmp_path / "a.vtrace").stat().st_size == HEADER_OCTETS
    trace = load([tmp_path / "a.vtrace"])
    assert (trace.count, trace.damaged, trace.dropped) == (0, (), 0)


def test_dropped_records_are_summed(tmp_path: Path) -> None:
    for name in ("a.vtrace", "b.vtrace"):
        write_trace(tmp_path / name, [(1, Point.TOLD, 0, 0)] * 5, room=2)
    trace = load(sorted(tmp_path.iterdir()))
    assert (trace.count, trace.dropped) == (4, 6)


def test_nothing_joined_is_an_empty_series() -> None:
    assert len(joined([]).at_ns) == len(joined([]).delay_ns) == 0
    assert len(joined_levels([]).at_ns) == len(joined_levels([]).before) == 0


def test_what_was_before_an_instant_can_be_left_out() -> None:
    at_ns = np.array([1, 1, 5, 5])
    assert Series(at_ns, np.arange(4)).since(5).delay_ns.tolist() == [2, 3]
    levels = joined_levels([Levels(at_ns, np.arange(4)), Levels(at_ns, np.arange(4, 8))]).since(2)
    assert levels.frames.tolist() == [2, 3, 6, 7]
    assert levels.before.tolist() == [2, 6]

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.trace import (
    HEADER_OCTETS,
    RATION,
    RATION_NS,
    RECORD_OCTETS,
    TRACE_FIELDS,
    NoTrace,
    Point,
    Ration,
    TraceHeader,
    TraceRecord,
    TraceWriter,
    read_header,
    read_trace,
)

S64 = st.integers(-(2**63), 2**63 - 1)
U16 = st.integers(0, 2**16 - 1)
RECORDS = st.builds(
    TraceRecord,
    time_ns=st.integers(0, 2**63 - 1),
    frame=S64,
    domid=U16,
    stream=U16,
    point=st.sampled_from(Point),
    flags=st.just(0),
    value=S64,
)


def memory_for(records: int, beside: int = 0) -> bytearray:
    return bytearray(HEADER_OCTETS + records * RECORD_OCTETS + beside)


def put(writer: TraceWriter, record: TraceRecord) -> None:
    writer.put(record.time_ns, record.point, record.domid, record.stream, record.frame, record.value)


def numbered(number: int) -> TraceRecord:
    return TraceRecord(number, 0, 1, 2, Point.EVENT, 0, 3)


@given(st.lists(RECORDS, max_size=20))
def test_what_was_put_is_read(records: list[TraceRecord]) -> None:
    memory = memory_for(20)
    writer = TraceWriter(memoryview(memory))
    for record in records:
        put(writer, record)
    assert list(read_trace(bytes(memory))) == records
    assert read_header(bytes(memory)) == TraceHeader(count=len(records), capacity=20, dropped=0)
    assert writer.used_octets == HEADER_OCTETS + len(records) * RECORD_OCTETS


def test_the_layout_of_header_and_record() -> None:
    memory = memory_for(2)
    TraceWriter(memoryview(memory)).put(5, Point.TOLD, 7, 0x12, 480, 1920)
    assert memory[:32] == b"vtrace1\0" + struct.pack("<QQQ", 1, 2, 0)
    assert not any(memory[32:HEADER_OCTETS])
    assert memory[HEADER_OCTETS:] == struct.pack("<QQHHHHQ", 5, 480, 7, 0x12, 8, 0, 1920) + bytes(32)


def test_when_it_is_full_the_first_records_stay_and_the_others_are_counted() -> None:
    memory = memory_for(2, beside=31)
    writer = TraceWriter(memoryview(memory))
    for number in range(5):
        put(writer, numbered(number))
    assert list(read_trace(bytes(memory))) == [numbered(0), numbered(1)]
    assert read_header(bytes(memory)) == TraceHeader(count=2, capacity=2, dropped=3)
    assert writer.dropped == 3
    assert not any(memory[-31:])


def test_a_memory_without_room_for_records_counts_all() -> None:
    memory = memory_for(0)
    put(TraceWriter(memoryview(memory)), numbered(0))
    assert read_header(bytes(memory)) == TraceHeader(count=0, capacity=0, dropped=1)
    assert not list(read_trace(bytes(memory)))


def test_a_record_counts_once_it_is_whole() -> None:
    """Whoever died in the middle of a record leaves the ones before it."""
    memory = memory_for(3)
    writer = TraceWriter(memoryview(memory))
    put(writer, numbered(0))
    with pytest.raises(struct.error):
        writer.put(1, Point.EVENT, 2**16, 0, 0, 0)
    assert list(read_trace(bytes(memory))) == [numbered(0)]


def test_frames_and_values_below_zero_are_kept() -> None:
    memory = memory_for(1)
    TraceWriter(memoryview(memory)).put(0, Point.STARTED, 0, 0, -1, -(2**63))
    record = next(read_trace(bytes(memory)))
    assert (record.frame, record.value) == (-1, -(2**63))


def test_what_a_peer_sends_beyond_s64_is_taken_modulo_2_to_the_64() -> None:
    memory = memory_for(1)
    TraceWriter(memoryview(memory)).put(0, Point.WOKE_GUEST, 0, 0, 2**63, 2**64 - 1)
    record = next(read_trace(bytes(memory)))
    assert (record.frame, record.value) == (-(2**63), -1)


@pytest.mark.parametrize("kept", [0, 31, 32, 63, 64])
def test_of_a_trace_cut_short_the_whole_records_are_read(kept: int) -> None:
    memory = memory_for(2)
    writer = TraceWriter(memoryview(memory))
    for number in range(2):
        put(writer, numbered(number))
    assert list(read_trace(bytes(memory[: HEADER_OCTETS + kept]))) == [numbered(n) for n in range(kept // 32)]


def test_a_header_is_read_without_the_rest_of_its_page() -> None:
    memory = memory_for(2)
    put(TraceWriter(memoryview(memory)), numbered(0))
    assert read_header(bytes(memory[:32])) == TraceHeader(count=1, capacity=2, dropped=0)
    assert list(read_trace(bytes(memory[:32]))) == []


@pytest.mark.parametrize("octets", [b"", b"vtrace1\0", b"vtrace2\0" + bytes(5000), bytes(HEADER_OCTETS)])
def test_what_is_no_trace_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="not a trace"):
        next(read_trace(octets))


def test_a_header_that_lies_of_its_count_is_believed_no_further_than_the_memory() -> None:
    memory = memory_for(1)
    TraceWriter(memoryview(memory))
    memory[8:16] = b"\xff" * 8
    assert len(list(read_trace(bytes(memory)))) == 1


def test_the_fields_describe_a_record_to_numpy() -> None:
    memory = memory_for(1)
    TraceWriter(memoryview(memory)).put(5, Point.STARTED, 7, 0x12, -480, -3)
    dtype = np.dtype(TRACE_FIELDS)
    assert dtype.itemsize == RECORD_OCTETS
    record = np.frombuffer(memory, dtype, offset=HEADER_OCTETS)[0]
    assert tuple(record.tolist()) == (5, -480, 7, 0x12, Point.STARTED, 0, -3)


def test_the_points_are_numbered_in_the_order_of_the_frames_way() -> None:
    assert [point.name for point in Point] == [
        "QUEUED", "PUSHED", "WOKE_BACKEND", "COPIED", "RENDERED", "BOUNDARY", "EVENT", "WOKE_GUEST", "TOLD",
        "STARTED", "STOPPED", "UNDERRUN", "OPENED", "TAKEN", "MISSED", "DRY", "STARVED", "INTERRUPT", "WAITED",
    ]  # fmt: skip
    assert list(Point) == list(range(19))


def test_no_trace_takes_the_same_records() -> None:
    NoTrace().put(5, Point.TOLD, 7, 0x12, 480, 1920)


def test_after_release_the_memory_can_be_unmapped() -> None:
    memory = memory_for(1)
    writer = TraceWriter(memoryview(memory))
    put(writer, numbered(0))
    writer.release()
    writer.release()
    memory.clear()  # refused (BufferError) while any view is left


class Kept:
    """Takes note of the times of its records."""

    def __init__(self) -> None:
        self.times_ns: list[int] = []

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        self.times_ns.append(time_ns)


def test_a_ration_passes_on_what_anybody_in_good_faith_makes() -> None:
    """Periods of 1 ms, six records in each."""
    kept = Kept()
    ration = Ration(kept)
    times_ns = [5_000_000_000 + 1_000_000 * period for period in range(5000) for _ in range(6)]
    for time_ns in times_ns:
        ration.put(time_ns, Point.EVENT, 1, 0, 0, 0)
    assert kept.times_ns == times_ns
    assert ration.left_out == 0


def test_a_storm_leaves_room_for_others_and_is_counted() -> None:
    kept = Kept()
    ration = Ration(kept)
    for number in range(100_000):  # over ten seconds
        ration.put(number * 100_000, Point.WOKE_BACKEND, 1, 0, 0, 0)
    assert len(kept.times_ns) == 10 * RATION
    assert ration.left_out == 100_000 - 10 * RATION
    assert [kept.times_ns.index(second * RATION_NS) for second in range(10)] == [RATION * n for n in range(10)]

"""Small things on the way: snapshots of the store, traces on disk."""

from errno import E2BIG
from pathlib import Path

import pytest

from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.snapshot import NODES_MAX, read_tree
from hosts.tracefile import TraceFile
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, read_trace


def test_a_snapshot_holds_what_is_below_by_relative_path() -> None:
    store = SimMachine().host(0).store
    for path, value in {"card/name": "x", "card/0/name": "y", "card/0/1/type": "p", "card/other/deep": "z"}.items():
        store.write(path, value)
    nodes = read_tree(store, "card")
    assert nodes["name"] == "x"
    assert nodes["0/name"] == "y"
    assert nodes["0/1/type"] == "p"
    assert "other/deep" not in nodes, "only numbers have anything below"
    assert read_tree(store, "nothing") == {}


def test_a_snapshot_is_bounded() -> None:
    store = SimMachine().host(0).store
    for number in range(NODES_MAX + 1):
        store.write(f"card/{number}", "")
    with pytest.raises(HostError) as refused:
        read_tree(store, "card")
    assert refused.value.errno == E2BIG


def test_a_trace_is_cut_to_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "below" / "x.vtrace"
    with TraceFile(path, records=1000) as trace:
        for frame in range(3):
            trace.writer.put(10 + frame, Point.TOLD, 1, 0, frame, -frame)
        assert path.stat().st_size == HEADER_OCTETS + 1000 * RECORD_OCTETS
    assert path.stat().st_size == HEADER_OCTETS + 3 * RECORD_OCTETS
    records = list(read_trace(path.read_bytes()))
    assert [(r.time_ns, r.frame, r.value) for r in records] == [(10, 0, 0), (11, 1, -1), (12, 2, -2)]
    trace.close()


def test_a_trace_whose_process_died_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "x.vtrace"
    trace = TraceFile(path, records=1000)
    trace.writer.put(10, Point.TOLD, 1, 0, 480, 0)
    assert [r.frame for r in read_trace(path.read_bytes())] == [480]
    trace.close()

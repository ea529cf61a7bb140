"""A wire's part of the backend's trace is a ration, whatever its guest does."""

from backend.gather import Gather
from backend.wire import GuestWire, Peer
from ringproto.trace import HEADER_OCTETS, RATION, RECORD_OCTETS, Point, TraceWriter, read_header
from tests.backend.test_wire import Ends


def test_a_storm_of_events_does_not_use_up_the_trace() -> None:
    ends = Ends()
    memory = bytearray(HEADER_OCTETS + 4 * RATION * RECORD_OCTETS)
    tracer = TraceWriter(memoryview(memory))
    peer = Peer(ends.dom0, 1, tracer, Gather(ends.dom0.loop), ends.faults.append)
    wire = GuestWire(peer, 0, ends.transport, lambda slot, now_ns: None)
    for _ in range(RATION + 500):  # within a second
        wire.trace(Point.EVENT, 0, 0)
    assert read_header(bytes(memory[:HEADER_OCTETS])).count == RATION
    assert wire.untraced == 500
    assert tracer.dropped == 0
    assert not ends.faults
    wire.close()

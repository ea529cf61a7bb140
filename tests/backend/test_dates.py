"""When the periods of a card ended that does not say so."""

import pytest

from backend.dates import Dates
from backend.devices.registry import open_device
from hosts.sim.delays import Delays, uniform_ns
from hosts.sim.machine import SimMachine
from ringproto.card import Direction
from ringproto.trace import Point
from tests.backend.fakedevice import FakeDevice

PERIOD, DRIFT_PPM = 480, 200
PERIOD_NS = 10_000_000 * 1_000_000 // (1_000_000 + DRIFT_PPM)


class Kept:
    """Records, as they were put."""

    def __init__(self) -> None:
        self.records: list[tuple[int, int, int, int, int, int]] = []

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        self.records.append((time_ns, point, domid, stream, frame, value))


@pytest.mark.parametrize("grain_frames", [1, 96])
def test_periods_are_dated_by_the_cards_clock_however_late_one_looks(grain_frames: int) -> None:
    machine = SimMachine(1, Delays(wake_ns=uniform_ns(0, 3_000_000)))
    loop, kept = machine.host(0).loop, Kept()
    options = {"period_frames": PERIOD, "drift_ppm": DRIFT_PPM, "position_granularity_frames": grain_frames}
    device = open_device("clocked", options, Direction.PLAYBACK, loop)
    dates = Dates(device, kept, 7)
    device.start(0)
    line = device.interrupts(loop, lambda now_ns: dates.seen(device.position(now_ns), now_ns))
    machine.run_until(lambda: False, 20_000_000_000)
    line.cancel()
    device.close()
    assert [record[1:4] for record in kept.records] == [(Point.BOUNDARY, 0, 7)] * len(kept.records)
    assert [record[4] for record in kept.records] == [PERIOD * k for k in range(1, len(kept.records) + 1)]
    error_ns = [abs(record[0] - k * PERIOD_NS) for k, record in enumerate(kept.records, start=1)]
    assert max(error_ns[500:]) < 50_000 + grain_frames * 1_100_000_000 // 48000
    assert max(record[5] for record in kept.records) <= 3_100_000 + grain_frames * 1_100_000_000 // 48000


def test_a_server_that_stood_still_is_said_where_the_position_is_by_then() -> None:
    device, kept = FakeDevice(), Kept()
    dates = Dates(device, kept, 7)
    dates.seen(100, 1_000_000)
    device.stood_still_frames = 70
    dates.seen(200, 2_000_000)
    dates.seen(300, 3_000_000)
    device.stood_still_frames = 75
    dates.seen(400, 4_000_000)
    assert kept.records == [(2_000_000, Point.STARVED, 0, 7, 200, 70), (4_000_000, Point.STARVED, 0, 7, 400, 5)]

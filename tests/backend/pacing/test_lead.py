"""How far ahead is filled by whoever looks once a period."""

from hypothesis import given
from hypothesis import strategies as st

from backend.devices.api import DeviceParams
from backend.pacing.lead import LEAD_PERIODS, PeriodLead
from ringproto.formats import Format
from tests.backend.fakedevice import FakeDevice


def lead(period: int = 480, buffer: int = 1920) -> PeriodLead:
    device = FakeDevice()
    device.params = DeviceParams(48000, 2, Format.S16_LE, period, buffer)
    return PeriodLead(device)


def test_it_is_two_periods_whatever_guests_ask_for() -> None:
    assert lead().least_frames == LEAD_PERIODS * 480
    assert [lead().fill_until(480, latency) for latency in (1, 480, 1 << 62)] == [3 * 480] * 3


def test_it_ends_with_the_nearest_period() -> None:
    assert [lead().fill_until(4800 + late, 0) for late in (0, 1, 239, 240, 479)] == [5760, 5760, 5760, 6240, 6240]


def test_guests_whose_frames_are_missing_are_not_waited_for() -> None:
    assert lead().must_until(485, 480) == lead().fill_until(485, 0)


@given(st.integers(1, 5000), st.integers(2, 9), st.integers(0, 1 << 40))
def test_it_stays_within_the_buffer_and_is_no_less_than_a_period(period: int, periods: int, position: int) -> None:
    until = lead(period, periods * period).fill_until(position, 0)
    assert until % period == 0
    assert period <= until - position <= periods * period

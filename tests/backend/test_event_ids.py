"""The backend's position events against models of both generations of the kernel's frontend."""

import pytest

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.patchbay import open_wanted
from compose.check.kernel import KernelEvents
from hosts.sim.machine import SimMachine
from ringproto.abi import Trigger
from ringproto.messages import CloseRequest
from ringproto.trace import NoTrace
from tests.backend.rawguest import MS, RawGuest

OLD, NEW = False, True
PERIOD_MS = 10


class KernelGuest:
    """A raw guest whose event channel a model of the kernel's frontend reads."""

    def __init__(self, policy: str, newer: bool) -> None:
        self.machine = SimMachine()
        dom0 = self.machine.host(0)
        config = BackendConfig(
            {"speaker": {"kind": "clocked", "period_frames": 480}},
            {"speaker": "speaker"},
            event_id=policy,  # type: ignore[arg-type]  # one of its words
        )

        self.backend = Backend(dom0, config, open_wanted, NoTrace())
        self.raw = RawGuest(self.machine, dom0)
        self.raw.connect()
        self.kernel = KernelEvents(self.raw.event_page.pages[0], newer=newer)
        self.raw.event_doorbell.on_notify(self.kernel.interrupt)

    def start(self) -> None:
        self.kernel.reset()
        assert self.raw.open() == 0
        assert self.raw.trigger(Trigger.START) == 0

    def hear(self, periods: int) -> int:
        """Let silence play until the kernel heard of so many periods, or twice their time is over; how many it did."""
        limit_ns = self.machine.timeline.now_ns + (2 * periods * PERIOD_MS + 50) * MS
        self.machine.run_until(lambda: self.kernel.elapsed >= periods, limit_ns)
        if self.kernel.elapsed:
            assert self.kernel.elapsed == (self.kernel.accepted[-1] // 4 - 1) // 480, "one for each period"
        return self.kernel.elapsed

    def play(self, periods: int) -> int:
        """Open, play silence for so many periods, close; how many the kernel heard of."""
        self.start()
        heard = self.hear(periods)
        assert self.raw.trigger(Trigger.STOP) == 0
        self.close()
        return heard

    def close(self) -> None:
        assert self.raw.call(CloseRequest(self.raw.next_id())) == 0
        self.kernel.reset()
        self.kernel.closed()


@pytest.mark.parametrize("policy", ["connection", "auto"])
def test_the_older_kernel_hears_every_period_of_every_opening(policy: str) -> None:
    guest = KernelGuest(policy, OLD)
    assert [guest.play(periods) for periods in range(1, 31)] == list(range(1, 31))


@pytest.mark.parametrize("policy", ["stream", "auto"])
def test_the_newer_kernel_hears_every_period_of_every_opening(policy: str) -> None:
    guest = KernelGuest(policy, NEW)
    assert [guest.play(periods) for periods in range(1, 31)] == list(range(1, 31))


@pytest.mark.parametrize(("policy", "newer"), [("connection", NEW), ("stream", OLD)])
def test_the_wrong_policy_is_heard_in_the_first_opening_only(policy: str, newer: bool) -> None:
    guest = KernelGuest(policy, newer)
    assert [guest.play(5) for _ in range(4)] == [5, 0, 0, 0]


@pytest.mark.parametrize("newer", [OLD, NEW])
def test_an_opening_without_a_close_before_it_counts_as_one(newer: bool) -> None:
    guest = KernelGuest("auto", newer)
    for _ in range(5):
        guest.start()
        assert guest.hear(5) == 5


@pytest.mark.parametrize("newer", [OLD, NEW])
def test_a_guest_that_was_paused_for_minutes_hears_of_periods_again(newer: bool) -> None:
    guest = KernelGuest("auto", newer)
    guest.play(3)
    guest.start()
    assert guest.hear(3) == 3
    guest.raw.event_doorbell.on_notify(lambda now_ns: None)
    guest.raw.settle(180_000 * MS)
    guest.raw.event_doorbell.on_notify(guest.kernel.interrupt)
    guest.kernel.interrupt()
    before, stale = guest.kernel.elapsed, len(guest.kernel.accepted)
    assert before < 3 + 64, "those that had room"
    guest.raw.settle(55 * MS)
    assert guest.kernel.elapsed - before == 5, "the first is one for all the minutes in between"
    assert len(guest.kernel.accepted) - stale == 5
    assert guest.kernel.accepted[-1] // 4 == pytest.approx(180.08 * 48000, abs=1440)

"""What a guest can bring into the log: each kind once, then numbers, and never more than a bound."""

import logging
from collections.abc import Iterator

import pytest

from hosts.complaints import KINDS_MAX, QUIET_NS, Complaints
from hosts.sim.machine import SimMachine

SECOND = 1_000_000_000


class Talk:
    """Complaints in virtual time, and what they put into the log."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self._log = log
        self.machine = SimMachine()
        self.complaints = Complaints(self.machine.host(0).loop, logging.getLogger("vsnd.backend"))

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self._log.records]

    def pass_ns(self, ns: int) -> None:
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)


@pytest.fixture
def talk(caplog: pytest.LogCaptureFixture) -> Iterator[Talk]:
    with caplog.at_level(logging.INFO):
        yield Talk(caplog)


def test_the_first_is_said_at_once_and_repeats_are_counted(talk: Talk) -> None:
    for n in range(1000):
        talk.complaints.warn(1, f"disconnected: req_prod: {n} requests")
    assert talk.lines == ["domain 1: disconnected: req_prod: 0 requests"]
    talk.pass_ns(QUIET_NS)
    assert talk.lines[1:] == ["domain 1: disconnected: req_prod: 999 requests (and the like, 999 times more)"]


def test_repeats_are_said_no_more_than_once_a_minute(talk: Talk) -> None:
    for _ in range(600):
        talk.complaints.warn(1, "x")
        talk.pass_ns(SECOND)
    assert len(talk.lines) == 11


def test_a_kind_that_was_quiet_for_a_minute_is_said_anew(talk: Talk) -> None:
    talk.complaints.warn(1, "x")
    talk.pass_ns(QUIET_NS + SECOND)
    talk.complaints.warn(1, "x")
    assert talk.lines == ["domain 1: x"] * 2


def test_other_guests_and_other_kinds_are_said_for_themselves(talk: Talk) -> None:
    for domid, text in [(1, "x"), (2, "x"), (1, "y")] * 2:
        talk.complaints.warn(domid, text)
    assert talk.lines == ["domain 1: x", "domain 2: x", "domain 1: y"]


@pytest.mark.parametrize(("first", "second"), [("'a'", "'b'"), ('"it\'s"', "'its'"), ("''", r"'\'x\''"), ("7", "-71")])
def test_numbers_and_quoted_words_make_no_other_kind(talk: Talk, first: str, second: str) -> None:
    talk.complaints.warn(1, f"unique-id {first} is not in the table")
    talk.complaints.warn(1, f"unique-id {second.removeprefix('-')} is not in the table")
    assert len(talk.lines) == 1


def test_a_guest_has_so_many_kinds_and_one_for_the_rest(talk: Talk) -> None:
    for n in range(10_000):
        talk.complaints.warn(1, "x" * (n + 1))
    assert len(talk.lines) == len(talk.complaints._said) == KINDS_MAX
    talk.complaints.warn(2, "x")
    assert len(talk.lines) == KINDS_MAX + 1, "its neighbour has its own"


def test_nothing_is_remembered_of_guests_long_quiet(talk: Talk) -> None:
    for domid in range(1000):
        talk.complaints.note(domid, "connected")
        talk.complaints.note(domid, "connected")
    talk.pass_ns(3 * QUIET_NS)
    assert not talk.complaints._said
    assert not talk.complaints._kinds


def test_what_was_only_counted_is_said_when_the_backend_leaves(talk: Talk) -> None:
    for _ in range(3):
        talk.complaints.note(1, "connected, 2 streams")
    talk.complaints.note(2, "connected, 2 streams")
    talk.complaints.close()
    assert talk.lines[2:] == ["domain 1: connected, 2 streams (and the like, 2 times more)"]


def test_a_bug_is_said_with_its_place_once(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        try:
            assert not talk, "what we believed"
        except AssertionError as error:
            talk.complaints.bug(1, "disconnected, by an error of ours", error)
    (record,) = caplog.records
    assert "AssertionError: what we believed" in record.getMessage()
    assert caplog.text.count("Traceback") == 1

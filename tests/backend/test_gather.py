"""Ringing and serving together."""

from ringproto.abi import Trigger
from tests.backend.rawguest import FRAME_OCTETS, MS, PERIOD_FRAMES, RawGuest, machine_with_backend


def playing() -> list[RawGuest]:
    machine, dom0, _backend = machine_with_backend()
    guests = [RawGuest(machine, dom0, domid) for domid in (1, 2, 3)]
    for guest in guests:
        guest.connect()
        assert guest.open() == 0
    for guest in guests:
        assert guest.trigger(Trigger.START) == 0
    return guests


def test_all_guests_told_at_one_look_hear_of_it_at_the_same_instant() -> None:
    guests = playing()
    guests[0].settle(50 * MS)
    heard = [guest.event_times_ns[-1] for guest in guests]
    assert len(set(heard)) == 1


def test_a_guest_that_was_just_told_need_not_ring_and_is_answered_within_a_tenth_of_its_period() -> None:
    guests = playing()
    first = guests[0]
    answered: list[int] = []
    read_responses = first.read_responses

    def note(now_ns: int) -> None:
        answered.append(now_ns)
        read_responses(now_ns)

    first.doorbell.on_notify(note)
    told = len(first.events)
    assert first.wait_for_events(told + 1)
    told_ns = first.event_times_ns[-1]
    answered.clear()
    first.ring.push(b"\1\0\3" + bytes(5) + bytes(4) + (PERIOD_FRAMES * FRAME_OCTETS).to_bytes(4, "little") + bytes(48))
    assert not first.ring.publish(), "no ringing wanted"
    first.settle(2 * MS)
    assert answered == [told_ns + 1 * MS]
    first.ring.push(b"\2\0\3" + bytes(5) + bytes(4) + FRAME_OCTETS.to_bytes(4, "little") + bytes(48))
    assert first.ring.publish(), "from there on it is to ring again"


def test_a_guest_of_long_periods_waits_2_ms_and_no_longer() -> None:
    machine, dom0, _backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    assert guest.open(9600, 4800) == 0
    assert guest.trigger(Trigger.START) == 0
    guest.settle(90 * MS)
    assert guest.wait_for_events(1)
    guest.settle(MS)
    guest.ring.push(b"\1\0\3" + bytes(5) + bytes(4) + FRAME_OCTETS.to_bytes(4, "little") + bytes(48))
    assert not guest.ring.publish(), "no ringing wanted"
    before = len(guest.responses)
    guest.settle(MS - MS // 10)
    assert len(guest.responses) == before
    guest.settle(MS // 5)
    assert len(guest.responses) == before + 1

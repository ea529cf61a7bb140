"""T: triggers out of order, triggers that there are not, triggers without end."""

from itertools import cycle

from ringproto.abi import TRIGGER_REQUEST, Op, Trigger
from tests.hostile.attacks_open import raw_open
from tests.hostile.cases import case
from tests.hostile.guest import CELL, MICROPHONE, SHARED, Hostile, ask_slot, words
from tests.hostile.wire import MS, RawGuest

STORM_NS = 700 * MS


def _trigger(guest: RawGuest, trigger: int) -> str:
    request_id = guest.next_id()
    return ask_slot(guest, TRIGGER_REQUEST.pack(request_id, Op.TRIGGER, trigger), request_id)


def _opened(hostile: Hostile, devid: int = SHARED) -> RawGuest:
    guest = hostile.connected(devid)
    raw_open(guest)
    return guest


@case("0", "-22")
def t1_start_twice(hostile: Hostile) -> str:
    """It starts what runs: the second must be refused, or -1."""
    guest = _opened(hostile)
    first, second = _trigger(guest, Trigger.START), _trigger(guest, Trigger.START)
    return words([first, second]) if (first, second) == ("0", "-22") else "-1"


@case("-22")
def t1_any_before_open(hostile: Hostile) -> str:
    """It triggers a stream that is not open, in every way."""
    guest = hostile.connected()
    return words(_trigger(guest, trigger) for trigger in Trigger)


@case("0")
def t1_stop_without_start(hostile: Hostile) -> str:
    """It stops what does not run, which it may."""
    guest = _opened(hostile)
    return words(_trigger(guest, Trigger.STOP) for _ in range(3))


@case("-22")
def t1_resume_without_pause(hostile: Hostile) -> str:
    """It resumes and pauses what does not run."""
    guest = _opened(hostile)
    return words(_trigger(guest, trigger) for trigger in (Trigger.RESUME, Trigger.PAUSE))


@case("-22")
def t1_resume_while_running(hostile: Hostile) -> str:
    """It resumes what runs."""
    guest = _opened(hostile)
    _trigger(guest, Trigger.START)
    return _trigger(guest, Trigger.RESUME)


@case("-22")
def t1_unknown_triggers(hostile: Hostile) -> str:
    """It sends every trigger that there is not."""
    guest = _opened(hostile)
    return words(_trigger(guest, trigger) for trigger in range(len(Trigger), 256))


def _storm(hostile: Hostile, devid: int, *triggers: Trigger) -> str:
    guest = _opened(hostile, devid)
    outcomes = set[str]()
    until_ns = hostile.now_ns() + STORM_NS
    slots = cycle(triggers)
    while hostile.now_ns() < until_ns:
        before = len(guest.responses)
        count = len(triggers) * (30 // len(triggers))
        guest.send_slots(*(TRIGGER_REQUEST.pack(n, Op.TRIGGER, next(slots)) for n in range(count)))
        guest.wait(lambda wanted=before + count: len(guest.responses) >= wanted)  # type: ignore[misc]
        outcomes |= {str(response.status) for response in guest.responses[before:]}
        del guest.responses[:]
    return words(outcomes)


@case("0")
def t2_start_stop_storm_on_the_shared_card(hostile: Hostile) -> str:
    """It starts and stops as fast as it is answered, thirty at once, beside its neighbour."""
    return _storm(hostile, SHARED, Trigger.START, Trigger.STOP)


@case("0")
def t2_start_stop_storm_alone(hostile: Hostile) -> str:
    """It starts and stops a card that nobody else plays on."""
    return _storm(hostile, CELL, Trigger.START, Trigger.STOP)


@case("0")
def t2_start_stop_storm_on_the_microphone(hostile: Hostile) -> str:
    """It starts and stops recording beside its neighbour."""
    return _storm(hostile, MICROPHONE, Trigger.START, Trigger.STOP)


@case("0")
def t2_pause_resume_storm(hostile: Hostile) -> str:
    """It pauses and resumes without end."""
    return _storm(
        hostile, SHARED, Trigger.START, Trigger.PAUSE, Trigger.RESUME, Trigger.PAUSE, Trigger.START, Trigger.STOP
    )

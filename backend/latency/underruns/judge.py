"""Whose fault it was that a frame was missing.

Theory.  From the instant at which there is room for a frame until it is needed (`room`) everybody on its way may take a
time of his own.  Whoever exceeded that by most is to blame.

* The card says at once that a period has passed.  An interrupt that is late, or never comes, is the device's; but half
  a period later the backend has to look by itself.
* The backend looks, tells, and copies what is handed over; and the notification rings either side.  Each has a tenth
  of the guest's period, 2 ms at the most: so long a backend that serves many lets a request wait (`backend.gather`).
* The guest has all the rest.  It has not to be quick: whoever tells it too late takes the time from it.

What all are allowed makes up the room, so when a frame was late somebody exceeded his.  If no room was left for the
guest, the backend mixes further ahead than the guest's buffer reaches: nobody could have been in time for that.

What is between two who have a clock each:

* From the push of an event until the guest reads it, the notification is late, but for the time in which the guest's
  own watch was late too (WAITED): there it stood still.
* From the push of a request until the backend wakes up to it, the backend stood still; but from when it looked at the
  card for this stream it was awake, and nobody rang.
* A boundary of which the guest was never told since the interrupt was lost, and the buffer over, is still the device's.

Without the guest's records nothing is known between `sent` and `copied`: if what came before is not enough to explain
it the cause is unknown.
"""

from backend.latency.result import Cause
from backend.latency.underruns.chain import Chain

PARTS = 10
LONGEST_NS = 2_000_000


def cause_of(chain: Chain, period_ns: int, card: Cause) -> Cause:
    """Who is to blame.  `period_ns` is the guest's, `card` what to call the card."""
    room_ns = chain.deadline_ns - chain.due_ns
    allowed_ns = min(period_ns // PARTS, LONGEST_NS)
    for_guest_ns = room_ns - 2 * allowed_ns
    if for_guest_ns <= 0:
        return "backend"
    took_ns = _took_ns(chain, chain.deadline_ns + period_ns, card)
    if not chain.is_guest_traced:
        known: tuple[Cause, Cause] = (card, "backend")
        if sum(took_ns[cause] for cause in known) < room_ns:
            return "unknown"
        return max(known, key=took_ns.__getitem__)
    over_ns: dict[Cause, int] = {
        "guest": took_ns["guest"] - for_guest_ns,
        "notification": took_ns["notification"] - allowed_ns,
        "backend": took_ns["backend"] - allowed_ns,
        card: took_ns[card],
    }
    return max(over_ns, key=over_ns.__getitem__)


def _took_ns(chain: Chain, end_ns: int, card: Cause) -> dict[Cause, int]:
    """How long each took.  What was never done took until all was over."""
    end_ns = max(end_ns, chain.ended_ns)
    taken: dict[Cause, int] = {"guest": 0, "notification": 0, "backend": 0, card: 0}
    pushed_ns = min(chain.pushed_ns, end_ns)
    steps: tuple[tuple[Cause, int], ...] = (
        (card, min(chain.interrupted_ns, chain.sent_ns, pushed_ns)),
        ("backend", min(chain.sent_ns, pushed_ns)),
        ("notification", min(chain.woke_ns, pushed_ns)),
        ("guest", pushed_ns),
        ("backend", min(chain.awake_ns, end_ns)),
        ("notification", min(chain.served_ns, end_ns)),
        ("backend", min(chain.copied_ns, end_ns)),
    )
    at_ns = chain.due_ns
    for cause, until_ns in steps:
        taken[cause] += max(0, until_ns - at_ns)
        at_ns = max(at_ns, until_ns)
    taken["notification"] -= chain.stood_still_ns
    taken["guest"] += chain.stood_still_ns
    return taken

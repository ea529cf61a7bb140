"""Chain: the way of the news that made room for a frame, and of the frame itself.  All instants of one clock, in ns.

A guest with a buffer of B frames can hand over frame g once the card has passed frame g + 1 - B.  It is told of whole
periods, so the first period that ends there or later makes room for it.  For the first B frames there is room at once.

    due           the card passes that boundary (t5), or under `irq` the end of its own period that it is in, ideally;
                  or else the stream was opened, or last stopped
    interrupted   the card says so, or the backend has to look by itself
    sent          the backend pushes the event (t6)
    woke          the guest reads it (t7, as good as t8), having stood still for some of the time since
    pushed        the guest has handed the frame over (t0, t1)
    served        the backend wakes to the request (t2)
    copied        and has it (t3)
    deadline      the backend mixes the frame, or silence for it

When recording, room for frame g is made by the guest's taking frame g - B.  Of that it is told when the card has passed
the same boundary; it pushes a READ; and the deadline is when g was recorded, or lost for want of room.

A step that was never taken is NEVER_NS.
"""

from dataclasses import dataclass

import numpy as np

from backend.latency.records import NEVER_NS, Records
from backend.latency.underruns.card import CardSide
from backend.latency.underruns.pieces import Piece
from backend.latency.underruns.stretch import Found, Stretch
from ringproto.trace import Point

OF_THE_GUEST = (Point.QUEUED, Point.PUSHED, Point.WOKE_GUEST, Point.TOLD, Point.UNDERRUN, Point.WAITED)
PROMPT_NS = 1_000_000
"""Within so much of its waking, or of what it wanted to wake for, a guest is awake."""
HANDED = (Point.PUSHED, Point.COPIED)
LOOKED = (Point.RENDERED, Point.EVENT, Point.MISSED, Point.DRY)
"""Records of a backend that was awake for whatever reason."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One frame's."""

    due_ns: int
    interrupted_ns: int
    sent_ns: int
    woke_ns: int
    stood_still_ns: int
    """For so long, between `sent` and `woke`, the guest did not run."""
    pushed_ns: int
    was_prompt: bool
    """Whether the guest pushed as soon as it was woken, be it by this news or later."""
    served_ns: int
    awake_ns: int
    """From then on, between `pushed` and `served`, the backend was awake: it looked at the card."""
    copied_ns: int
    deadline_ns: int
    ended_ns: int
    """When it was over: the guest gave up, or stopped."""
    is_guest_traced: bool
    """Whether anything is known of the guest after `sent`."""


@dataclass(frozen=True, slots=True)
class Buffering:
    """A stream's periods and buffer, in its own frames."""

    plays: bool
    period_frames: int
    buffer_frames: int
    patience_ns: int
    """A backend that does not look for so long stands still: half as long again as a period, the card's or its own."""


def _missing(stretch: Stretch, sizes: Buffering, piece: Piece) -> int:
    """The frame that would have had to be there: a resampler wants some after the one that is heard."""
    if not sizes.plays:
        return piece.first
    copied = stretch.found(Point.COPIED)
    before = int(np.searchsorted(copied.indices, piece.index))
    return max(piece.first, int(copied.records["frame"][before - 1])) if before else piece.first


def chain_of(stretch: Stretch, card: CardSide, sizes: Buffering, piece: Piece) -> Chain:
    """Follow the frame that was missing first in this piece, which is MISSED or UNDERRUN."""
    if piece.point is Point.MISSED:
        frame, deadline_ns = _missing(stretch, sizes, piece), piece.at_ns
    else:  # a guest that gave up after its last frame, or (recording) when the buffer was over after its first
        frame = piece.first if sizes.plays else piece.first + sizes.buffer_frames
        deadline_ns = stretch.instant_ns(frame)
    boundary = _boundary(stretch, sizes, frame)
    due_ns, interrupted_ns, sent_ns, woke_ns = _news(stretch, card, boundary)
    handed = frame if sizes.plays else frame - sizes.buffer_frames
    pushed_ns = copied_ns = NEVER_NS
    if piece.point is Point.MISSED:
        pushed_ns, copied_ns = (stretch.found(point).first_ns("frame", handed + 1) for point in HANDED)
        if not sizes.plays and not len(stretch.only(Point.PUSHED)):  # the frontend asks for what it reads of
            pushed_ns = woke_ns
    served_ns = min(stretch.found(Point.WOKE_BACKEND).first_ns("time_ns", pushed_ns), copied_ns)
    given_up = stretch.only(Point.UNDERRUN)["time_ns"]
    own = stretch.found(*OF_THE_GUEST)
    return Chain(
        due_ns=due_ns,
        interrupted_ns=interrupted_ns,
        sent_ns=sent_ns,
        woke_ns=woke_ns,
        stood_still_ns=_stood_still_ns(stretch.only(Point.WAITED), own, sent_ns, woke_ns),
        pushed_ns=pushed_ns,
        was_prompt=_was_prompt(stretch.found(Point.WOKE_GUEST), pushed_ns),
        served_ns=served_ns,
        awake_ns=_awake_ns(stretch.found(*LOOKED), pushed_ns, served_ns, sizes.patience_ns),
        copied_ns=copied_ns,
        deadline_ns=deadline_ns,
        ended_ns=int(given_up[0]) if len(given_up) else stretch.last_ns,
        is_guest_traced=own.first("time_ns", min(sent_ns, deadline_ns)) is not None,
    )


def _boundary(stretch: Stretch, sizes: Buffering, frame: int) -> int:
    """The boundary that makes room for the frame; not above g0 when there is room before START."""
    events = stretch.only(Point.EVENT)["frame"]
    phase = int(events[0] if len(events) else stretch.g0) % sizes.period_frames
    room = frame + 1 - sizes.buffer_frames
    return room + (phase - room) % sizes.period_frames


def _news(stretch: Stretch, card: CardSide, boundary: int) -> tuple[int, int, int, int]:
    """When the boundary was due, said by the card, sent, and read."""
    if boundary <= stretch.g0:
        began_ns = int(stretch.records["time_ns"][0])
        return began_ns, began_ns, began_ns, began_ns
    due_ns, interrupted_ns = card.interrupt_ns(stretch.device_frame(boundary), stretch.told_ns(boundary))
    events = stretch.found(Point.EVENT)
    sent = events.first("frame", boundary)
    if sent is None:
        return due_ns, interrupted_ns, NEVER_NS, NEVER_NS
    woke_ns = stretch.found(Point.WOKE_GUEST).first_ns("value", int(events.records["value"][sent]))
    return due_ns, interrupted_ns, int(events.times_ns[sent]), woke_ns


def _awake_ns(looks: Found, pushed_ns: int, served_ns: int, patience_ns: int) -> int:
    """When the backend can be seen to be awake; from the push on, if it looked soon enough after it."""
    first = looks.until(pushed_ns)
    if first == len(looks.times_ns) or int(looks.times_ns[first]) >= served_ns - PROMPT_NS:
        return served_ns
    looked_ns = int(looks.times_ns[first])
    return pushed_ns if looked_ns - pushed_ns <= patience_ns else looked_ns


def _was_prompt(woken: Found, pushed_ns: int) -> bool:
    last = woken.until(pushed_ns) - 1
    return last >= 0 and pushed_ns - int(woken.times_ns[last]) <= PROMPT_NS


def _stood_still_ns(waited: Records, own: Found, sent_ns: int, woke_ns: int) -> int:
    """For how much of that time the guest's own watch was late; from its last sign of life on, if by much."""
    between: Records = waited[(waited["time_ns"] > sent_ns) & (waited["time_ns"] - waited["value"] < woke_ns)]
    times_ns: list[int] = between["time_ns"].tolist()
    lates_ns: list[int] = between["value"].tolist()
    total_ns = 0
    for time_ns, late_ns in zip(times_ns, lates_ns, strict=True):
        due_ns = time_ns - late_ns
        before = own.until(due_ns)
        if late_ns > PROMPT_NS and before:
            due_ns = int(own.times_ns[before - 1])
        total_ns += max(0, min(time_ns, woke_ns) - max(due_ns, sent_ns))
    return total_ns

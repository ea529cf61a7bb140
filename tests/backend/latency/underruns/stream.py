"""A stream that plays as it should, but for what a test puts off: its records, and those of its card.

Periods of 10 ms, a buffer of four, mixed two periods ahead.  Period k ends at 10 k ms with frame 480 k.  The guest is
told of it and hands over frames 480 (k + 3) to 480 (k + 4), which are mixed at 10 (k + 2) ms: it has 20 ms.  The period
of which the test puts something off is AT.
"""

from collections.abc import Iterable

import msgspec

from backend.latency.facts import Device
from backend.latency.measures.timeline import CardClock, StreamTimeline
from backend.latency.records import Records
from backend.latency.result import Gap
from backend.latency.underruns.card import CardSide, card_side
from backend.latency.underruns.gaps import gaps_of
from backend.latency.underruns.stretch import Stretch, stretches_of
from ringproto.trace import Point
from tests.backend.latency.synthetic import FACTS, MS, STREAM, Row, boundaries, records

US = 1000
AT = 10
FRAME = 480 * (AT + 3)
"""The first frame of what is handed over for it."""
DEADLINE_NS = (AT + 2) * 10 * MS + 60 * US
PERIODS = 30
#: Steps, and how many us after a period they are taken when all is well.
STEPS = {"event": 50, "woke": 100, "pushed": 150, "served": 200, "copied": 250}


def playing(**late_ms: float) -> list[Row]:
    """All its records; those of these steps come so late from AT on, until they have caught up."""
    rows: list[Row] = [
        (-MS, Point.OPENED, 48_000, 480),
        (-MS // 2, Point.QUEUED, 1920, 1920),
        (-MS // 2, Point.PUSHED, 1920, 1920),
        (-MS // 3, Point.COPIED, 1920, 1920),
        (0, Point.STARTED, 0, 0),
    ]
    for k in range(1, PERIODS):
        rows += _period(k, late_ms)
        rows.append((k * 10 * MS + 60 * US, Point.RENDERED, 480 * (k + 2), 480 * (k + 2)))
    return rows


def _period(k: int, late_ms: dict[str, float]) -> Iterable[Row]:
    at: dict[str, int] = {}
    reached_ns = 0
    for step, us in STEPS.items():
        put_off_ns = round((AT * 10 + late_ms.get(step, 0)) * MS) if k >= AT else 0
        at[step] = reached_ns = max(k * 10 * MS + us * US, put_off_ns, reached_ns)
    end, octets = 480 * (k + 4), (480 * k + 1) * 4
    yield at["event"], Point.EVENT, 480 * k, octets
    yield at["woke"], Point.WOKE_GUEST, 0, octets
    yield at["woke"], Point.TOLD, 480 * k, octets
    yield at["pushed"], Point.QUEUED, end, 480
    yield at["pushed"], Point.PUSHED, end, 480
    yield at["served"], Point.WOKE_BACKEND, 0, 0
    yield at["copied"], Point.COPIED, end, 480


def missed(periods: int = 1, frames: int = 480) -> list[Row]:
    """What the backend says of so many periods that were not there, from AT's on, each short of so many frames."""
    return [
        (DEADLINE_NS + k * 10 * MS, Point.MISSED, FRAME + 480 * (k + 1), frames if k == 0 else 480)
        for k in range(periods)
    ]


def card(rows: Iterable[Row] = (), **changes: object) -> CardSide:
    """The card, with what more it recorded."""
    device: Device = msgspec.structs.replace(FACTS.devices[0], **changes)
    found = records([*boundaries(PERIODS), *rows])
    return card_side(device, found, CardClock(records(boundaries(PERIODS)), device.rate_hz))


def stretches(rows: Iterable[Row], under: CardSide | None = None) -> list[Stretch]:
    """The stream's."""
    sitting, timeline = _placed(rows, under or card())
    return stretches_of(sitting, timeline, timeline)


def gaps(rows: Iterable[Row], under: CardSide | None = None, **changes: object) -> list[Gap]:
    """The stream's, with these facts changed."""
    side = under or card()
    sitting, timeline = _placed(rows, side)
    return gaps_of(sitting, timeline, msgspec.structs.replace(STREAM, **changes), side)


def _placed(rows: Iterable[Row], side: CardSide) -> tuple[Records, StreamTimeline]:
    sitting = records(rows)
    return sitting, StreamTimeline(sitting, 48_000, side.clock)

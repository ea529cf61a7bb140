"""A guest that joins a card which has run dry, before anybody has noticed, loses nothing for it."""

from pathlib import Path

import pytest

from backend.pacing.choose import Pacing
from tests.backend.room import MS, RATE_HZ, Room, tone


@pytest.mark.parametrize("pacing", ["irq", "timer", "adaptive"])
def test_a_guest_that_joins_a_dry_card_begins_with_its_first_frame(tmp_path: Path, pacing: Pacing) -> None:
    room = Room(tmp_path, pacing, wake_ns_max=1, buffer_frames=1920)
    first, second = room.enter(480, 1920), room.enter(480, 1920)
    first.play(tone(RATE_HZ))
    room.pass_ns(200 * MS)
    room.stall(60 * MS)
    room.pass_ns(MS)
    second.play(tone(RATE_HZ // 2, 300))  # its START is what is served first when all is over
    room.pass_ns(300 * MS)
    late = [stream.late_frames for session in room.backend.sessions.values() for stream in session.streams]
    assert late[0] > 0, "who played was late"
    assert late[1:] == [0] * len(late[1:])

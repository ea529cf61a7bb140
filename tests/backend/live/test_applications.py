"""What local applications show of themselves, through a backend's snapshot and its report."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.live.applications import application_rows
from backend.live.snapshot import State
from hosts.local.messages import Register, Start
from ringproto.card import Direction
from ringproto.formats import Format
from ringproto.local.region import LOCAL_DOMID_FIRST
from tests.backend.local.caller import Door
from tests.backend.local.stage import PERIOD, Stage


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    door = Door(Stage(tmp_path / "local"))
    yield door
    door.close()


def test_each_stream_has_a_row_like_a_guests(door: Door) -> None:
    caller = door.knock()
    caller.register(Register(name="both", playback_channels=1, capture_channels=2, ring_periods=4))
    playing, recording = application_rows(door.server, 0)
    assert playing.key == (LOCAL_DOMID_FIRST, 0, 0)
    assert recording.key == (LOCAL_DOMID_FIRST, 0, 1)
    assert (playing.guest, playing.state, playing.direction) == ("both", State.PREPARED, Direction.PLAYBACK)
    assert (recording.guest, recording.direction) == ("both", Direction.CAPTURE)
    assert (playing.device, recording.device) == ("speaker", "speaker (capture)")
    assert (playing.format, playing.channels, recording.channels) == (Format.FLOAT_LE, 1, 2)
    assert (playing.rate_hz, playing.period_frames, playing.buffer_frames) == (48000, PERIOD, 4 * PERIOD)
    assert (playing.fill_ns, playing.delay_ns) == (0, None)


def test_it_tells_how_it_fares_while_it_runs(door: Door) -> None:
    caller = door.knock()
    caller.register()
    caller.ask(Start())
    door.stage.look(PERIOD)
    (row,) = application_rows(door.server, door.stage.loop.now_ns())
    assert (row.state, row.frames, row.late_frames, row.underruns) == (State.RUNNING, PERIOD, 3 * PERIOD, 1)
    assert (row.requests, row.events) == (2, 2)
    assert row.lateness.periods == 1
    assert row.delay_ns == 50_000_000


def test_without_any_there_are_no_rows(door: Door) -> None:
    door.knock().ask(Start())
    assert application_rows(door.server, 0) == []

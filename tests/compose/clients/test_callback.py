"""What an application does that is called back."""

from pathlib import Path

import numpy as np

from compose.clients.callback import CallbackStyle
from tests.compose.clients.staged import PERIOD, SeenTake, StagedClient, numbers_of, ramp


def test_what_it_plays_depends_on_nothing_but_the_place(tmp_path: Path) -> None:
    here = StagedClient(0, playback=1, capture=0)
    style = CallbackStyle(here.client, ramp(tmp_path, 1), SeenTake())
    for frame in (0, 960, 480):
        here.frame = frame
        output = np.zeros((PERIOD, 1), np.float32)
        style.process(np.zeros((PERIOD, 0), np.float32), output, PERIOD)
        assert numbers_of([output]) == [(frame + n) % 1000 for n in range(PERIOD)]


def test_what_it_records_is_written_by_another_thread_and_none_is_left(tmp_path: Path) -> None:
    here, take = StagedClient(0, playback=0, capture=1), SeenTake()
    style = CallbackStyle(here.client, ramp(tmp_path, 0), take)
    block = np.zeros((PERIOD, 1), np.float32)
    for number in range(4):
        block[:] = number / 32768
        style.process(block, np.zeros((PERIOD, 0), np.float32), PERIOD)
        if number == 1:
            assert take.blocks == [], "not by the thread that is called back"
            style.attend()
            assert len(take.blocks) == 2
    style.stop()
    assert here.is_closed
    assert take.numbers == [number for number in range(4) for _ in range(PERIOD)]

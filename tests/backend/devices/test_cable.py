from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.devices.api import DeviceError, DeviceParams
from backend.devices.clocked.cable import LENGTH_NS, CableIn, CableOut
from backend.devices.clocked.options import ClockedOptions
from backend.devices.crystal import NS_PER_S, Crystal
from ringproto.formats import Format

PARAMS = DeviceParams(48_000, 2, Format.S16_LE, 480, 1920)
BURST = 120


def running(start_ns: int, drift_ppb: int = 0) -> Crystal:
    crystal = Crystal(PARAMS.rate_hz, drift_ppb)
    crystal.start(start_ns)
    return crystal


def frames(first: int, count: int) -> memoryview:
    """Both channels hold the frame's own number and one."""
    numbers = np.repeat(np.arange(first + 1, first + count + 1, dtype="<i2"), 2)
    return memoryview(numbers.tobytes())


def play(out: CableOut, count: int) -> None:
    for first in range(0, count, BURST):
        out.play(first, frames(first, BURST))


def heard(end: CableIn, first: int, count: int) -> list[int]:
    into = bytearray(count * 4)
    end.read(memoryview(into), first)
    both = np.frombuffer(into, "<i2").reshape(-1, 2)
    assert (both[:, 0] == both[:, 1]).all()
    return [int(number) for number in both[:, 0]]


def test_cards_of_one_crystal_hear_each_frame_once_a_cable_later(tmp_path: Path) -> None:
    path = str(tmp_path / "loop")
    out = CableOut(path, PARAMS, running(0))
    play(out, 4800)
    end = CableIn(path, PARAMS, running(LENGTH_NS))
    assert heard(end, 0, 4800) == list(range(1, 4801))
    end.close()
    out.close()


@given(st.integers(0, NS_PER_S), st.integers(-20_000_000, 20_000_000), *[st.integers(-500_000, 500_000)] * 2)
def test_a_frame_is_found_within_one_of_where_it_was_put(
    tmp_path_factory: pytest.TempPathFactory, start_ns: int, later_ns: int, out_ppb: int, in_ppb: int
) -> None:
    path = str(tmp_path_factory.mktemp("cable") / "loop")
    plays, records = running(start_ns, out_ppb), running(start_ns + LENGTH_NS + later_ns, in_ppb)
    out = CableOut(path, PARAMS, plays)
    play(out, 24_000)
    end = CableIn(path, PARAMS, records)
    for at, number in enumerate(heard(end, 1200, 2400), 1200):
        assert abs(plays.time_of(number - 1) + LENGTH_NS - records.time_of(at)) <= NS_PER_S // PARAMS.rate_hz + 1
    end.close()
    out.close()


def test_what_was_not_played_is_silence(tmp_path: Path) -> None:
    path = str(tmp_path / "loop")
    end = CableIn(path, PARAMS, running(LENGTH_NS))
    assert heard(end, 0, 8) == [0] * 8  # there is no output yet
    out = CableOut(path, PARAMS, running(0))
    play(out, 480)
    assert heard(end, 476, 8) == [477, 478, 479, 480, 0, 0, 0, 0]
    assert heard(end, 48_000, 4) == [0] * 4  # these places held the first frames, a second ago
    out.close()
    assert not Path(path).exists()
    end.close()


def test_a_place_it_cannot_be_made_in_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"cannot write .*nowhere/loop"):
        CableOut(str(tmp_path / "nowhere" / "loop"), PARAMS, running(0))


def test_a_card_records_a_file_or_itself(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loop_back: the card already records from a file"):
        ClockedOptions(record_from="a.wav", loop_back="b")

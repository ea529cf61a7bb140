import pytest

from backend.live.lateness import BUCKETS, Lateness
from compose.top.figures import History
from tests.backend.live.figures import GONE, MUSIC, SNAPSHOT, VOICE, S, later


def lateness(bucket: int, count: int) -> Lateness:
    counts = [0] * BUCKETS
    counts[bucket] = count
    return Lateness(tuple(counts), 0)


def test_rates_are_of_the_time_between_two_snapshots() -> None:
    history = History()
    history.picture(SNAPSHOT)
    busier = MUSIC._replace(requests=MUSIC.requests + 200, events=MUSIC.events + 100, underruns=3)
    cpu_ns, switches = SNAPSHOT.backend.cpu_ns + S // 2, SNAPSHOT.backend.voluntary_switches + 60
    picture = history.picture(later(SNAPSHOT, 2 * S, busier, cpu_ns=cpu_ns, voluntary_switches=switches))
    (row,) = picture.rows
    assert (row.requests_hz, row.events_hz) == (100, 50)
    assert (row.underruns, row.new_underruns) == (3, 2)
    assert (picture.cpu_part, picture.wakeups_hz, picture.preemptions_hz) == (0.25, 30, 0)


def test_lateness_is_of_the_periods_in_between() -> None:
    history = History()
    history.picture(SNAPSHOT)
    late = MUSIC._replace(lateness=MUSIC.lateness + lateness(20, 9) + lateness(40, 1))
    picture = history.picture(later(SNAPSHOT, S, late, VOICE))
    assert picture.rows[0].late_p50_ns == 2_000_000
    assert picture.rows[0].late_max_ns == 64_000_000
    assert picture.rows[1].late_p50_ns is None, "it was told of nothing meanwhile"
    assert picture.late.periods == 10


def test_the_first_picture_has_counts_and_no_rates() -> None:
    picture = History().picture(SNAPSHOT)
    assert picture.rows[0].underruns == 1
    assert picture.rows[0].late_p50_ns is None
    assert (picture.cpu_part, picture.guests, picture.running) == (0, 2, 2)


def test_the_same_snapshot_again_is_the_same_picture() -> None:
    history = History()
    picture = history.picture(SNAPSHOT)
    assert history.picture(SNAPSHOT) is picture


def test_cleared_counters_count_from_then_on() -> None:
    history = History()
    history.picture(SNAPSHOT)
    cleared = history.clear()
    assert cleared is not None
    assert (cleared.rows[0].underruns, cleared.rows[0].late_frames, cleared.devices[0].underruns) == (0, 0, 0)
    picture = history.picture(later(SNAPSHOT, S, MUSIC._replace(underruns=5), VOICE, GONE))
    assert (picture.rows[0].underruns, picture.rows[0].late_frames) == (4, 0)


def test_another_backend_begins_anew() -> None:
    history = History()
    history.picture(SNAPSHOT)
    history.clear()
    picture = history.picture(later(SNAPSHOT, S, pid=43))
    assert picture.rows[0].underruns == 1
    assert picture.cpu_part == 0


def test_a_stream_that_comes_and_one_whose_card_was_given_anew_have_no_negative_rates() -> None:
    history = History()
    history.picture(SNAPSHOT._replace(streams=(MUSIC,)))
    picture = history.picture(later(SNAPSHOT, S, MUSIC._replace(requests=3, underruns=0), VOICE))
    assert [row.requests_hz for row in picture.rows] == [3, 0]
    assert picture.rows[0].underruns == 0


@pytest.mark.parametrize("streams", [(), (GONE,)])
def test_nobody_there_is_a_picture_too(streams: tuple[()]) -> None:
    picture = History().picture(later(SNAPSHOT, S)._replace(streams=streams))
    assert (picture.guests, picture.running, picture.late.periods) == (0, 0, 0)

"""backend.latency.perfetto.pairing: who belongs to whom, by number."""

from backend.latency.perfetto.pairing import NONE, followed, partners, sampled
from ringproto.trace import Point
from tests.backend.latency.perfetto.test_sources import ns
from tests.backend.latency.synthetic import records


def test_partners_are_found_by_frame_and_occurrence() -> None:
    starts = records([(1, Point.PUSHED, 480, 0), (2, Point.PUSHED, 960, 0), (3, Point.PUSHED, 480, 0)])
    ends = records([(4, Point.COPIED, 960, 0), (5, Point.COPIED, 480, 0), (6, Point.COPIED, 480, 0)])
    assert partners([starts], [ends], "frame").tolist() == [1, 0, 2]


def test_what_has_no_partner_has_none() -> None:
    starts = records([(1, Point.PUSHED, 480, 0), (2, Point.PUSHED, 960, 0)])
    assert partners([starts], [records([(4, Point.COPIED, 960, 0)])], "frame").tolist() == [NONE, 0]
    assert partners([starts], [records([])], "frame").tolist() == [NONE, NONE]


def test_frames_of_two_sittings_are_not_mixed_up() -> None:
    start, end = records([(1, Point.PUSHED, 480, 0)]), records([(2, Point.COPIED, 480, 0)])
    assert partners([start, start], [records([]), end], "frame").tolist() == [NONE, 0]
    assert partners([start, start], [end, end], "frame").tolist() == [0, 1]


def test_numbers_are_followed_and_none_stays_none() -> None:
    assert followed(ns(2, NONE, 0), ns(7, 8, NONE)).tolist() == [NONE, NONE, 7]
    assert followed(ns(NONE), ns()).tolist() == [NONE]


def test_a_sample_is_of_the_record_of_its_time() -> None:
    assert sampled(ns(5, 9), ns(3, 5, 7, 9)).tolist() == [1, 3]
    assert sampled(ns(6), ns(3, 5, 7, 9)).tolist() == [NONE]


def test_samples_of_one_nanosecond_are_of_its_records_in_their_order() -> None:
    assert sampled(ns(3, 5, 5, 7), ns(3, 5, 5, 7)).tolist() == [0, 1, 2, 3]


def test_of_records_of_one_nanosecond_that_were_not_all_sampled_it_is_not_guessed_which() -> None:
    assert sampled(ns(3, 5, 7), ns(3, 5, 5, 7)).tolist() == [0, NONE, 3]

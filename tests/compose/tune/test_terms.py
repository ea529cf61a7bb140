"""What is asked, and what the time can show of it."""

import math

import pytest

from backend.config import ConfigError
from backend.latency.statistics.rates import Count
from compose.tune.terms import Terms, agree, parse_rate, say_rate, say_time


@pytest.mark.parametrize(
    ("text", "hz"),
    [("60/h", 1 / 60), ("60", 1 / 60), ("1/min", 1 / 60), ("0.01/s", 0.01), (" 2 / s ", 2), (".5/h", 0.5 / 3600)],
)
def test_a_rate_has_a_unit_or_is_per_hour(text: str, hz: float) -> None:
    assert parse_rate(text) == pytest.approx(hz)


@pytest.mark.parametrize("text", ["", "few", "-1/h", "1/day", "0/s", "0", "1e3/s", "1//s"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--target: .*want underruns per time.*60/h"):
        parse_rate(text)


def test_without_a_target_it_is_the_least_that_the_time_can_show() -> None:
    terms = agree(None, 10)
    assert terms.target_hz == pytest.approx(-math.log(0.05) / 60)
    assert terms.verify_seconds == 60
    assert terms.shows(Count(0, 60)), "no underrun is enough"
    assert not terms.shows(Count(1, 60))
    assert not terms.shows(Count(0, 59.9))


def test_a_target_below_that_is_refused_with_the_time_it_takes() -> None:
    with pytest.raises(ConfigError) as refusal:
        agree("1/h", 10)
    said = str(refusal.value)
    assert "takes 3.0 h without any underrun" in said
    assert "show no less than 180 an hour" in said
    seconds = float(said.rpartition("--seconds ")[2])
    assert agree("1/h", seconds).target_hz == pytest.approx(1 / 3600), "what is advised is accepted"
    with pytest.raises(ConfigError):
        agree("1/h", seconds - 2)


def test_a_trial_allows_what_the_target_has_in_its_time() -> None:
    terms = Terms(target_hz=0.3, seconds=10)
    assert [terms.allows(events) for events in (0, 3, 4)] == [True, True, False]
    assert not agree(None, 10).allows(1)


def test_what_is_shown_is_the_upper_end_of_the_interval() -> None:
    terms = Terms(
        target_hz=1.0, seconds=5
    )  # verified for 30 s: Garwood's upper end for 19 is 29.67, for 20 it is 30.89
    assert terms.shows(Count(19, 30))
    assert not terms.shows(Count(20, 30))


def test_rates_and_times_are_said_in_units_that_people_read() -> None:
    assert say_rate(1 / 3600) == "1 an hour"
    assert say_rate(0.05, "underruns") == "180 underruns an hour"
    assert say_rate(1.0) == "60 a minute"
    assert say_rate(50.0) == "50 a second"
    assert [say_time(seconds) for seconds in (9, 119, 600, 10800)] == ["9 s", "119 s", "10 min", "3.0 h"]

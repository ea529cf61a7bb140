"""backend.latency.page.render: what both pages are rendered by."""

import pytest

from backend.latency.page.render import COLOURS, SYMBOLS, colour_of, counted, microseconds, share, symbol_of, unbroken


def test_no_two_of_the_first_curves_look_the_same() -> None:
    looks = [(colour_of(index), symbol_of(index)) for index in range(len(COLOURS) * len(SYMBOLS))]
    assert len(set(looks)) == len(looks)


@pytest.mark.parametrize(("count", "text"), [(0, "0 guests"), (1, "1 guest"), (2345, "2,345 guests")])
def test_counts_are_in_words(count: int, text: str) -> None:
    assert counted(count, "guest") == text


@pytest.mark.parametrize(("part", "text"), [(0.0, "0.0 %"), (0.031, "3.1 %"), (0.314, "31 %"), (1.0, "100 %")])
def test_small_shares_have_a_decimal(part: float, text: str) -> None:
    assert share(part) == text


def test_no_line_ends_before_a_unit_or_within_an_interval() -> None:
    shown = unbroken("is 0.8 ms (95 % CI 0.6 to 1.1) later in 24 s, not 5 messages, 3 % of it")
    assert shown.replace("\N{NO-BREAK SPACE}", "_") == (
        "is 0.8_ms (95_%_CI 0.6 to 1.1) later in 24_s, not 5 messages, 3_% of it"
    )


@pytest.mark.parametrize(
    ("ns", "text"), [(None, "\u2013"), (-3_400, "-3 \u00b5s"), (999_000, "999 \u00b5s"), (4_829_000, "4.83 ms")]
)
def test_short_times_are_in_microseconds(ns: int | None, text: str) -> None:
    assert microseconds(ns) == text

"""backend.latency.page.forest: where each change stands."""

import pytest

from backend.latency.comparison.result import Difference, Said
from backend.latency.page.forest import Scale, forests, signed_ms

MS = 1_000_000
MARGIN_NS = MS // 2


def difference(change_ns: int | None, said: Said = "better", *, pooled: bool = False, at: str = "p99") -> Difference:
    """A change with an interval of a ms to either side."""
    reach = None if change_ns is None else (change_ns - MS, change_ns + MS)
    return Difference(
        metric="period_lateness", quantile="p99" if at == "p99" else "p50", first="timer", second="irq",
        domid=None if pooled else 3, stream=None if pooled else 0, guest="all guests" if pooled else "media",
        change_ns=change_ns, low_ns=reach and reach[0], high_ns=reach and reach[1], level=reach and 0.975,
        said=said, sentence="interrupt pacing is earlier", cliffs_delta=None, shift_ns=None,
    )  # fmt: skip


def test_a_scale_has_all_it_is_to_show_and_round_ticks_with_zero() -> None:
    scale = Scale([-4 * MS, 6 * MS])
    assert 0 < scale.at(-4 * MS) < scale.at(0) < scale.at(6 * MS) < 100
    ticks = scale.ticks()
    assert "0" in [tick.text for tick in ticks]
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
    assert 3 <= len(ticks) <= 8


def test_a_row_is_its_interval_with_the_change_in_it() -> None:
    (forest,) = forests([difference(-5 * MS)], MARGIN_NS)
    (band,) = forest.bands
    (row,) = band.rows
    assert row.at is not None
    assert row.interval is not None
    assert row.interval.left < row.at < row.interval.right < band.zero
    assert band.margin.left < band.zero < band.margin.right
    assert (row.change, row.reach) == ("\N{MINUS SIGN}5.0 ms", "\N{MINUS SIGN}6.0 to \N{MINUS SIGN}4.0, 97.5 % CI")
    assert forest.sentences == ["Interrupt pacing is earlier."]


def test_all_guests_stand_first_and_quantiles_in_their_order() -> None:
    asked = [difference(0), difference(0, pooled=True), difference(0, at="p50")]
    (forest,) = forests(asked, MARGIN_NS)
    assert [band.quantile for band in forest.bands] == ["p50", "p99"]
    assert [row.is_pooled for row in forest.bands[1].rows] == [True, False]


def test_too_little_data_is_a_row_without_a_mark() -> None:
    (forest,) = forests([difference(None, "none")], MARGIN_NS)
    assert forest.bands[0].is_empty
    assert forest.bands[0].rows[0].change is None


def test_without_a_margin_and_without_a_change_there_is_a_scale_all_the_same() -> None:
    assert forests([difference(None, "none")], 0)[0].bands[0].zero == pytest.approx(50)


@pytest.mark.parametrize(
    ("ns", "digits", "shown"), [(0, 2, "0.00"), (-1_500_000, 1, "\N{MINUS SIGN}1.5"), (400, 1, "0.0")]
)
def test_zero_has_no_sign(ns: int, digits: int, shown: str) -> None:
    assert signed_ms(ns, digits) == shown

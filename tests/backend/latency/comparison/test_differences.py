"""backend.latency.comparison.differences: each quantile, of all guests together and of each, with Holm."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from backend.latency.comparison.conditions import Pair, grouped, pairs
from backend.latency.comparison.delays import Delays, boiled_down
from backend.latency.comparison.differences import differences
from backend.latency.comparison.result import Difference
from backend.latency.comparison.shelf import Key
from tests.backend.latency.comparison.experiments import repeated, told
from tests.backend.latency.statistics.drawn import series

MARGIN_NS = 500_000
GUESTS = {(1, 0): "media", (2, 0): "phone"}
Runs = Mapping[Key | None, list[NDArray[np.int64]]]


def pair() -> Pair:
    (found,) = pairs(grouped([*repeated(told(pacing="timer")), *repeated(told(pacing="irq"))]))
    return found


def noise(seed: int, middle_ns: int) -> list[NDArray[np.int64]]:
    """Three runs of 1000 delays, which all runs of a seed differ by alike."""
    generator = np.random.default_rng(seed)
    return [generator.normal(middle_ns, 100_000, 1000).astype(np.int64) for _ in range(3)]


def boiled(runs: Runs) -> dict[Key | None, Delays]:
    return {
        key: boiled_down("some", [series(run) for run in each], np.random.default_rng(1)) for key, each in runs.items()
    }


def asked(first: Runs, second: Runs) -> dict[tuple[str, Key | None], Difference]:
    found = differences(pair(), "period_lateness", (boiled(first), boiled(second)), GUESTS, MARGIN_NS)
    return {(each.quantile, (each.domid, each.stream or 0) if each.domid else None): each for each in found}


def everybody(seed: int, media_ns: int, phone_ns: int) -> Runs:
    media, phone = noise(seed, media_ns), noise(seed + 1, phone_ns)
    return {None: [np.concatenate(both) for both in zip(media, phone, strict=True)], (1, 0): media, (2, 0): phone}


def test_the_second_by_the_first_at_each_quantile_together_and_by_stream() -> None:
    found = asked(everybody(1, 6_000_000, 3_000_000), everybody(3, 1_000_000, 3_000_000))
    assert list(found) == [(q, key) for q in ("p50", "p99", "p999") for key in (None, (1, 0), (2, 0))]
    media, phone = found["p99", (1, 0)], found["p99", (2, 0)]
    assert (media.first, media.second, media.guest, media.said) == ("timer", "irq", "media", "better")
    assert media.change_ns is not None
    assert media.low_ns is not None
    assert media.high_ns is not None
    assert media.low_ns <= -5_000_000 <= media.high_ns
    assert abs(media.change_ns + 5_000_000) < 100_000
    assert media.sentence.startswith("interrupt pacing is ")
    assert media.sentence.endswith(" earlier at p99 of period lateness of media")
    assert phone.said == "same"


def test_streams_are_one_family_and_all_together_another() -> None:
    found = asked(everybody(1, 6_000_000, 3_000_000), everybody(3, 1_000_000, 3_000_000))
    assert [found["p50", key].level for key in (None, (1, 0), (2, 0))] == [0.95, 0.975, 0.975]
    assert found["p50", None].guest == "all guests"


def test_effect_sizes_stand_beside() -> None:
    found = asked(everybody(1, 6_000_000, 3_000_000), everybody(3, 1_000_000, 3_000_000))
    media = found["p50", (1, 0)]
    assert media.cliffs_delta == -1
    assert media.shift_ns is not None
    assert abs(media.shift_ns + 5_000_000) < 20_000


def test_what_data_do_not_carry_is_none_and_says_why_and_what_was_asked() -> None:
    media = found = asked(everybody(1, 6_000_000, 3_000_000), everybody(3, 1_000_000, 3_000_000))["p999", None]
    assert found.said == "none"
    assert {media.change_ns, media.low_ns, media.high_ns, media.level} == {None}
    assert found.sentence == (
        "no verdict at p99.9 of period lateness, interrupt pacing against timer pacing: "
        "a run of some has 2000 delays, which do not carry p99.9"
    )


def test_a_stream_that_only_one_group_has_is_said_to_be_undecidable_and_counts() -> None:
    first = everybody(1, 6_000_000, 3_000_000)
    found = asked(first, {**everybody(3, 1_000_000, 3_000_000), (2, 0): []})
    assert found["p50", (2, 0)].said == "none"
    assert found["p50", (2, 0)].cliffs_delta is None
    assert found["p50", (1, 0)].level == 0.975


def test_a_stream_without_such_delays_in_either_is_not_asked_about() -> None:
    first, second = everybody(1, 6_000_000, 3_000_000), everybody(3, 1_000_000, 3_000_000)
    found = asked({**first, (2, 0): []}, {**second, (2, 0): []})
    assert ("p50", (2, 0)) not in found
    assert found["p50", (1, 0)].level == 0.95


def test_where_nobody_has_such_delays_nothing_is_asked() -> None:
    assert asked({None: []}, {None: []}) == {}

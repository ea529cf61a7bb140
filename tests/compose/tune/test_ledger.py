"""What counts together."""

from backend.latency.statistics.rates import Count
from compose.tune.ledger import Key, Ledger, Purpose, Seen, Setting, Trial

MUSIC: Key = (1, 0)


def entry(purpose: Purpose, period: int, buffer: int, seconds: float, events: int) -> tuple[Trial, Seen]:
    setting = Setting({"speaker": period}, {MUSIC: buffer})
    return Trial(purpose, setting, seconds), Seen({"speaker": events // 2}, {MUSIC: events})


def ledger(*entries: tuple[Trial, Seen]) -> Ledger:
    made = Ledger()
    made.entries += entries
    return made


def test_verifications_of_the_same_sizes_count_together_and_nothing_else() -> None:
    made = ledger(
        entry("buffers", 2, 5, 10, 0),  # chosen by its luck
        entry("verification", 2, 5, 60, 2),
        entry("verification", 2, 5, 60, 4),
        entry("verification", 2, 6, 60, 8),
        entry("verification", 3, 5, 60, 16),
    )
    assert made.stream(MUSIC, "speaker", 2, 5) == Count(6, 120)
    assert made.device("speaker", 2) == Count(7, 180), "whatever its guests' buffers were"
    assert made.stream(MUSIC, "speaker", 4, 5) is None
    assert made.device("speaker", 4) is None


def test_the_next_smaller_is_the_largest_that_failed_with_this_period() -> None:
    made = ledger(
        entry("buffers", 2, 1, 10, 90),
        entry("buffers", 2, 3, 10, 0),  # held there
        entry("verification", 2, 3, 60, 5),  # and did not
        entry("buffers", 2, 4, 10, 0),
        entry("buffers", 1, 4, 10, 7),
    )
    assert made.smaller(MUSIC, "speaker", 2, 5) == (3, Count(5, 70))
    assert made.smaller(MUSIC, "speaker", 2, 3) == (1, Count(90, 10))
    assert made.smaller(MUSIC, "speaker", 2, 1) is None

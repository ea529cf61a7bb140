"""backend.latency.clients: what the console says of local applications."""

import pytest

from backend.latency.build import summarise
from backend.latency.clients import client_lines
from tests.backend.latency.synthetic import FACTS, with_client


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "tone (local): 7 blocks missed, 2 through no fault of its; commands over rings"),
        ({"missed_blocks": 0, "unposted_blocks": 0}, "tone (local): 0 blocks missed; commands over rings"),
        (
            {"calls_late": 2, "calls_late_max_ns": 1_500_000, "unposted_blocks": 0},
            "tone (local, blocking): 7 blocks missed; 2 calls late, by 1.5 ms at most; commands over rings",
        ),
        ({"missed_blocks": None, "control": None, "ended": "killed"}, "tone (local): gone before its time, killed"),
        (
            {"ended": "turned out: why", "unposted_blocks": 0},
            "tone (local): gone before its time, turned out: why; 7 blocks missed; commands over rings",
        ),
    ],
)
def test_there_is_a_line_for_each(changes: dict[str, object], line: str) -> None:
    assert list(client_lines(summarise([], with_client(FACTS, **changes)))) == [line]


def test_of_guests_it_says_nothing() -> None:
    assert list(client_lines(summarise([], FACTS))) == []

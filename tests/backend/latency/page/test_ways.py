"""backend.latency.page.ways: hops in words."""

from pathlib import Path

from backend.latency.measures.hops import CAPTURE, NEWS, PLAYBACK
from backend.latency.page.ways import STEPS, ways
from tests.backend.latency.page.runs import run_of, thirty_periods


def test_every_hop_has_its_words() -> None:
    assert set(STEPS) == {*PLAYBACK, *CAPTURE, *NEWS}


def test_frames_and_news_are_ways_of_their_own(tmp_path: Path) -> None:
    result, _, _ = run_of(thirty_periods(tmp_path))
    frames, news = ways(result)
    assert frames.what == "playback delay of speech.flac"
    assert len(frames.hops) == len(PLAYBACK)
    assert news.what == "period lateness of speech.flac"
    assert len(news.hops) == len(NEWS)


def test_without_hops_there_are_no_ways() -> None:
    assert ways(run_of([])[0]) == []

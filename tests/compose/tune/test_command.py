"""What is said and written, of trials that are made up; and what is refused before anything runs."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

import compose.tune.command as tuning
from backend.config import ConfigError
from backend.latency.result import Result
from compose.tune.command import tune_file
from compose.tune.ledger import Seen, Trial
from compose.tune.result import Tuned
from compose.tune.sizes import Plan
from compose.tune.terms import agree
from compose.worlds.api import OnProgress, RunError, World
from tests.compose.test_cli import refusal, vsnd
from tests.compose.test_cli import scenario as written
from tests.compose.test_scenario import GOOD
from tests.compose.tune.oracle import DeviceRate, Oracle, StreamRate, always, needs, never

TWO = (
    GOOD.replace("id = 1", 'id = 1\nname = "music [loud]"')
    + """
[[guests]]
id = 2
[[guests.streams]]
device = "speaker"
plays = "announcement.flac"
rate_hz = 16000
"""
)
TERMS = agree(None, 10)


def needs_room(periods: int) -> StreamRate:
    """So many, while the card's period is short."""
    return lambda period, buffer: 0.0 if period > 4 or buffer >= periods else 50.0


class FakeBench:
    """Stands for runs; ends with `ends` after so many trials."""

    speaker: DeviceRate = staticmethod(needs(4))
    guests: tuple[StreamRate, ...] = (needs_room(2), needs_room(5))
    ends: BaseException | None = None
    after = 3

    def __init__(self, world: World, plan: Plan, beside: Path, out: Path) -> None:
        streams = {key: ("speaker", rate) for key, rate in zip(plan.specs, self.guests, strict=False)}
        self._oracle = Oracle({"speaker": self.speaker}, streams)
        self.result: Result | None = None

    def run(self, trial: Trial, on_progress: OnProgress) -> Seen:
        if self.ends is not None and len(self._oracle.trials) == self.after:
            raise self.ends
        on_progress(trial.seconds)
        return self._oracle.run(trial)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "two.toml").write_text(TWO)
    monkeypatch.setattr(tuning, "Bench", FakeBench)
    return tmp_path / "two.toml"


def pasted(said: str) -> dict[str, object]:
    """The lines for the scenario, as a program reads them."""
    return tomllib.loads(said.partition("For the scenario:")[2].rpartition("Everything is in")[0])


def test_what_was_found_is_said_as_lines_to_paste(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune_file(path, "sim", path.parent / "out", TERMS, None)
    said = capsys.readouterr().out
    assert pasted(said) == {
        "devices": {"speaker": {"period_frames": 192, "buffer_frames": 1920}},
        "guests": [
            {"id": 1, "streams": [{"period_frames": 192, "buffer_frames": 192 * (1 + 2 + 2)}]},
            {"id": 2, "streams": [{"period_frames": 64, "buffer_frames": 64 * (1 + 6 + 5)}]},
        ],
    }
    assert "music [loud]: no underrun in 60 s, so fewer than 180 an hour (95 %): below the target." in said
    assert "Next smaller, 16.0 ms: " in said
    assert "was 480" in said


def test_the_answer_is_a_file_for_programs_too(path: Path) -> None:
    tune_file(path, "sim", path.parent / "out", TERMS, None)
    tuned = msgspec.json.decode((path.parent / "out" / "tune.json").read_bytes(), type=Tuned)
    assert (tuned.world, tuned.pacing, tuned.finished) == ("sim", "irq", True)
    assert [(stream.guest, stream.state, stream.buffer_ms) for stream in tuned.streams] == [
        ("music [loud]", "shown", 20.0), ("guest 2", "shown", 48.0),
    ]  # fmt: skip
    assert [stream.smallest_possible for stream in tuned.streams] == [False, False]
    verified = tuned.streams[0].verified
    assert verified is not None
    assert (verified.underruns, verified.seconds) == (0, 60)
    assert verified.high_hz == pytest.approx(3.0 / 60, rel=0.01)
    assert tuned.streams[0].playback_delay_ns is None, "not measured here"
    assert [trial.purpose for trial in tuned.trials] == sorted(
        (trial.purpose for trial in tuned.trials), key=["periods", "buffers", "verification"].index
    )


def test_every_field_of_the_answer_is_documented(path: Path) -> None:
    tune_file(path, "sim", path.parent / "out", TERMS, None)
    text = (Path(__file__).parents[3] / "docs" / "tune.md").read_text()
    document = json.loads((path.parent / "out" / "tune.json").read_bytes())
    stream = document["streams"][0]
    parts = (document, document["devices"][0], stream, stream["verified"], stream["smaller"], document["trials"][0])
    assert [key for part in parts for key in part if f"`{key}`" not in text] == []


def test_the_best_so_far_is_said_when_it_is_interrupted(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "ends", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tune_file(path, "sim", path.parent / "out", TERMS, None)
    said = capsys.readouterr().out
    assert "Ended early; the best so far" in said
    assert "held in a trial, but is not verified" in said
    assert pasted(said)["devices"]
    assert json.loads((path.parent / "out" / "tune.json").read_bytes())["finished"] is False


def test_a_run_that_fails_ends_it_and_what_was_found_is_kept(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "ends", RunError("guest-1 failed"))
    monkeypatch.setattr(FakeBench, "after", 0)
    with pytest.raises(RunError, match="guest-1 failed"):
        tune_file(path, "sim", path.parent / "out", TERMS, None)
    assert "best so far" not in capsys.readouterr().out, "there is none"
    assert json.loads((path.parent / "out" / "tune.json").read_bytes())["trials"] == []


def test_where_nothing_holds_that_is_said_and_no_lines(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "guests", (needs_room(2), always))
    assert not tune_file(path, "sim", path.parent / "out", TERMS, None)
    said = capsys.readouterr().out
    assert "guest 2: nothing holds" in said
    assert pasted(said)["guests"] == [{"id": 1, "streams": [{"period_frames": 192, "buffer_frames": 960}]}]


def test_the_floor_is_said_to_be_one(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "guests", (never, never))
    assert tune_file(path, "sim", path.parent / "out", TERMS, None)
    assert "With this period no smaller buffer is possible." in capsys.readouterr().out


def test_with_one_guest_the_device_has_no_lines(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune_file(path, "sim", path.parent / "out", TERMS, "guest 2")
    lines = pasted(capsys.readouterr().out)
    assert list(lines) == ["guests"]


def test_nothing_runs_before_all_is_known_to_be_right(path: Path) -> None:
    with pytest.raises(ConfigError, match="--guest"):
        tune_file(path, "sim", path.parent / "out", TERMS, "nobody")
    with pytest.raises(ConfigError, match="--world"):
        tune_file(path, "mars", path.parent / "out", TERMS, None)
    assert not (path.parent / "out").exists()


def test_a_target_that_the_time_cannot_show_is_a_refusal(tmp_path: Path) -> None:
    message = refusal("tune", written(tmp_path, GOOD), "--target", "1/h", "--seconds", "10", cwd=tmp_path)
    assert "--target: 1 an hour takes 3.0 h" in message
    assert "--seconds 1798" in message
    assert not (tmp_path / "out").exists()


def test_the_command_is_in_the_help(tmp_path: Path) -> None:
    said = vsnd("tune", "--help", cwd=tmp_path)
    assert said.returncode == 0
    for option in ("--target", "--seconds", "--guest", "--world", "--out"):
        assert option in said.stdout

"""An application's process: what it is told, and when it is over."""

from errno import EPIPE
from pathlib import Path

import msgspec
import pytest

from compose.clients.callback import CallbackStyle
from compose.clients.facts import ClientReport
from compose.clients.process import ClientPlan, play, report_path, run_client, write
from compose.clients.spec import ClientSpec
from hosts.api import HostError
from tests.compose.clients.staged import PERIOD, RATE_HZ, SeenTake, StagedClient, ramp


def plan_in(folder: Path) -> ClientPlan:
    spec = ClientSpec("tone", "speaker", plays="melody.flac")
    return ClientPlan(spec, 2, str(folder / "nobody"), str(folder), str(folder), 1.0)


def test_it_plays_until_so_much_was_heard(tmp_path: Path) -> None:
    here = StagedClient(100, playback=1, capture=1)
    take = SeenTake()
    style = CallbackStyle(here.client, ramp(tmp_path, 1), take)
    play(here.client, style, 100 * PERIOD / RATE_HZ)
    assert here.passed_frames >= 100 * PERIOD
    style.stop()
    assert take.numbers == list(range(here.frame))


def test_what_ends_it_goes_through(tmp_path: Path) -> None:
    here = StagedClient(3, playback=1, capture=0, failure=HostError(EPIPE, "the backend is gone"))
    style = CallbackStyle(here.client, ramp(tmp_path, 1), SeenTake())
    with pytest.raises(HostError, match="the backend is gone"):
        play(here.client, style, 1000.0)
    style.stop()


def test_a_plan_and_a_report_survive_their_files(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=ClientPlan) == plan
    report = ClientReport(domid=32770, rate_hz=48000, period_frames=480, ended="gone")
    write(report, plan)
    assert msgspec.json.decode(report_path(tmp_path, 2).read_bytes(), type=ClientReport) == report


def test_without_a_backend_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="nobody: no backend listens there"):
        run_client(plan_in(tmp_path))

"""Loads by name, and what is said of bad ones."""

from typing import Any

import pytest

from backend.config import ConfigError
from compose.load.spec import CpuLoad, FloodLoad, LoadReport, find_load


def test_three_loads_are_there_without_a_word() -> None:
    assert find_load("idle", {}) is None
    assert find_load("busy", {}) == CpuLoad(cpu=0.8)
    assert find_load("flood", {}) == FloodLoad()


def test_a_scenarios_own_load_comes_before_the_one_built_in() -> None:
    own = {"busy": {"kind": "cpu", "cpu": 0.5, "processors": [1]}, "storm": {"kind": "flood", "rings": 100}}
    assert find_load("busy", own) == CpuLoad(cpu=0.5, processors=[1])
    assert find_load("storm", own) == FloodLoad(rings=100)


@pytest.mark.parametrize(
    ("name", "own", "said"),
    [
        ("busi", {}, "load: 'busi' is none of: busy, flood, idle"),
        ("busi", {"disk": {}}, "load: 'busi' is none of: busy, disk, flood, idle"),
        ("disk", {"disk": {"kind": "disk"}}, "loads.disk.kind: 'disk' is none of: cpu, flood"),
        ("disk", {"disk": {}}, "loads.disk.kind: None is none of: cpu, flood"),
        ("idle", {"idle": {"kind": "cpu"}}, "loads.idle: that is the name for nothing"),
        ("hot", {"hot": {"kind": "cpu", "cpu": 1.5}}, "loads.hot.cpu: "),
        ("hot", {"hot": {"kind": "cpu", "cpu": 0}}, "loads.hot.cpu: "),
        ("hot", {"hot": {"kind": "cpu", "processors": []}}, "loads.hot.processors: "),
        ("hot", {"hot": {"kind": "flood", "cpu": 0.5}}, "unknown field `cpu`; there are: rings"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(name: str, own: dict[str, dict[str, Any]], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_load(name, own)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reports_add_up_and_no_requests_are_not_0_requests() -> None:
    assert LoadReport(1.5) + LoadReport(0.5) == LoadReport(2.0, None)
    assert LoadReport(1.0, 7) + LoadReport(1.0) == LoadReport(2.0, 7)

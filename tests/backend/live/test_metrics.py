import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from backend.live.follower import Follower
from backend.live.metrics import BackendCollector
from backend.live.snapshot import Snapshot, StreamFigures
from tests.backend.live.figures import BACKEND, GONE, MICROPHONE, MUSIC, SNAPSHOT, SPEAKER, VOICE

DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana-dashboard.json"
NAME = re.compile(r"\bvsnd_[a-z_]+")


class Still(Follower):
    """Shows one snapshot."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        super().__init__([])
        self._snapshot = snapshot

    def look(self) -> Snapshot | None:
        return self._snapshot


def families(snapshot: Snapshot | None) -> dict[str, Metric]:
    """As Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(BackendCollector(Still(snapshot)))
    return {family.name: family for family in text_string_to_metric_families(generate_latest(registry).decode())}


def value(family: Metric, name: str = "", **labels: str) -> float:
    (sample,) = [
        sample
        for sample in family.samples
        if sample.name == (name or sample.name) and labels.items() <= sample.labels.items()
    ]
    return sample.value


def test_without_a_backend_only_that_is_said() -> None:
    seen = families(None)
    assert list(seen) == ["vsnd_up"]
    assert value(seen["vsnd_up"]) == 0


def test_figures_are_in_base_units() -> None:
    seen = families(SNAPSHOT)
    assert value(seen["vsnd_up"]) == 1
    assert value(seen["vsnd_cpu_seconds"], "vsnd_cpu_seconds_total") == 2
    assert value(seen["vsnd_context_switches"], kind="voluntary") == 1000
    assert value(seen["vsnd_playback_delay_seconds"]) == -0.003
    assert value(seen["vsnd_capture_delay_seconds"], domid="2") == 0.004
    assert value(seen["vsnd_fill_seconds"], domid="1") == 0.02
    assert value(seen["vsnd_period_seconds"], domid="1") == 0.01
    assert value(seen["vsnd_underruns"], "vsnd_underruns_total", domid="1") == 1
    assert value(seen["vsnd_looks"], device="speaker") == 9000
    assert value(seen["vsnd_device_ahead_seconds"], device="speaker") == 0.015


def test_a_stream_has_the_same_labels_everywhere() -> None:
    labels = {"domid": "1", "card": "0", "stream": "0.0", "guest": "music", "direction": "playback"}
    seen = families(SNAPSHOT)
    for name in ("vsnd_underruns", "vsnd_fill_seconds", "vsnd_stream_info", "vsnd_period_lateness_seconds"):
        assert any(labels.items() <= sample.labels.items() for sample in seen[name].samples), name
    assert value(seen["vsnd_stream_info"], domid="1", device="speaker", pacing="irq", format="s16_le") == 1
    assert value(seen["vsnd_stream_state"], domid="1", vsnd_stream_state="running") == 1
    assert value(seen["vsnd_fill_seconds"], stream="1.1") == 0.02


def test_lateness_is_a_histogram_whose_buckets_add_up() -> None:
    family = families(SNAPSHOT)["vsnd_period_lateness_seconds"]
    assert family.type == "histogram"
    counts = [s.value for s in family.samples if s.name.endswith("_bucket") and s.labels["domid"] == "1"]
    assert counts == sorted(counts)
    assert counts[-1] == value(family, "vsnd_period_lateness_seconds_count", domid="1") == 9
    assert value(family, "vsnd_period_lateness_seconds_bucket", domid="1", le="6.25e-05") == 0
    assert value(family, "vsnd_period_lateness_seconds_bucket", domid="1", le="0.000125") == 9
    assert value(family, "vsnd_period_lateness_seconds_sum", domid="1") == 0.0007


def test_cards_of_guests_that_are_away_are_shown_and_have_no_streams() -> None:
    seen = families(SNAPSHOT)
    assert value(seen["vsnd_guest_connected"], domid="1") == 1
    assert value(seen["vsnd_guest_connected"], domid="3", guest="gone") == 0
    assert not [s for s in seen["vsnd_underruns"].samples if s.labels["domid"] == "3"]


def test_what_is_not_known_is_left_out() -> None:
    idle = MUSIC._replace(delay_ns=None, fill_ns=None, format=None, rate_hz=0)
    seen = families(Snapshot(BACKEND, (MICROPHONE,), (idle,)))
    for name in ("vsnd_playback_delay_seconds", "vsnd_fill_seconds", "vsnd_period_seconds", "vsnd_stream_info"):
        assert seen[name].samples == [], name
    assert seen["vsnd_device_ahead_seconds"].samples == []


def test_names_with_quotes_backslashes_and_lines_are_escaped() -> None:
    names = ['say "hi"', "back\\slash", "new\nline", "a\\", '{a="b"} 1']
    streams = tuple(MUSIC._replace(domid=n, guest=name) for n, name in enumerate(names, 1))
    seen = families(Snapshot(BACKEND, (SPEAKER,), streams))
    assert {s.labels["guest"] for s in seen["vsnd_fill_seconds"].samples} == set(names)


def test_two_devices_whose_names_were_cut_to_the_same_do_not_spoil_the_rest() -> None:
    seen = families(Snapshot(BACKEND, (SPEAKER, SPEAKER), (MUSIC,)))
    assert len(seen["vsnd_looks"].samples) == 1


def test_no_two_samples_are_of_the_same_series() -> None:
    second_card = MUSIC._replace(card=1)
    for family in families(Snapshot(BACKEND, (SPEAKER, MICROPHONE), (MUSIC, second_card, VOICE, GONE))).values():
        series = [(sample.name, *sorted(sample.labels.items())) for sample in family.samples]
        assert len(series) == len(set(series)), family.name


def test_names_follow_the_conventions() -> None:
    for name, family in families(SNAPSHOT).items():
        assert name.startswith("vsnd_")
        assert family.documentation.endswith("."), name
        assert not re.search(r"(_ms|_ns|_us|milliseconds|_count|_sum|_bucket|_total)$", name), name


def exported() -> set[str]:
    """Every series' name, as a query has it."""
    return {sample.name for family in families(SNAPSHOT).values() for sample in family.samples}


def panels(dashboard: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


def test_every_metric_that_the_dashboard_asks_for_is_there() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    asked += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    names = {name for query in asked for name in NAME.findall(query)}
    assert names <= exported()
    wanted = {"vsnd_playback_delay_seconds", "vsnd_period_lateness_seconds_bucket", "vsnd_fill_seconds"}
    assert wanted | {"vsnd_underruns_total", "vsnd_cpu_seconds_total"} <= names


def test_the_dashboard_can_be_imported() -> None:
    """What Grafana's classic model wants of one that is shared: docs of Grafana, "JSON model"."""
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["id"] is None
    assert dashboard["schemaVersion"] >= 36
    assert dashboard["title"]
    (source,) = dashboard["__inputs"]
    assert (source["name"], source["type"], source["pluginId"]) == ("DS_PROMETHEUS", "datasource", "prometheus")
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    assert {variable["name"] for variable in dashboard["templating"]["list"]} >= {"guest"}
    for panel in panels(dashboard):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["title"]
        assert panel["description"]


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_stream_of_a_guest_has_labels_that_can_be_chosen_by_guest() -> None:
    streams: list[StreamFigures] = [MUSIC, VOICE]
    seen = families(Snapshot(BACKEND, (), tuple(streams)))
    assert {s.labels["guest"] for s in seen["vsnd_stream_state"].samples} == {"music", "voice"}


def test_the_documentation_names_every_metric_and_no_other() -> None:
    documented = set(NAME.findall((DASHBOARD.parent / "top.md").read_text()))
    histogram = "vsnd_period_lateness_seconds"
    assert documented == {histogram if name.startswith(histogram) else name for name in exported()}

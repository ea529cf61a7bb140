"""compose.report.junit: a suite for each run, a case for each stream and rule, whatever names hold."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import msgspec

from backend.latency.build import measure
from backend.latency.facts import Facts
from compose.report.judge import judge
from compose.report.junit import Suite, write_junit
from compose.report.rules import read_rule
from tests.backend.latency.comparison.experiments import told, write_run

RULES = ("guest.media.period_lateness.p99 > 5us", "guest.media.underruns > 0")


def suite(folder: Path, facts: Facts, rules: tuple[str, ...] = RULES) -> Suite:
    write_run(folder, facts, [1000 * k for k in range(1000)])
    result, samples = measure(sorted((folder / "trace").iterdir()), facts)
    return Suite(folder.name, result, [judge(read_rule(rule), result, samples) for rule in rules])


def written(path: Path, *suites: Suite) -> Xml.Element:
    write_junit(suites, path)
    return Xml.fromstring(path.read_text())


def test_streams_and_rules_are_cases(tmp_path: Path) -> None:
    root = written(tmp_path / "junit.xml", suite(tmp_path / "01-irq", told()))
    cases = root.findall("testsuite/testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        ("01-irq.streams", "media, stream 0: playback of speech.flac"),
        ("01-irq.rules", f"fail if {RULES[0]}"),
        ("01-irq.rules", f"fail if {RULES[1]}"),
    ]
    out = cases[0].findtext("system-out") or ""
    assert "period_lateness: p50 0.50 ms, p99 0.99 ms, p999 \N{EN DASH}, max 1.00 ms (n = 1000)" in out
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "it is 0.989 ms (n = 1000)"
    assert cases[2].find("failure") is None


def test_cases_are_counted(tmp_path: Path) -> None:
    root = written(tmp_path / "junit.xml", suite(tmp_path / "a", told()), suite(tmp_path / "b", told()))
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "2", "0", "0"]
    assert [each.get("name") for each in root] == ["a", "b"]
    assert [each.get("failures") for each in root] == ["1", "1"]


def test_a_run_says_what_it_was(tmp_path: Path) -> None:
    (found,) = written(tmp_path / "junit.xml", suite(tmp_path / "a", told(load="busy")))
    properties = {each.get("name"): each.get("value") for each in found.findall("properties/property")}
    assert properties["load"] == "busy"
    assert properties["seed"] == "7"
    assert found.get("time") == "10.000"


def test_a_stream_that_was_not_measured_is_skipped(tmp_path: Path) -> None:
    result, _ = measure([], told())
    root = written(tmp_path / "junit.xml", Suite("a", result, []))
    assert root.get("skipped") == "1"
    assert root.find("testsuite/testcase/skipped") is not None


def test_names_may_hold_anything(tmp_path: Path) -> None:
    facts = told()
    odd = msgspec.structs.replace(facts.guests[0], name='<&"\x00\ud7ff\x1b\N{SNOWMAN}')
    root = written(
        tmp_path / "junit.xml", suite(tmp_path / "a", msgspec.structs.replace(facts, guests=[odd]), rules=())
    )
    name = root.findall("testsuite/testcase")[0].get("name") or ""
    assert name.startswith('<&"\N{REPLACEMENT CHARACTER}\ud7ff\N{REPLACEMENT CHARACTER}\N{SNOWMAN}, stream 0')

"""The same for a CI's page: JUnit's XML, a suite for each run, a case for each of its streams and each rule.

A stream's case holds its figures.  It is skipped where nothing was measured, and fails by no judgement of ours: what is
too late is for rules to say.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from backend.latency.files import replace_file
from backend.latency.result import Guest, Result, Stream, Summary
from backend.latency.table import NOT_SAID, milliseconds
from compose.report.judge import Finding
from compose.report.rules import DELAYS

UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, and a name may."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One run, judged."""

    name: str
    result: Result
    findings: Sequence[Finding]


def write_junit(suites: Sequence[Suite], path: Path) -> None:
    """Write the file; whoever looks sees the whole of it or none.  Raises OSError."""
    root = Xml.Element("testsuites", name="vsnd")
    for suite in suites:
        root.append(_suite(suite))
    _count(root)
    Xml.indent(root)
    replace_file(path, Xml.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _suite(suite: Suite) -> Xml.Element:
    run = suite.result.run
    element = Xml.Element("testsuite", name=_text(suite.name), timestamp=_text(run.started_at))
    properties = Xml.SubElement(element, "properties")
    for name in ("scenario", "world", "seed", "pacing", "load", "duration_s", "vsnd_version"):
        Xml.SubElement(properties, "property", name=name, value=_text(str(getattr(run, name))))
    for guest in suite.result.guests:
        for stream in guest.streams:
            element.append(_stream(suite, guest, stream))
    for finding in suite.findings:
        element.append(_rule(suite, finding))
    _count(element)
    element.set("time", f"{run.duration_s:.3f}")
    return element


def _stream(suite: Suite, guest: Guest, stream: Stream) -> Xml.Element:
    name = f"{guest.name}, stream {stream.stream}: {stream.direction} of {stream.recording}"
    case = Xml.Element("testcase", classname=_text(f"{suite.name}.streams"), name=_text(name))
    figures = [(delay, getattr(stream, f"{delay}_ns")) for delay in DELAYS]
    if all(summary is None for _, summary in figures):
        Xml.SubElement(case, "skipped", message="the trace says nothing of this stream")
    lines = [f"underruns {stream.underruns}, silent frames {stream.starved_frames}"]
    lines += [_figures(delay, summary) for delay, summary in figures if summary is not None]
    Xml.SubElement(case, "system-out").text = "\n".join(lines)
    return case


def _figures(delay: str, summary: Summary) -> str:
    quantiles = ((name, getattr(summary, name)) for name in ("p50", "p99", "p999", "max"))
    told = ", ".join(f"{name} {NOT_SAID if ns is None else f'{milliseconds(ns)} ms'}" for name, ns in quantiles)
    return f"{delay}: {told} (n = {summary.n})"


def _rule(suite: Suite, finding: Finding) -> Xml.Element:
    case = Xml.Element("testcase", classname=_text(f"{suite.name}.rules"), name=_text(f"fail if {finding.rule.text}"))
    if finding.broken:
        Xml.SubElement(case, "failure", type="rule", message=_text(finding.said)).text = _text(
            f"{finding.rule.text}: {finding.said}"
        )
    else:
        Xml.SubElement(case, "system-out").text = _text(finding.said)
    return case


def _count(element: Xml.Element) -> None:
    """JUnit wants to be told how many there are."""
    for attribute, found in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        element.set(attribute, str(len(list(element.iter(found)))))
    element.set("errors", "0")


def _text(text: str) -> str:
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)

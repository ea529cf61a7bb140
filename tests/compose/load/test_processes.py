"""Which processes make a load, and what becomes of their reports."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.config import ConfigError
from compose.facts import Block
from compose.load.cpu import Plan as CpuPlan
from compose.load.flood import Plan as FloodPlan
from compose.load.processes import DOMIDS, REPORT, flooder, flooder_domid, parts, report
from compose.load.spec import LoadReport
from compose.scenario import GuestSpec, Scenario, StreamSpec

STREAMS = [StreamSpec("speaker", plays="melody.flac"), StreamSpec("speaker", records="take.wav")]


def block(load: str, *domids: int, **loads: dict[str, Any]) -> Block:
    guests = [GuestSpec(domid, STREAMS) for domid in domids or (1,)]
    scenario = Scenario("test", {"speaker": {"kind": "clocked"}}, guests, load=[load], loads=loads)
    return Block(scenario, Path(), "irq", 7, Path(), datetime.now(UTC), load)


def test_nothing_is_started_for_an_idle_machine() -> None:
    assert parts(block("idle"), Path("m")) == []
    assert flooder(block("idle")) is None


def test_every_processor_we_may_use_gets_its_part() -> None:
    started = parts(block("busy"), Path("m"))
    plans = [plan for _, plan in started if isinstance(plan, CpuPlan)]
    assert [plan.processor for plan in plans] == sorted(os.sched_getaffinity(0))
    assert {(module, plan.share) for module, plan in started if isinstance(plan, CpuPlan)} == {
        ("compose.load.cpu", 0.8)
    }
    assert len({plan.seed for plan in plans}) == len(plans), "no two do the same at once"


def test_only_the_processors_that_are_named() -> None:
    processor = min(os.sched_getaffinity(0))
    own = {"kind": "cpu", "processors": [processor], "memory_kib": 128}
    ((_, plan),) = parts(block("own", own=own), Path("m"))
    assert plan == CpuPlan(0.8, 128 * 1024, processor, 7)


def test_a_processor_that_we_have_not_got_is_named() -> None:
    with pytest.raises(ConfigError, match=r"loads.own.processors: 4095 is none of ours: "):
        parts(block("own", own={"kind": "cpu", "processors": [4095]}), Path("m"))


def test_who_floods_is_a_guest_of_its_own_with_one_stream_like_the_first() -> None:
    made = flooder(block("flood", 1, 2))
    assert made is not None
    assert (made.id, made.name) == (DOMIDS[-1], "flood")
    assert made.streams == STREAMS[:1]
    ((module, plan),) = parts(block("flood", 1, 2), Path("m"))
    assert (module, plan) == ("compose.load.flood", FloodPlan("m", made.id, 10))


def test_who_floods_takes_nobodys_number() -> None:
    assert flooder_domid(block("flood", 1, 32751, 32750)) == 32749


def test_what_all_parts_said_is_added_up(tmp_path: Path) -> None:
    assert report(tmp_path) is None
    for number, said in enumerate((LoadReport(1.0), LoadReport(2.0, 5))):
        (tmp_path / f"load-{number}{REPORT}").write_bytes(msgspec.json.encode(said))
    assert report(tmp_path) == LoadReport(3.0, 5)

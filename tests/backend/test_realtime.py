"""Real-time help, asked for and refused, by real processes: each in a child, since little of it can be given back."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backend.config import ConfigError, read_config
from backend.latency.facts import Help, RealtimeHelp
from backend.realtime import SIMULATED, Realtime, at_the_end
from compose.doctor.probes import RealProbes

MIB = 1 << 20
FIELDS = RealtimeHelp.__struct_fields__
DENIED = RealProbes().fifo_error()
may_fifo = pytest.mark.skipif(bool(DENIED), reason=f"SCHED_FIFO: {DENIED}")
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes a root to become somebody with fewer rights")

CHILD = """
import gc, json, logging, os, resource, sys
import msgspec
from backend.realtime import Realtime, ask, at_the_end
from hosts.fifo import fifo_priority
logging.basicConfig(format="%(message)s")
def limit(which, most):
    resource.setrlimit(which, (most, most))
def drop():
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
{before}
given = ask(msgspec.convert(json.loads(sys.argv[1]), Realtime))
{after}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps(dict(
    help=msgspec.to_builtins(at_the_end(given)), fifo=fifo_priority(), policy=os.sched_getscheduler(0),
    cpus=sorted(os.sched_getaffinity(0)), collector=gc.isenabled(), locked=int(status["VmLck"].split()[0]) << 10,
    runaway=resource.getrlimit(resource.RLIMIT_RTTIME), said=locals().get("said"),
)))
"""
NO_RIGHTS = "limit(resource.RLIMIT_RTPRIO, 0)\nlimit(resource.RLIMIT_MEMLOCK, 65536)\nif not os.getuid(): drop()"


class Child(NamedTuple):
    seen: dict[str, Any]
    lines: list[str]
    status: int

    def help(self, field: str) -> tuple[str, str]:
        said = self.seen["help"][field]
        return said["state"], said["detail"]


def child(wanted: dict[str, object], before: str = "", after: str = "") -> Child:
    """A process that asks for that, what it then saw of itself, and what it logged."""
    code = CHILD.format(before=before, after=after)
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(wanted)], capture_output=True, text=True, timeout=60, check=False
    )
    return Child(json.loads(done.stdout or "{}"), done.stderr.splitlines(), done.returncode)


def test_unless_asked_only_the_collector_rests() -> None:
    made = child({})
    assert made.help("silence_collector") == ("granted", "frozen and off")
    assert {made.help(field) for field in FIELDS if field != "silence_collector"} == {("not asked for", "")}
    assert (made.seen["fifo"], made.seen["locked"], made.seen["collector"]) == (0, 0, False)
    assert set(made.seen["cpus"]) == os.sched_getaffinity(0)
    assert made.lines == []


def test_the_collector_may_go_on() -> None:
    made = child({"silence_collector": False})
    assert made.help("silence_collector") == ("not asked for", "")
    assert made.seen["collector"]


@may_fifo
def test_all_is_granted_and_true() -> None:
    cpu = min(os.sched_getaffinity(0))
    made = child({"priority": 10, "lock_memory": True, "cpus": [cpu], "timer_slack_ns": 1000})
    assert {made.help(field)[0] for field in FIELDS} == {"granted"}
    assert made.help("priority")[1] == "SCHED_FIFO 10"
    assert made.help("cpus")[1] == str(cpu)
    assert int(made.help("timer_slack_ns")[1]) <= 1000, "none at all where real-time processes have none"
    assert (made.seen["fifo"], made.seen["cpus"]) == (10, [cpu])
    assert made.seen["policy"] & os.SCHED_RESET_ON_FORK
    assert made.seen["locked"] > 10 * MIB
    assert made.seen["runaway"] == [200_000, 1_000_000]
    assert made.lines == []


def test_refusals_are_a_line_each_and_no_end() -> None:
    made = child({"priority": 50, "lock_memory": True, "cpus": [8191]}, before=NO_RIGHTS)
    assert made.status == 0
    assert made.help("priority") == (
        "refused", "Operation not permitted: RLIMIT_RTPRIO is 0, and there is no CAP_SYS_NICE",
    )  # fmt: skip
    assert made.help("lock_memory") == (
        "refused", "Cannot allocate memory: RLIMIT_MEMLOCK is 65536, and there is no CAP_IPC_LOCK",
    )  # fmt: skip
    assert made.help("cpus") == ("refused", "Invalid argument")
    assert (made.seen["fifo"], made.seen["locked"]) == (0, 0)
    assert [line.partition(": refused: ")[0] for line in made.lines] == [
        "realtime.lock_memory", "realtime.cpus", "realtime.priority",
    ]  # fmt: skip
    assert "rtprio" in made.lines[2]
    assert "memlock" in made.lines[0]


@may_fifo
def test_within_a_limit_what_comes_after_memory_was_locked_is_not_locked() -> None:
    """For were it locked as well, it might meet the limit."""
    limited = "import hosts.process, types\nhosts.process.MEMLOCK = types.SimpleNamespace(missing=lambda n: n < 0)"
    made = child({"lock_memory": True}, before=limited, after="more = bytearray(1 << 28)")
    assert made.help("lock_memory") == ("granted", "all there was at the start")
    assert 10 * MIB < made.seen["locked"] < 256 * MIB
    unlimited = child({"lock_memory": True}, after="more = bytearray(1 << 28)")
    assert unlimited.help("lock_memory") == ("granted", "all")
    assert unlimited.seen["locked"] > 256 * MIB


@pytest.mark.parametrize("after", ["", pytest.param("drop()", marks=is_root)])
@may_fifo
def test_who_runs_away_with_a_priority_goes_on_without(after: str) -> None:
    made = child({"priority": 5}, after=f"{after}\nwhile fifo_priority(): pass")
    assert made.status == 0
    assert made.help("priority") == ("given up", "ran for 200 ms without a pause")
    assert made.seen["fifo"] == 0
    assert made.lines == ["real time: SCHED_FIFO given up: ran for 200 ms without a pause"]


@may_fifo
def test_who_cannot_be_told_is_killed() -> None:
    made = child({"priority": 5}, after="sum(range(10**12))  # no line of Python until that is done")
    assert made.status == -9


@may_fifo
def test_a_virtual_card_inherits_nothing_and_stands_above() -> None:
    after = """
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.process import ProcessBus
from hosts.loop import RealLoop
from ringproto.card import Direction
bus = ProcessBus(ClockedOptions(), Direction.PLAYBACK, RealLoop())
said = fifo_priority(bus.pid), sorted(os.sched_getaffinity(bus.pid)), sorted(os.sched_getaffinity(0))
bus.close()
"""
    cpus = sorted(os.sched_getaffinity(0))
    made = child({"priority": 10, "cpus": cpus[:1]}, after=after)
    assert made.seen["said"] == [11, cpus, cpus[:1]]
    assert child({}, after=after).seen["said"][0] == 0


def test_only_a_priority_can_be_lost() -> None:
    granted = RealtimeHelp(**dict.fromkeys(FIELDS, Help(state="granted")))
    ended = at_the_end(granted)
    assert ended.priority.state == "given up"
    assert {getattr(ended, field).state for field in FIELDS if field != "priority"} == {"granted"}
    assert at_the_end(SIMULATED) == SIMULATED


@pytest.mark.parametrize(
    "line",
    [
        "priority = 0", "priority = 99", "priority = 1.5", 'lock_memory = "yes"', "cpus = []", "cpus = [-1]",
        "cpus = 1", "timer_slack_ns = 0", "silence_collector = 1",
    ],
)  # fmt: skip
def test_a_bad_value_is_one_line_that_names_the_field(tmp_path: Path, line: str) -> None:
    path = tmp_path / "backend.toml"
    path.write_text(f"[devices]\n[streams]\n[realtime]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}: realtime.{line.split(maxsplit=1)[0]}")
    assert "\n" not in str(caught.value)


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "backend.toml"
    path.write_text("[devices]\n[streams]\n[realtime]\nnice = -11\n")
    with pytest.raises(ConfigError, match=r"realtime.*nice"):
        read_config(path)


def test_a_file_says_it_all(tmp_path: Path) -> None:
    path = tmp_path / "backend.toml"
    path.write_text("[devices]\n[streams]\n")
    assert read_config(path).realtime == Realtime()
    path.write_text("[devices]\n[streams]\n[realtime]\npriority = 98\ncpus = [1, 0]\nlock_memory = true\n")
    assert read_config(path).realtime == Realtime(priority=98, cpus=[1, 0], lock_memory=True)

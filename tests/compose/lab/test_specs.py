from typing import Any

import msgspec
import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from backend.realtime import Realtime
from compose.lab.labels import PART, RUN
from compose.lab.specs import dom0_container, guest_container, load_container, quota_us, staying, with_priority
from compose.scenario import GuestSpec, StreamSpec

LABELS = {RUN: "r1"}
GUEST = GuestSpec(id=3, streams=[StreamSpec(device="speaker", plays="melody.flac")])


def guest(**more: object) -> dict[str, Any]:
    return guest_container(LABELS, "guest-3", msgspec.structs.replace(GUEST, **more), ["compose.domains"])


EVERY = {
    "guest": guest(),
    "load": load_container(LABELS, "load-0", 100, ["compose.load.cpu"]),
    "dom0": dom0_container(LABELS, [3, 4], ["plan"]),
}


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_every_container_is_locked_in(options: dict[str, Any]) -> None:
    assert options["network_mode"] == "none"
    assert options["read_only"] is True
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges"]
    assert not options["user"].startswith("0")
    assert options["pids_limit"] > 0
    assert options["mem_limit"] == options["memswap_limit"]
    assert not options.get("privileged")
    assert not options.get("cap_add")


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_every_container_and_volume_bears_the_run(options: dict[str, Any]) -> None:
    assert options["labels"][RUN] == "r1"
    assert options["labels"][PART] == options["hostname"]
    for mount in options["mounts"]:
        assert mount["VolumeOptions"]["Labels"] == LABELS


def test_a_guest_has_its_own_sockets_and_cannot_replace_them() -> None:
    machine = {m["Target"]: m["ReadOnly"] for m in guest()["mounts"] if m["Target"].startswith("/machine")}
    assert machine == {"/machine/dom3": True}


def test_dom0_has_the_sockets_of_all() -> None:
    machine = {m["Target"]: m["ReadOnly"] for m in EVERY["dom0"]["mounts"] if m["Target"].startswith("/machine")}
    assert machine == {"/machine/dom3": False, "/machine/dom4": False}


def test_both_ends_name_the_same_volume() -> None:
    ends = [{m["Target"]: m["Source"] for m in options["mounts"]} for options in (guest(), EVERY["dom0"])]
    assert ends[0]["/machine/dom3"] == ends[1]["/machine/dom3"]
    assert ends[0]["/out"] != ends[1]["/out"]


def test_every_guest_is_a_user_of_its_own() -> None:
    other = guest_container(LABELS, "guest-4", msgspec.structs.replace(GUEST, id=4), [])
    assert len({guest()["user"], other["user"], EVERY["dom0"]["user"]}) == 3


def test_a_share_of_a_processor_is_a_quota() -> None:
    limited = guest(cpu_limit=0.25)
    assert limited["cpu_quota"] / limited["cpu_period"] == 0.25
    assert quota_us(1.5) == 150_000
    assert "cpu_quota" not in guest()


def test_processors_are_pinned_from_outside_too() -> None:
    assert guest(realtime=Realtime(cpus=[0, 2]))["cpuset_cpus"] == "0,2"
    assert "cpuset_cpus" not in guest()


def test_memory_is_what_the_scenario_says() -> None:
    assert guest(memory_mb=64)["mem_limit"] == "64m"


def test_a_backend_with_a_priority_has_the_right_to_it_and_hardly_another() -> None:
    options = with_priority(EVERY["dom0"], rationed=False)
    assert "cpu_rt_runtime" not in options
    assert with_priority(EVERY["dom0"], rationed=True)["cpu_rt_runtime"] < 1_000_000
    assert options["cap_drop"] == ["ALL"]
    assert options["cap_add"] == ["SYS_NICE", "DAC_OVERRIDE"]
    assert "cap_add" not in EVERY["dom0"]


def test_what_stays_is_started_again_so_often_when_it_fails() -> None:
    policy = staying(EVERY["dom0"])["restart_policy"]
    assert policy["Name"] == "on-failure"
    assert policy["MaximumRetryCount"] > 0
    assert not any("restart_policy" in options for options in EVERY.values())


def test_dom0_buries_whom_a_dead_backend_leaves() -> None:
    assert EVERY["dom0"]["init"] is True

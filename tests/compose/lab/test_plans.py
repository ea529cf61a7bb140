import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from compose.facts import Block
from compose.faults import Fault
from compose.lab.dom0 import Plan
from compose.lab.plans import LIVES_MAX, PLAN, carded, dom0_told, guest_leaves, guest_told, hostile_told, load_told
from compose.load import processes as loading
from compose.scenario import RECORDINGS, GuestSpec, Scenario, StreamSpec


def block(folder: Path, load: str = "idle", plays: str = "melody.flac") -> Block:
    """A guest that plays and records, on a card that records from a file and writes one."""
    streams = [StreamSpec(device="card", plays=plays), StreamSpec(device="card", records="take.wav")]
    device = {"kind": "clocked", "play_to": "mix.wav", "record_from": "melody.flac"}
    scenario = Scenario(name="one", devices={"card": device}, guests=[GuestSpec(id=2, streams=streams)], load=[load])
    return Block(scenario, folder, "irq", 1, folder / "result", datetime.now(UTC), load)


def test_devices_write_and_read_inside(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    told = dom0_told(block(tmp_path))
    device = json.loads(told.files[PLAN])["config"]["devices"]["card"]
    assert device["play_to"] == "/out/mix.wav"
    assert device["record_from"] == "/out/card-input.wav"
    assert told.files["card-input.wav"][:4] == b"RIFF"
    assert told.command == (f"/out/{PLAN}",)


def test_dom0_reads_what_it_was_told(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    plan = msgspec.json.decode(dom0_told(block(tmp_path)).files[PLAN], type=Plan)
    assert [guest.id for guest in plan.guests] == [2]
    assert (plan.machine, plan.out, plan.comings) == ("/machine", "/out", False)


def test_a_guest_is_told_what_the_processes_world_tells_it(tmp_path: Path) -> None:
    one = block(tmp_path)
    told = guest_told(one, one.scenario.guests[0], 7.5, 1)
    assert told.command == ("compose.domains", "guest", "/machine", f"/out/{PLAN}", "/out", "/out", "7.5", "1")
    assert msgspec.json.decode(told.files[PLAN], type=GuestSpec) == one.scenario.guests[0]
    assert set(told.files) == {PLAN}, "vsnd's own recordings are in the image"


def test_a_recording_of_ones_own_is_handed_over(tmp_path: Path) -> None:
    (tmp_path / "mine.flac").write_bytes((RECORDINGS / "navigation.flac").read_bytes())
    one = block(tmp_path, plays="mine.flac")
    assert set(guest_told(one, one.scenario.guests[0], 10).files) == {PLAN, "mine.flac"}


def test_markers_are_no_file(tmp_path: Path) -> None:
    one = block(tmp_path, plays="markers")
    assert set(guest_told(one, one.scenario.guests[0], 10).files) == {PLAN}


def test_a_guest_that_floods_has_a_card_too(tmp_path: Path) -> None:
    one = block(tmp_path, "flood")
    flood = carded(one)[-1]
    assert (flood.name, flood.id, len(flood.streams)) == ("flood", loading.flooder_domid(one), 1)
    assert [guest.id for guest in carded(block(tmp_path))] == [2]


def test_a_load_leaves_its_report_under_its_own_name(tmp_path: Path) -> None:
    part = loading.parts(block(tmp_path, "flood"), Path("/machine"))[0]
    told = load_told(part, "load-0")
    assert told.command == ("compose.load.flood", f"/out/{PLAN}", "/out/load-0.report")
    assert json.loads(told.files[PLAN])["machine"] == "/machine"


def test_nothing_else_is_taken_from_a_guest(tmp_path: Path) -> None:
    spec = block(tmp_path).scenario.guests[0]
    left = guest_leaves(spec)
    assert left - {f"take.{life}.wav" for life in range(1, LIVES_MAX)} == {
        "guest-2.json", "trace/guest-2.vtrace", "take.wav"
    }  # fmt: skip
    assert len(left) == 2 + LIVES_MAX


def test_what_a_restarted_guest_leaves_has_its_number(tmp_path: Path) -> None:
    left = guest_leaves(block(tmp_path).scenario.guests[0], 2)
    assert {"guest-2.json", "trace/guest-2.2.vtrace", "take.2.wav"} <= left
    assert not left & {"trace/guest-2.vtrace", "take.wav", "take.1.wav"}


def test_a_sound_server_is_elsewhere_inside(tmp_path: Path) -> None:
    one = block(tmp_path)
    one.scenario.devices["card"] = {"kind": "pulse", "server": "unix:/a", "cookie": "/b", "device": "speaker"}
    device = json.loads(dom0_told(one).files[PLAN])["config"]["devices"]["card"]
    assert device == {"kind": "pulse", "device": "speaker"}


def test_who_comes_later_is_known_from_the_beginning_and_told_to_wait(tmp_path: Path) -> None:
    one = block(tmp_path)
    (tmp_path / "result").mkdir()
    faults = [Fault(1, "hostile"), Fault(2, "hostile")]
    one = replace(one, scenario=msgspec.structs.replace(one.scenario, faults=faults))
    plan = msgspec.json.decode(dom0_told(one).files[PLAN], type=Plan)
    assert [guest.id for guest in plan.later] == [32750, 32749]
    assert [guest.id for guest in plan.guests] == [2]
    told = hostile_told(32750)
    assert told.command == ("compose.chaos.hostile", f"/out/{PLAN}", "/out/said")
    assert json.loads(told.files[PLAN])["domid"] == 32750

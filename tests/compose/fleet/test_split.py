from itertools import chain
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from compose.faults import Fault
from compose.fleet.spec import HostSpec
from compose.fleet.split import host_blocks, host_scenario
from compose.run import plan_blocks
from compose.scenario import GuestSpec, Scenario, StreamSpec

LEFT, RIGHT = HostSpec("left", "default", [1, 3]), HostSpec("right", "unix:///run/other.sock", [2])
WHOLE = Scenario(
    name="fleet",
    devices={"speaker": {"kind": "clocked"}, "radio": {"kind": "clocked"}, "nobodys": {"kind": "wav"}},
    guests=[
        GuestSpec(1, [StreamSpec("speaker", plays="melody.flac")]),
        GuestSpec(2, [StreamSpec("radio", plays="melody.flac"), StreamSpec("speaker", records="take.wav")]),
        GuestSpec(3, [StreamSpec("speaker", plays="melody.flac")]),
    ],
    faults=[Fault(1.0, "pause", 2), Fault(2.0, "pause", 3), Fault(3.0, "backend")],
    hosts=[LEFT, RIGHT],
)


def of(host: HostSpec, scenario: Scenario = WHOLE, seed: int = 1) -> Scenario:
    return host_scenario(scenario, host, seed)


def test_a_host_has_its_guests_and_the_devices_that_they_use() -> None:
    assert [guest.id for guest in of(LEFT).guests] == [1, 3]
    assert list(of(LEFT).devices) == ["speaker"]
    assert [guest.id for guest in of(RIGHT).guests] == [2]
    assert list(of(RIGHT).devices) == ["speaker", "radio"]


def test_what_happens_to_a_guest_happens_on_its_host_and_the_rest_on_each() -> None:
    assert [fault.at_s for fault in of(LEFT).faults] == [2.0, 3.0]
    assert [fault.at_s for fault in of(RIGHT).faults] == [1.0, 3.0]


@given(count=st.integers(0, 20), seed=st.integers(0, 1 << 32))
def test_what_a_seed_draws_is_given_out_and_nothing_is_lost(count: int, seed: int) -> None:
    whole = msgspec.structs.replace(WHOLE, random_faults=count)
    parts = [of(host, whole, seed) for host in whole.hosts]
    assert [part.random_faults for part in parts] == [0, 0]
    given_out = list(chain.from_iterable(part.faults for part in parts))
    for fault in whole.all_faults(seed):
        assert given_out.count(fault) == (1 if fault.guest else 2)
    assert set(given_out) == set(whole.all_faults(seed))


def test_a_hosts_scenario_has_no_hosts_and_all_else_of_the_whole() -> None:
    part = of(LEFT)
    same = {
        "name": WHOLE.name,
        "guests": WHOLE.guests,
        "devices": WHOLE.devices,
        "faults": WHOLE.faults,
        "hosts": WHOLE.hosts,
    }
    assert (part.name, part.hosts) == ("fleet on left", [])
    assert msgspec.structs.replace(part, **same) == WHOLE


def test_hosts_have_the_same_runs_in_folders_of_their_own(tmp_path: Path) -> None:
    whole = msgspec.structs.replace(WHOLE, pacing=["irq", "timer"], load=["idle", "busy"], repeats=2)
    runs = {host.name: list(host_blocks(whole, host, tmp_path, tmp_path, 5)) for host in whole.hosts}
    alike = [[(block.pacing, block.load, block.seed) for block in blocks] for blocks in runs.values()]
    assert alike[0] == alike[1] == [(b.pacing, b.load, b.seed) for b in plan_blocks(whole, tmp_path, tmp_path, 5)]
    assert {block.out.parent for block in runs["left"]} == {tmp_path / "left"}
    assert len({block.out for block in chain.from_iterable(runs.values())}) == 16


def test_a_single_run_has_the_hosts_folder_for_itself(tmp_path: Path) -> None:
    (block,) = host_blocks(WHOLE, RIGHT, tmp_path, tmp_path, 1)
    assert block.out == tmp_path / "right"
    assert block.scenario == of(RIGHT)

"""What rungs mean: the floor is the backend's rule, and nothing that it refuses is ever tried."""

import msgspec
import pytest

from backend.config import ConfigError
from compose.otherwise import settle
from compose.scenario import SCENARIOS, GuestSpec, Scenario, StreamSpec, read_scenario
from compose.tune.ledger import Setting
from compose.tune.sizes import PERIODS_NS, ROOMS, Plan, Size


def scenario(*streams: StreamSpec, **fields: object) -> Scenario:
    guests = [GuestSpec(number + 1, [stream], f"guest-{number + 1}") for number, stream in enumerate(streams)]
    return Scenario("test", {"speaker": {"kind": "clocked"}}, guests, **fields)  # type: ignore[arg-type]


def player(**fields: object) -> StreamSpec:
    return StreamSpec("speaker", plays="melody.flac", **fields)  # type: ignore[arg-type]


def at(plan: Plan, period_ms: float, room: int) -> Setting:
    period = PERIODS_NS.index(round(period_ms * 1e6))
    return Setting(dict.fromkeys(plan.ladders, period), dict.fromkeys(plan.specs, ROOMS.index(room)))


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        (player(), Size(192, 192 * (1 + 2 + 5))),  # its period, two of the card's, the room
        (player(rate_hz=16000), Size(64, 64 * (1 + 6 + 5))),  # 128 frames mixed ahead and 240 looked ahead
        (player(rate_hz=44100), Size(176, 176 * (1 + 4 + 5))),  # 353 and 240: rounded up
        (StreamSpec("speaker", records="take.wav"), Size(192, 192 * (1 + 1 + 5))),  # what one look brings
    ],
)
def test_a_buffer_is_a_period_and_what_is_taken_ahead_and_room(stream: StreamSpec, size: Size) -> None:
    plan = Plan(scenario(stream), None)
    assert plan.size((1, 0), at(plan, 4, 5)) == size


def test_the_systems_clock_takes_a_period_more_and_resampling() -> None:
    plan = Plan(scenario(player(clock="system")), None)
    size = plan.size((1, 0), at(plan, 4, 0))
    assert size == Size(192, 192 * (1 + 5)), "576 mixed ahead, 240 and a little looked ahead"


def test_adaptive_pacing_leaves_the_card_and_mixes_ahead_a_fixed_time() -> None:
    plan = Plan(scenario(player(), pacing=["adaptive"]), None)
    setting = at(plan, 4, 0)
    assert plan.device("speaker", setting) == {"kind": "clocked"}
    assert plan.size((1, 0), setting) == Size(192, 192 * (1 + 2)), "8 ms"
    assert plan.size((1, 0), at(plan, 1, 0)) == Size(48, 48 * (1 + 8))


def test_a_guests_period_is_a_millisecond_at_the_least() -> None:
    plan = Plan(scenario(player(rate_hz=44100)), None)
    assert plan.size((1, 0), at(plan, 1, 0)).period_frames == 45, "44 would be refused"


def test_the_largest_buffers_have_128_ms_of_room_and_no_rung_is_smaller_than_the_one_below() -> None:
    plan = Plan(scenario(player()), None)
    for period, rungs in enumerate(plan.devices["speaker"]):
        sizes = [plan.size((1, 0), Setting({"speaker": period}, {(1, 0): rung})) for rung in range(rungs)]
        buffers = [size.buffer_frames for size in sizes]
        assert buffers == sorted(set(buffers))
        assert buffers[-1] - buffers[0] >= 0.128 * 48000
        assert all(size.buffer_frames % size.period_frames == 0 for size in sizes)


def test_the_cards_period_and_buffer_follow() -> None:
    plan = Plan(scenario(player()), None)
    small, large = plan.device("speaker", at(plan, 2, 0)), plan.device("speaker", at(plan, 32, 0))
    assert (small["period_frames"], small["buffer_frames"]) == (96, 1920)
    assert (large["period_frames"], large["buffer_frames"]) == (1536, 4 * 1536)


def test_periods_that_the_driver_would_refuse_are_left_out() -> None:
    wanted = scenario(player())
    burst = {"kind": "clocked", "burst_frames": 200, "interrupt_latency_ns": 5_000_000}
    plan = Plan(msgspec.structs.replace(wanted, devices={"speaker": burst}), None)
    assert min(plan.ladders["speaker"].rungs_ns) == 6_000_000, "as long as what it fetches at once, and more than late"
    impossible = {"kind": "clocked", "burst_frames": 48000}
    with pytest.raises(ConfigError, match=r"devices.speaker: .*burst_frames"):
        Plan(msgspec.structs.replace(wanted, devices={"speaker": impossible}), None)


def test_one_guest_alone_leaves_all_else_as_it_is() -> None:
    wanted = scenario(player(), player(), player())
    for name in ("guest-2", "2"):
        plan = Plan(wanted, name)
        assert set(plan.specs) == {(2, 0)}
        setting = Setting({"speaker": 0}, {(2, 0): 1})
        tuned = plan.tuned(setting, 10)
        assert tuned.devices == wanted.devices
        assert [tuned.guests[0], tuned.guests[2]] == [wanted.guests[0], wanted.guests[2]]
        assert plan.size((2, 0), setting) == Size(480, 480 * 4), "as often as the card is looked at"


def test_an_unknown_guest_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"--guest: 'guest-9' is none of: guest-1, guest-2"):
        Plan(scenario(player(), player()), "guest-9")


def test_what_is_broken_on_purpose_is_not_tuned() -> None:
    with pytest.raises(ConfigError, match="faults"):
        Plan(scenario(player(), random_faults=3), None)
    with pytest.raises(ConfigError, match=r"numbers.flac is for runs without a gap"):
        Plan(scenario(StreamSpec("speaker", plays="numbers.flac")), None)


def test_every_stream_plays_as_long_as_the_trial_whenever_it_begins() -> None:
    plan = Plan(scenario(player(), player(begins_s=2.5), pacing=["timer", "irq"], repeats=4), None)
    tuned = plan.tuned(at(plan, 4, 0), 10)
    assert (tuned.duration_s, tuned.pacing, tuned.repeats) == (12.5, ["timer"], 1)
    assert tuned.guests[1].streams[0].begins_s == 2.5


def test_every_size_is_a_good_scenario_for_all_that_is_shipped() -> None:
    """As the scenario's own check has it: two periods at least, whole devices, nothing unknown."""
    for path in sorted(SCENARIOS.glob("*.toml")):
        wanted, _ = settle(read_scenario(path), simulated=True)
        if wanted.random_faults or wanted.faults:
            continue
        plan = Plan(wanted, None)
        for period in range(min(map(len, plan.devices.values()))):
            setting = Setting(dict.fromkeys(plan.ladders, period), dict.fromkeys(plan.specs, 0))
            for guest in plan.tuned(setting, 5).guests:
                for stream in guest.streams:
                    assert stream.buffer_frames >= 2 * stream.period_frames
                    assert stream.period_frames * 1000 >= stream.rate_hz

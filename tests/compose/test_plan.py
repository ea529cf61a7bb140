"""From a scenario to what each side is told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import soundfile

from backend.config import BackendConfig, ConfigError, Plug
from backend.devices.api import DeviceParams
from backend.jack import Place
from backend.pacing.choose import Pacing
from backend.patchbay import Wanted
from compose.clients.spec import ClientSpec
from compose.facts import Block
from compose.plan import (
    SLACK_S,
    attachment,
    backend_config,
    backend_records,
    later_guest,
    limits,
    open_traced,
    trace_records,
    unique_id,
)
from compose.scenario import GuestSpec, Scenario, StreamSpec
from frontend.params import PcmParams
from hosts.sim.machine import SimMachine
from ringproto.card import Direction, format_card, parse_card
from ringproto.formats import Format
from ringproto.trace import RATION

GUEST = GuestSpec(
    3,
    [
        StreamSpec("speaker", plays="melody.flac", rate_hz=44100, period_frames=441, buffer_frames=1764),
        StreamSpec("mic", records="take.wav", format="u8", channels=1, rate_hz=16000),
    ],
)
SCENARIO = Scenario(
    "test",
    {"speaker": {"kind": "clocked", "play_to": "mix.wav"}, "mic": {"kind": "clocked", "rate_hz": 44100, "channels": 1}},
    [GUEST],
)


def block(out: Path, scenario: Scenario = SCENARIO, pacing: Pacing = "irq") -> Block:
    return Block(scenario, out, pacing, 1, out, datetime.now(UTC))


def test_every_device_is_a_stream_of_its_own_name(tmp_path: Path) -> None:
    config = backend_config(block(tmp_path))
    assert config.streams == {"speaker": Plug("speaker"), "mic": Plug("mic")}
    assert list(config.devices) == ["speaker", "mic"]


def test_streams_of_one_device_that_are_to_be_heard_sooner_have_ids_of_their_own(tmp_path: Path) -> None:
    (stream, other) = GUEST.streams
    quick = msgspec.structs.replace(GUEST, streams=[stream, msgspec.structs.replace(stream, latency_ms=12.5), other])
    asked = block(tmp_path, msgspec.structs.replace(SCENARIO, guests=[quick]))
    assert backend_config(asked).streams == {
        "speaker": Plug("speaker"), "speaker in 12.5 ms": Plug("speaker", 12.5), "mic": Plug("mic"),
    }  # fmt: skip
    assert [s.unique_id for s in attachment(quick).card.pcms[0].streams] == ["speaker", "speaker in 12.5 ms", "mic"]


def test_who_goes_by_the_systems_clock_has_an_id_of_its_own(tmp_path: Path) -> None:
    (stream, other) = GUEST.streams
    phone = [msgspec.structs.replace(spec, clock="system") for spec in (stream, other)]
    guest = msgspec.structs.replace(GUEST, streams=[stream, *phone, msgspec.structs.replace(phone[0], latency_ms=5)])
    ids = {unique_id(spec): Plug(spec.device, spec.latency_ms, spec.clock) for spec in guest.streams}
    assert len(ids) == 4
    assert backend_config(block(tmp_path, msgspec.structs.replace(SCENARIO, guests=[guest]))).streams == ids


@pytest.mark.parametrize("pacing", ["irq", "timer", "timer-naive", "adaptive"])
def test_the_pacing_is_the_blocks(tmp_path: Path, pacing: Pacing) -> None:
    assert backend_config(block(tmp_path, pacing=pacing)).pacing == pacing


def test_files_to_write_go_into_the_output_folder(tmp_path: Path) -> None:
    config = backend_config(block(tmp_path))
    assert config.devices["speaker"]["play_to"] == str(tmp_path / "mix.wav")
    assert SCENARIO.devices["speaker"]["play_to"] == "mix.wav", "the scenario is not changed"


def test_files_to_record_from_are_made_fit_for_the_card_there(tmp_path: Path) -> None:
    devices = {"mic": {**SCENARIO.devices["mic"], "record_from": "navigation.flac"}}
    config = backend_config(block(tmp_path, msgspec.structs.replace(SCENARIO, devices=devices)))
    fit = config.devices["mic"]["record_from"]
    assert fit == str(tmp_path / "mic-input.wav")
    info = soundfile.info(fit)
    assert (info.samplerate, info.channels) == (44100, 1)


def test_a_file_to_record_from_that_is_not_there_is_named(tmp_path: Path) -> None:
    devices = {"mic": {"kind": "clocked", "record_from": "nobody.wav"}}
    with pytest.raises(ConfigError, match="nobody"):
        backend_config(block(tmp_path, msgspec.structs.replace(SCENARIO, devices=devices)))


def test_devices_with_a_trace_leave_it_in_the_output_folder(tmp_path: Path) -> None:
    (tmp_path / "trace").mkdir()
    loop = SimMachine().host(0).loop
    opened = open_traced(tmp_path, BackendConfig({"speaker": {"kind": "clocked"}}, {}))
    device = opened(Wanted(Place("speaker", Direction.CAPTURE), "clocked", {}, "vsnd"), loop)
    device.close()
    assert [path.name for path in (tmp_path / "trace").iterdir()] == ["speaker-capture.vtrace"]


def test_a_later_backend_leaves_the_traces_of_those_before_it(tmp_path: Path) -> None:
    (tmp_path / "trace").mkdir()
    loop = SimMachine().host(0).loop
    for number in (0, 1):
        opened = open_traced(tmp_path, BackendConfig({"speaker": {"kind": "clocked"}}, {}), number)
        opened(Wanted(Place("speaker", Direction.PLAYBACK), "clocked", {}, "vsnd"), loop).close()
    names = sorted(path.name for path in (tmp_path / "trace").iterdir())
    assert names == ["speaker-playback.1.vtrace", "speaker-playback.vtrace"]


def test_a_guest_that_was_restarted_records_into_another_file() -> None:
    again = later_guest(GUEST, 2)
    assert [stream.records for stream in later_guest(GUEST, 0).streams] == [stream.records for stream in GUEST.streams]
    assert [stream.records for stream in again.streams] == [None, "take.2.wav"]
    assert again.streams[0] == GUEST.streams[0]


def test_devices_without_one_are_opened_as_they_are(tmp_path: Path) -> None:
    opened = open_traced(tmp_path, BackendConfig({}, {}))
    wanted = Wanted(Place("file", Direction.PLAYBACK), "wav", {"path": str(tmp_path / "x.wav")}, "vsnd")
    device = opened(wanted, SimMachine().host(0).loop)
    assert isinstance(device.params, DeviceParams)
    device.close()


def test_a_guests_card_can_do_just_what_the_scenario_says() -> None:
    attached = attachment(GUEST)
    assert (attached.guest, attached.backend, attached.devid) == (3, 0, 0)
    (pcm,) = attached.card.pcms
    assert [(s.index, s.direction, s.unique_id) for s in pcm.streams] == [
        (0, Direction.PLAYBACK, "speaker"), (1, Direction.CAPTURE, "mic")
    ]  # fmt: skip
    play = pcm.streams[0].limits
    assert (play.channels_min, play.channels_max, play.rates_hz) == (2, 2, (44100,))
    assert (play.formats, play.buffer_octets) == ((Format.S16_LE,), 1764 * 4)


def test_the_card_can_be_written_into_the_store_and_read_back() -> None:
    card = attachment(GUEST).card
    assert parse_card(format_card(card)).pcms == card.pcms


def test_each_local_application_has_room_in_the_backends_trace(tmp_path: Path) -> None:
    clients = [ClientSpec("one", "speaker", plays="melody.flac"), ClientSpec("two", "mic", records="two.wav")]
    more = msgspec.structs.replace(SCENARIO, clients=clients)
    room = RATION * (SCENARIO.duration_s + SLACK_S)
    assert backend_records(block(tmp_path, more)) - backend_records(block(tmp_path)) == 2 * room


def test_a_title_is_cut_to_what_a_card_may_be_called() -> None:
    card = attachment(GuestSpec(1, GUEST.streams, name="n" * 200)).card
    assert parse_card(format_card(card)).long_name == "n" * 80


def test_limits_hold_every_stream_and_no_more() -> None:
    first = PcmParams(48000, 2, Format.S16_LE, 480, 1920)
    second = replace(first, rate_hz=8000, channels=1, format=Format.U8)
    both = limits([first, second, first])
    assert (both.channels_min, both.channels_max, both.rates_hz) == (1, 2, (8000, 48000))
    assert (both.formats, both.buffer_octets) == ((Format.S16_LE, Format.U8), 1920 * 4)


def test_the_backends_trace_has_room_for_all_and_for_one_that_storms(tmp_path: Path) -> None:
    wanted = block(tmp_path)
    more = backend_records(wanted) - trace_records(wanted.scenario.guests, wanted.scenario.duration_s)
    assert more == (wanted.scenario.duration_s + SLACK_S) * RATION

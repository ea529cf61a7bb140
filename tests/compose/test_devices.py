"""What `vsnd devices` lists: staged words of libraries, this machine, a real sound server, and one that hangs."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from ctypes import CDLL
from errno import ENODEV
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.console import Console

from backend.config import check_device
from backend.devices.api import DeviceError
from backend.devices.registry import check_options
from compose.devices.alsa import alsa_place, cards
from compose.devices.asking import NoAnswerError, within
from compose.devices.command import list_devices, show
from compose.devices.found import BOTH_WAYS, Found, Listing, Place
from compose.devices.pulse import pulse_place, server_name
from compose.devices.toml import toml
from compose.devices.virtual import virtual_place
from tests.backend.devices.pulse.servers import SERVERS, PulseAudio, Server
from tests.compose.test_cli import vsnd

LATE = NoAnswerError("too late", "try again")
PROC_CARDS = """ 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xf7f30000 irq 30
10 [Loopback       ]: Loopback - Loopback
                      Loopback 1
"""
NASTY = Found(
    name='a "b"\\c',
    description="two\nlines \x07",
    directions=("playback",),
    options={"kind": "alsa", "pcm": 'a "b"\\c'},
)
CARD = Found(
    name="hw:CARD=PCH,DEV=0",
    description="HDA",
    directions=BOTH_WAYS,
    options={"kind": "alsa", "pcm": "hw:CARD=PCH,DEV=0"},
)
LISTING = Listing(
    Place(about="0 PCH", devices=[CARD, CARD, NASTY]), Place(problem="no server: start it"), virtual_place()
)


@pytest.fixture(params=SERVERS, ids=lambda kind: kind.__name__)
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pytest.importorskip("libpulse.libpulse_ctypes")
    made: Server = request.param(tmp_path)
    monkeypatch.setenv("PULSE_SERVER", made.url)
    yield made
    made.close()


def shown(listing: Listing, width: int) -> str:
    text = StringIO()
    show(Console(file=text, width=width), listing)
    return text.getvalue()


def sections(listing: Listing) -> dict[str, dict[str, Any]]:
    devices: dict[str, dict[str, Any]] = tomllib.loads(toml(listing))["devices"]
    return devices


def test_an_answer_in_time() -> None:
    assert within(60, lambda: 7, LATE) == 7


def test_a_questions_own_error_is_raised_where_it_was_asked() -> None:
    with pytest.raises(DeviceError, match="nothing of the kind"):
        within(60, lambda: check_options("nothing of the kind", {}), LATE)


def test_no_answer_in_time() -> None:
    never = Event()
    with pytest.raises(NoAnswerError, match="too late: try again"):
        within(0.01, never.wait, LATE)
    never.set()


def test_cards_are_read_from_the_kernels_list() -> None:
    assert cards(PROC_CARDS) == ["0 PCH (HDA Intel PCH)", "10 Loopback (Loopback)"]
    assert cards("--- no soundcards ---\n") == []


def test_alsas_names_are_those_of_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """alsa-lib reads its configuration once, so it is a process that asks."""
    pytest.importorskip("alsaaudio")
    (tmp_path / "asound.conf").write_text(
        'pcm.hall { type null\n hint { show on\n description "A hall\nwith an echo" } }\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    said = json.loads(vsnd("devices", "--json", cwd=tmp_path).stdout)["alsa"]
    assert said["problem"] == ""
    assert [pcm for pcm in said["devices"] if pcm["name"] == "hall"] == [
        {
            "name": "hall",
            "description": "A hall: with an echo",
            "directions": ["playback", "capture"],
            "options": {"kind": "alsa", "pcm": "hall"},
            "sample_spec": "",
            "state": "",
            "default": False,
            "monitor": False,
        }
    ]


def test_alsas_names_are_the_same_as_pyalsaaudios() -> None:
    alsaaudio: Any = pytest.importorskip("alsaaudio")
    found = alsa_place().devices
    playing = [pcm.name for pcm in found if "playback" in pcm.directions]
    recording = [pcm.name for pcm in found if "capture" in pcm.directions]
    assert playing == alsaaudio.pcms(alsaaudio.PCM_PLAYBACK)
    assert recording == alsaaudio.pcms(alsaaudio.PCM_CAPTURE)


def test_a_missing_alsa_lib_is_a_line_that_says_what_to_install() -> None:
    def missing() -> CDLL:
        raise DeviceError(ENODEV, "libasound.so.2 is missing: apt install libasound2")

    assert alsa_place(missing) == Place(problem="libasound.so.2 is missing: apt install libasound2")


def test_a_servers_sinks_and_sources(server: Server) -> None:
    place = pulse_place()
    found = {device.name: device for device in place.devices}
    sink, source = found["speaker"], found["speaker.monitor"]
    assert place.problem == ""
    assert place.about == server_name()
    assert ("pulseaudio " if isinstance(server, PulseAudio) else "PipeWire") in place.about
    assert (sink.directions, sink.monitor, sink.state) == (("playback",), False, "running")
    assert (source.directions, source.monitor) == (("capture",), True)
    assert source.options == {"kind": "pulse", "device": "speaker.monitor"}


def test_a_server_is_quoted_as_pactl_quotes_it(server: Server) -> None:
    for kind, direction in (("sinks", "playback"), ("sources", "capture")):
        listed = [line.split("\t") for line in server.pactl("list", "short", kind).splitlines()]
        found = [device for device in pulse_place().devices if device.directions == (direction,)]
        assert [(device.name, device.sample_spec) for device in found] == [(line[1], line[3]) for line in listed]
        (default,) = (device.name for device in found if device.default)
        assert default == server.pactl(f"get-default-{kind[:-1]}").strip()


def test_no_server_is_a_line_that_says_what_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("libpulse.libpulse_ctypes")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    place = pulse_place()
    assert place.devices == []
    assert "Connection refused" in place.problem
    assert "pulseaudio --start" in place.problem


def test_a_server_that_hangs_does_not_hang_the_command(server: Server, tmp_path: Path) -> None:
    server.freeze()
    try:
        said = vsnd("devices", "--json", cwd=tmp_path)
    finally:
        server.thaw()
    assert (said.returncode, said.stderr) == (0, "")
    assert "did not answer within 2 s" in json.loads(said.stdout)["pulse"]["problem"]


def test_missing_libraries_are_lines_that_say_what_to_install(tmp_path: Path) -> None:
    """In a Python that cannot import them: what a core install is."""
    program = (
        "import sys\nsys.modules['libpulse'] = sys.modules['alsaaudio'] = None\nfrom compose.cli import app\napp()"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, "devices"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "80"},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "PulseAudio  libpulse's Python package is missing: pip install 'vsnd[pulse]'\n" in said.stdout
    assert "clocked" in said.stdout


def test_every_section_is_one_that_the_backend_takes() -> None:
    listing = Listing(Place(devices=[CARD]), Place(), virtual_place())
    for name, options in sections(listing).items():
        check_device(name, options, "devices")


def test_a_servers_sections_are_taken_too() -> None:
    pytest.importorskip("libpulse.libpulse_ctypes")
    check_device("speaker", {"kind": "pulse", "device": "speaker"}, "devices")


def test_sections_have_names_of_their_own() -> None:
    found = sections(LISTING)
    assert found["hw-CARD-PCH-DEV-0"] == found["hw-CARD-PCH-DEV-0-2"] == CARD.options


def test_names_and_descriptions_cannot_break_the_file() -> None:
    assert sections(LISTING)["a-b-c"] == NASTY.options


def test_what_could_not_be_asked_is_a_comment() -> None:
    assert "# no server: start it\n" in toml(LISTING)


@pytest.mark.parametrize("width", [80, 160])
def test_the_tables_fit_their_terminal(width: int) -> None:
    text = shown(LISTING, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "hw:CARD=PCH,DEV=0  out in  HDA" in text
    assert "PulseAudio  no server: start it" in text


def test_this_machine(tmp_path: Path) -> None:
    said = vsnd("devices", "--toml", cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert {"clocked", "wav"} <= set(tomllib.loads(said.stdout)["devices"])
    assert [device.name for device in list_devices().virtual.devices][:2] == ["clocked", "wav"]

from pathlib import Path

from compose.doctor.finding import Answer
from compose.doctor.pipewire import PROGRAMS, pipewire
from tests.compose.doctor.staged import StagedProbes, by_name, stage

PIPEWIRE = "PulseAudio (on PipeWire 0.3.65) 15.0.0"


def test_pipewire_answers(tmp_path: Path) -> None:
    found = by_name(pipewire(stage(tmp_path, programs=PROGRAMS, probes=StagedProbes(sound_server=PIPEWIRE))))
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert PIPEWIRE in found["server"].text


def test_a_server_outside_of_a_container_needs_no_programs_in_it(tmp_path: Path) -> None:
    found = by_name(pipewire(stage(tmp_path, probes=StagedProbes(sound_server=PIPEWIRE))))
    assert {finding.ok for finding in found.values()} == {Answer.YES}


def test_the_session_manager_is_missed(tmp_path: Path) -> None:
    found = by_name(pipewire(stage(tmp_path, programs=["pipewire", "pipewire-pulse"])))
    assert found["pipewire"].ok is Answer.YES
    assert found["wireplumber"].ok is Answer.NO
    assert found["wireplumber"].mend == "apt install wireplumber"
    assert found["server"].ok is Answer.NO


def test_pulseaudio_in_its_place(tmp_path: Path) -> None:
    probes = StagedProbes(sound_server="pulseaudio 16.1")
    found = by_name(pipewire(stage(tmp_path, programs=PROGRAMS, probes=probes)))["server"]
    assert found.ok is Answer.NO
    assert found.text.startswith("pulseaudio 16.1 answers")

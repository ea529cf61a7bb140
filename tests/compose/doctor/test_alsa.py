from pathlib import Path

from compose.doctor.alsa import CONFIGURATION, PULSE_PLUGIN, alsa
from compose.doctor.finding import Answer
from compose.doctor.machine import Machine
from tests.compose.doctor.staged import StagedProbes, by_name, stage

WELL = {CONFIGURATION: "", f"/usr/lib/x86_64-linux-gnu/alsa-lib/{PULSE_PLUGIN}": "", "/dev/snd/controlC0": ""}
GROUPS = {"/etc/group": "audio:x:29:\n"}


def outsider(root: Path, groups: str = "100", extra: str = "/etc/hostname") -> Machine:
    """Somebody who may not open the card."""
    status = {"/proc/self/status": f"Uid:\t1000\t1000\t1000\t1000\nGroups:\t{groups}\n"}
    return stage(root, files=WELL | GROUPS | status | {extra: ""}, probes=StagedProbes(denied="Permission denied"))


def test_a_machine_that_has_all(tmp_path: Path) -> None:
    found = by_name(alsa(stage(tmp_path, files=WELL, probes=StagedProbes(versions={"pyalsaaudio": "0.11.0"}))))
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert list(found) == ["alsa-lib", "configuration", "pyalsaaudio", "plugins", "controlC0"]
    assert found["pyalsaaudio"].text == "0.11.0"


def test_a_machine_that_has_nothing(tmp_path: Path) -> None:
    probes = StagedProbes(not_loadable={"libasound.so.2": "no file"}, not_importable={"alsaaudio": "No module"})
    found = by_name(alsa(stage(tmp_path, probes=probes)))
    assert {finding.ok for finding in found.values()} == {Answer.NO}
    assert "apt install libasound2 " in found["alsa-lib"].mend
    assert "libasound2-data" in found["configuration"].mend
    assert "vsnd[alsa]" in found["pyalsaaudio"].mend
    assert "libasound2-plugins" in found["plugins"].mend
    assert "modprobe" in found["cards"].mend


def test_only_cards_and_only_the_binding_are_not_all_of_alsa(tmp_path: Path) -> None:
    probes = StagedProbes(not_importable={"alsaaudio": "No module"})
    found = by_name(alsa(stage(tmp_path, files={CONFIGURATION: ""}, probes=probes)))
    assert found["alsa-lib"].needed_for == found["configuration"].needed_for == "ALSA"
    assert "ALSA" not in {found[name].needed_for for name in ("pyalsaaudio", "plugins", "cards")}


def test_a_configuration_of_ones_own_that_is_missing(tmp_path: Path) -> None:
    machine = stage(tmp_path, files=WELL, environ={"ALSA_CONFIG_PATH": f"{CONFIGURATION}:/my/asound.conf"})
    found = by_name(alsa(machine))["configuration"]
    assert found.ok is Answer.NO
    assert "/my/asound.conf" in found.text
    assert "ALSA_CONFIG_PATH" in found.mend


def test_plugins_in_a_folder_of_ones_own(tmp_path: Path) -> None:
    machine = stage(tmp_path, files={f"/my/{PULSE_PLUGIN}": ""}, environ={"ALSA_PLUGIN_DIR": "/my"})
    assert by_name(alsa(machine))["plugins"].ok is Answer.YES


def test_a_container_is_given_its_cards(tmp_path: Path) -> None:
    found = by_name(alsa(stage(tmp_path, files={"/.dockerenv": ""})))["cards"]
    assert found.ok is Answer.NO
    assert "docker run --device /dev/snd" in found.mend


def test_a_kernel_with_sound_and_no_card(tmp_path: Path) -> None:
    found = by_name(alsa(stage(tmp_path, files={"/proc/asound/version": ""})))["cards"]
    assert found.ok is Answer.NO
    assert "no card" in found.text


def test_a_user_outside_of_the_group(tmp_path: Path) -> None:
    found = by_name(alsa(outsider(tmp_path)))["controlC0"]
    assert found.ok is Answer.NO
    assert "Permission denied" in found.text
    assert "usermod -aG audio" in found.mend


def test_a_user_of_the_group_who_is_denied_all_the_same(tmp_path: Path) -> None:
    found = by_name(alsa(outsider(tmp_path, groups="29 100")))["controlC0"]
    assert found.ok is Answer.NO
    assert "usermod" not in found.mend


def test_a_container_without_the_group(tmp_path: Path) -> None:
    found = by_name(alsa(outsider(tmp_path, extra="/.dockerenv")))["controlC0"]
    assert found.ok is Answer.NO
    assert "--group-add" in found.mend

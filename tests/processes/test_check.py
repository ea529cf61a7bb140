"""`vsnd check` as a user starts it: real processes, our own backend and our own player."""

import json

from compose.scenario import RECORDINGS
from tests.processes.test_machine_restart import CONFIG, Vsnd, vsnd

__all__ = ["vsnd"]


def start_backend(vsnd: Vsnd) -> None:
    config = vsnd.folder / "backend.toml"
    config.write_text(CONFIG.format(mix=vsnd.folder / "mix.wav"))
    backend = vsnd.start(
        "backend", "--config", str(config), "--dir", str(vsnd.folder / "m"), "--out", str(vsnd.folder / "out")
    )
    assert backend.stdout is not None
    assert b"Serving" in backend.stdout.readline()


def test_our_backend_passes_over_real_sockets(vsnd: Vsnd) -> None:
    vsnd.start_host()
    start_backend(vsnd)
    table = vsnd.folder / "table.json"
    checked = vsnd.start("check", "backend", "--domain", "1", "--dir", str(vsnd.folder / "m"), "--json", str(table))
    said, errors = checked.communicate(timeout=100)
    lines = json.loads(table.read_bytes())
    broken = [(line["rule"], line["seen"]) for line in lines if line["verdict"] != "pass"]
    assert broken == [], errors
    assert checked.returncode == 0
    assert b"0 fail" in said


def test_our_player_passes_over_real_sockets(vsnd: Vsnd) -> None:
    vsnd.start_host()
    machine = ("--dir", str(vsnd.folder / "m"))
    table = vsnd.folder / "table.json"
    checked = vsnd.start("check", "frontend", "--domain", "1", *machine, "--json", str(table))
    sound = RECORDINGS / "melody.flac"
    vsnd.start("play", str(sound), "--domain", "1", *machine)
    said, errors = checked.communicate(timeout=100)
    lines = json.loads(table.read_bytes())
    others = {(line["rule"], line["seen"]) for line in lines if line["verdict"] != "pass"}
    assert others <= {("close.grants", "it closed nothing")}, errors  # the song may end later than the check
    assert checked.returncode == 0
    assert b"0 fail" in said

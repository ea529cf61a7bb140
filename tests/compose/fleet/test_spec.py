from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.cli import main
from compose.fleet.spec import HOSTS_MAX, HostSpec, check_hosts, refuse_hosts
from compose.scenario import read_scenario


def host(name: str, *guests: int) -> HostSpec:
    return HostSpec(name, "default", list(guests))


def refusal(*hosts: HostSpec, guests: tuple[int, ...] = (1, 2)) -> str:
    with pytest.raises(ConfigError) as caught:
        check_hosts(hosts, guests)
    return str(caught.value)


def test_each_guest_on_one_host_is_good() -> None:
    check_hosts([host("left", 2), host("right", 1)], [1, 2])


def test_no_hosts_are_good() -> None:
    check_hosts([], [1, 2])


def test_a_guest_on_two_hosts_is_refused() -> None:
    said = refusal(host("left", 1), host("right", 2, 1))
    assert said == "hosts[1].guests: 1 is on left already; a guest is on one host"


def test_a_guest_twice_on_one_host_is_refused() -> None:
    assert refusal(host("left", 1, 1), host("right", 2)).startswith("hosts[0].guests: 1 is on left already")


def test_a_guest_on_no_host_is_refused() -> None:
    assert refusal(host("left", 1)).startswith("hosts: guest 2 is on none of them")


def test_a_guest_that_is_not_there_is_refused() -> None:
    assert refusal(host("left", 1, 7), host("right", 2)) == "hosts[0].guests: 7 is none of: 1, 2"


def test_a_name_twice_is_refused() -> None:
    assert refusal(host("left", 1), host("left", 2)).startswith("hosts[1].name: 'left' is taken")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a b", "-a", "report.html", "fleet.json", "\n", "ä"])
def test_a_name_that_is_no_folders_is_refused(name: str) -> None:
    assert refusal(host(name, 1, 2)).startswith("hosts[0].name: ")


def test_more_hosts_than_can_be_served_are_refused() -> None:
    many = [host(f"h{number}", number) for number in range(1, HOSTS_MAX + 2)]
    assert refusal(*many, guests=tuple(range(1, HOSTS_MAX + 2))) == f"hosts: {HOSTS_MAX + 1}; want {HOSTS_MAX} at most"


def test_who_has_one_machine_refuses_hosts_in_a_line() -> None:
    refuse_hosts([], "a.toml")
    with pytest.raises(ConfigError, match=r"^a.toml: hosts: .*--world docker"):
        refuse_hosts([host("left", 1)], "a.toml")


HOSTED = """
name = "hosted"
[devices.speaker]
kind = "clocked"
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
[[hosts]]
name = "left"
engine = "default"
guests = [1]
"""


@pytest.mark.parametrize("command", [("run",), ("run", "--world", "sim"), ("tune",)])
def test_other_worlds_than_docker_say_so_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    path = tmp_path / "hosted.toml"
    path.write_text(HOSTED)
    verb, *options = command
    monkeypatch.setattr("sys.argv", ["vsnd", verb, str(path), *options, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"vsnd: {path}: hosts: only `vsnd run --world docker` has several")


def test_hosts_are_checked_with_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "hosted.toml"
    path.write_text(HOSTED.replace("guests = [1]", "guests = [2]"))
    with pytest.raises(ConfigError, match=r"hosted\.toml: hosts\[0\]\.guests: 2 is none of: 1"):
        read_scenario(path)

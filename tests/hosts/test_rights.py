"""Which right is missing, and the command that gives it."""

import resource

import pytest

from hosts.rights import MEMLOCK, RTPRIO, in_container


def staged(monkeypatch: pytest.MonkeyPatch, limit: int, capabilities: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    monkeypatch.setattr("hosts.rights._capabilities", lambda: capabilities)


def test_the_limit_is_named_with_the_capability_that_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    staged(monkeypatch, 49, ~(1 << 23))
    assert RTPRIO.missing(50) == "RLIMIT_RTPRIO is 49, and there is no CAP_SYS_NICE"
    assert RTPRIO.missing(49) == ""


def test_a_capability_does_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    staged(monkeypatch, 0, 1 << 23)
    assert RTPRIO.missing(50) == ""
    assert MEMLOCK.missing(50) != ""
    assert "control group" in RTPRIO.why_not(50), "what else could refuse"


def test_no_limit_is_enough_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    staged(monkeypatch, resource.RLIM_INFINITY, 0)
    assert MEMLOCK.missing(1 << 60) == MEMLOCK.missing(resource.RLIM_INFINITY) == ""
    staged(monkeypatch, 1 << 20, 0)
    assert MEMLOCK.missing(resource.RLIM_INFINITY) != "", "a limit is less than none"


def test_the_command_is_for_where_we_are() -> None:
    assert RTPRIO.mend(in_container=True) == "docker run --ulimit rtprio=95 --cap-add SYS_NICE ..."
    assert MEMLOCK.mend(in_container=True) == "docker run --ulimit memlock=-1 --cap-add IPC_LOCK ..."
    assert MEMLOCK.mend(in_container=False).startswith("echo '@audio - memlock unlimited' | sudo tee -a ")


def test_a_container_is_known_by_its_marks() -> None:
    assert in_container(lambda name: name == "/run/.containerenv", {})
    assert in_container(lambda name: False, {"container": "podman"})
    assert not in_container(lambda name: False, {})

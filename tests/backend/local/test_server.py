"""Who is let in, who is turned away, and what is left when they are gone."""

import gc
import logging
import os
import weakref
from collections import deque
from collections.abc import Iterator
from errno import EADDRINUSE, EPIPE, ETIMEDOUT
from pathlib import Path

import msgspec
import pytest

from backend.local import connection
from backend.local.server import LocalServer
from hosts.api import HostError
from hosts.channel.link import why_not
from hosts.local.messages import Ask, Describe, Ended, Register, Start, Statistics, Unregister
from ringproto.local.region import LOCAL_DOMID_FIRST
from tests.backend.local.caller import LIMIT_NS, Door
from tests.backend.local.stage import Stage
from tests.hosts.descriptors import open_descriptors


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    door = Door(Stage(tmp_path / "local", clients_max=2))
    yield door
    door.close()


def test_everybody_gets_a_number_of_its_own_and_it_is_free_again_afterwards(door: Door) -> None:
    first, second = door.knock(), door.knock()
    assert [caller.register().domid for caller in (first, second)] == [LOCAL_DOMID_FIRST, LOCAL_DOMID_FIRST + 1]
    assert [application.name for application in door.server.applications] == ["tone", "tone"]
    first.leave()
    door.stage.loop.run_until(lambda: len(door.server.applications) == 1, door.stage.loop.now_ns() + LIMIT_NS)
    assert door.knock().register().domid == LOCAL_DOMID_FIRST


def test_one_too_many_is_turned_away(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    for caller in (door.knock(), door.knock()):
        caller.register()
    third = door.knock()
    third.until_ended()
    assert "more than 2; one is turned away" in caplog.text


def test_another_user_is_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    door = Door(Stage(tmp_path / "local"))
    door.knock().until_ended()
    assert "local application 32768: a user who may not is turned away" in caplog.text
    door.close()


@pytest.mark.parametrize("which", ["users", "groups", "other groups"])
def test_users_and_members_of_groups_are_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    mine = os.getuid()
    groups = os.getgroups() if which == "other groups" else [os.getgid()]
    if not groups:
        groups = [os.getgid()]
    stage = Stage(tmp_path / "local")
    config = stage.config
    listed = {"users": [mine]} if which == "users" else {"groups": groups[-1:]}
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    stage.config = msgspec.structs.replace(config, **listed)
    door = Door(stage)
    door.knock().register()
    assert Path(config.socket).stat().st_mode & 0o777 == 0o666
    door.close()


def test_only_our_own_user_can_knock_unless_others_are_listed(door: Door) -> None:
    assert Path(door.stage.config.socket).stat().st_mode & 0o777 == 0o600


def test_a_socket_that_nobody_answers_on_is_replaced_and_any_other_is_not(door: Door, tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"local\.socket") as taken:
        LocalServer(door.stage.config, door.stage.facilities)
    assert taken.value.errno == EADDRINUSE
    door.knock().register()
    stale = Stage(tmp_path / "stale")
    LocalServer(stale.config, stale.facilities)._listener.close()
    again = LocalServer(stale.config, stale.facilities)
    again.close()
    assert not (tmp_path / "stale").exists()
    stale.close()


@pytest.mark.parametrize("how", ["hangs up", "unregisters", "talks nonsense"])
def test_whoever_goes_leaves_nothing_behind(door: Door, how: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    first = door.knock()
    first.ask(Describe())
    first.leave()
    door.until_empty()
    before = open_descriptors()
    caller = door.knock()
    caller.register()
    caller.ask(Start())
    assert door.stage.output.streams == 1
    if how == "unregisters":
        caller.ask(Unregister())
    elif how == "talks nonsense":
        caller.say(b"nonsense")
    if how != "hangs up":
        caller.until_ended()
    caller.leave()
    door.until_empty()
    assert door.stage.output.streams == 0
    assert open_descriptors() == before
    assert ("turned out: not a message" if how == "talks nonsense" else "'tone' left") in caplog.text


def test_no_garbage_is_left(door: Door) -> None:
    """A backend runs without a garbage collector."""
    caller = door.knock()
    caller.register(Register(name="both", playback_channels=2, capture_channels=2))
    caller.ask(Start())
    door.stage.look(480)
    gc.collect()
    gc.disable()
    try:
        left = [weakref.ref(application) for application in door.server.applications]
        caller.leave()
        door.until_empty()
        door.stage.pass_once()
        assert [reference() for reference in left] == [None]
    finally:
        gc.enable()


def test_who_does_not_register_is_turned_out(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "REGISTER_LIMIT_NS", 1_000_000)
    caller = door.knock()
    caller.until_ended()
    assert caller.last_word == Ended(ETIMEDOUT, "it does not register")
    assert "does not register" in caplog.text


def test_descriptors_that_nobody_asked_for_are_closed(door: Door) -> None:
    caller = door.knock()
    caller.register()
    pipe = os.pipe()
    before = open_descriptors()
    caller.say(b"\x92\x01\x81", pipe)
    caller.until_ended()
    assert open_descriptors() <= before
    for fd in pipe:
        os.close(fd)


def test_what_was_counted_stays_when_they_are_gone(door: Door) -> None:
    caller = door.knock()
    domid = caller.register().domid
    caller.ask(Start())
    door.stage.look(480)
    frames = door.server.counters()[domid, 0].frames
    caller.leave()
    door.until_empty()
    assert door.server.counters()[domid, 0].frames == frames == 480


def test_there_is_an_account_of_each_also_when_it_is_gone(door: Door) -> None:
    caller = door.knock()
    domid = caller.register().domid
    caller.ask(Start())
    door.stage.look(480, later_ns=1_000_000)
    (there,) = door.server.accounts()
    assert (there.domid, there.name, there.turned_out) == (domid, "tone", "")
    counted = caller.ask(Ask())
    assert isinstance(counted, Statistics)
    assert there.missed_blocks == counted.missed_blocks > 0, "it has written nothing"
    assert (there.unposted_blocks, there.lost_blocks) == (counted.unposted_blocks, counted.lost_blocks)
    caller.say(b"nonsense")
    caller.until_ended()
    caller.leave()
    door.until_empty()
    (gone,) = door.server.accounts()
    assert gone.missed_blocks >= there.missed_blocks
    assert gone.turned_out.startswith("not a message")


def test_an_account_says_how_commands_went(door: Door) -> None:
    caller = door.knock()
    caller.register()
    assert door.server.accounts()[0].control in {"rings", "socket: it has not asked for rings"}, "not settled yet"
    caller.ask(Start())
    assert door.server.accounts()[0].control == (f"socket: {why_not()}" if why_not() else "rings")


def test_of_many_that_are_gone_the_last_are_remembered(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door.server, "_gone", deque(maxlen=2))
    for name in ("one", "two", "three"):
        caller = door.knock()
        caller.register(Register(name=name, playback_channels=2))
        caller.leave()
        door.until_empty()
    assert [account.name for account in door.server.accounts()] == ["two", "three"]


def test_when_the_backend_leaves_all_are_told(tmp_path: Path) -> None:
    door = Door(Stage(tmp_path / "local"))
    caller = door.knock()
    caller.register(Register(name="both", playback_channels=2, capture_channels=2))
    door.server.close()
    assert caller.until_ended().errno == EPIPE
    assert not Path(door.stage.config.socket).exists()
    caller.leave()
    door.stage.close()

"""A server's path and a client that connects to it."""

import logging
from pathlib import Path

import pytest

from hosts.channel.opening import accepted, connected, listener, say_once
from tests.hosts.channel.pairs import closing, next_of


def test_client_and_server_find_each_other_and_move_to_the_rings_which_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "vsnd.channel")
    say_once.cache_clear()
    with listener(tmp_path / "control") as listening:
        client = connected(tmp_path / "control")
        server = accepted(listening.accept()[0])
    with closing((client, server)):
        for number in range(5):
            client.send(b"%d" % number)
            server.send(b"%d" % -number)
            assert next_of(server, client).octets == b"%d" % number
            assert next_of(client, server).octets == b"%d" % -number
        assert [record.message for record in caplog.records] == ["messages go over the rings"]


def test_a_client_that_does_not_ask_for_rings_stays_on_the_socket(tmp_path: Path) -> None:
    said: list[str] = []
    with listener(tmp_path / "control") as listening:
        client = connected(tmp_path / "control", said.append, rings=False)
        server = accepted(listening.accept()[0], said.append)
    with closing((client, server)):
        for number in range(5):
            client.send(b"%d" % number)
            assert next_of(server, client).octets == b"%d" % number
            server.send(b"%d" % number)
            assert next_of(client, server).octets == b"%d" % number
        assert not client.is_shared
        assert not server.is_shared
    assert said == []


def test_nobody_waits_for_a_client(tmp_path: Path) -> None:
    with listener(tmp_path / "control") as listening, pytest.raises(BlockingIOError):
        listening.accept()


def test_a_path_without_a_server_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connected(tmp_path / "nothing")


def test_a_path_that_is_taken_is_told(tmp_path: Path) -> None:
    with listener(tmp_path / "control"), pytest.raises(OSError, match="in use"):
        listener(tmp_path / "control")

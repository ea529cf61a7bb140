"""A second opinion: pyxs, a xenstore client in Python written by others, against our server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.emulated import machine

pyxs = pytest.importorskip("pyxs", reason="no pyxs: pip install pyxs")
Client = Any  # pyxs has no types


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with (
        machine(tmp_path / "m", [1]) as folder,
        pyxs.Client(unix_socket_path=str(folder / "dom0" / "xenstored")) as client,
    ):
        yield client


def test_nodes(client: Client) -> None:
    client[b"/a/b"] = b"one"
    assert client[b"/a/b"] == b"one"
    assert client.exists(b"/a")
    assert client.list(b"/a") == [b"b"]
    client.mkdir(b"/a/c")
    client.delete(b"/a/b")
    assert client.list(b"/a") == [b"c"]
    assert client.read(b"/a/none", b"default") == b"default"
    with pytest.raises(pyxs.PyXSError):
        client.read(b"/a/none")


def test_permissions(client: Client) -> None:
    client[b"/a"] = b"1"
    assert client.get_perms(b"/a") == [b"n0"]
    client.set_perms(b"/a", [b"b1", b"r2"])
    assert client.get_perms(b"/a") == [b"b1", b"r2"]


def test_a_transaction_is_all_or_nothing(client: Client) -> None:
    client.transaction()
    client[b"/a"] = b"1"
    client[b"/b"] = b"2"
    assert client.commit()
    client.transaction()
    client[b"/a"] = b"3"
    client.rollback()
    assert client[b"/a"] == b"1"


def test_a_watch(client: Client) -> None:
    client[b"/a"] = b"1"
    monitor = client.monitor()
    monitor.watch(b"/a", b"token")
    events = monitor.wait()
    assert next(events) == (b"/a", b"token")
    client[b"/a/b"] = b"2"
    assert next(events) == (b"/a/b", b"token")
    monitor.unwatch(b"/a", b"token")


def test_domains(client: Client) -> None:
    assert client.get_domain_path(1) == b"/local/domain/1"
    assert client.is_domain_introduced(0)
    assert not client.is_domain_introduced(1), "nobody is that domain now"

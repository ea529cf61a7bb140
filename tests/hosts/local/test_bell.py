"""The bell: heard once for any number of rings, also by who comes late, and nothing that the hearer can break."""

import os
import threading

import pytest

from hosts.local.bell import Bell, Listener
from tests.hosts.descriptors import open_descriptors

LONG_S = 30.0


def listener_of(bell: Bell) -> Listener:
    return Listener(os.dup(bell.fd))


def test_a_ring_is_heard_also_by_who_comes_later() -> None:
    bell = Bell()
    listener = listener_of(bell)
    bell.ring()
    bell.ring()
    assert listener.wait(LONG_S)
    assert not listener.wait(0)
    bell.ring()
    assert listener.wait(LONG_S)
    listener.close()
    bell.close()


def test_who_is_to_leave_waits_no_more() -> None:
    bell = Bell()
    listener = listener_of(bell)
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(listener.wait(LONG_S)))
    thread.start()
    listener.leave()
    thread.join(LONG_S)
    assert heard == [False]
    assert listener.has_left
    bell.ring()
    assert not listener.wait(LONG_S)
    listener.close()
    bell.close()


def test_the_hearer_can_neither_ring_nor_fill_the_counter() -> None:
    bell = Bell()
    theirs = os.dup(bell.fd)
    with pytest.raises(OSError, match="Invalid argument"):
        os.eventfd_write(theirs, 1)
    os.set_blocking(theirs, True)
    bell.ring()
    os.close(theirs)
    bell.ring()
    bell.close()


def test_descriptors_are_given_back() -> None:
    before = open_descriptors()
    bell = Bell()
    listener = listener_of(bell)
    bell.close()
    listener.close()
    assert open_descriptors() == before

"""The client's side of a xenstore socket: requests wait, transactions are repeated, watches come from the loop."""

from collections.abc import Callable, Iterator
from errno import E2BIG, EAGAIN, EINVAL
from pathlib import Path

import pytest

from hosts.api import HostError, StoreView
from hosts.emu.messages import store_path
from hosts.emu.storeclient import ATTEMPTS_MAX, EmuStore
from hosts.loop import RealLoop
from hosts.xswire import PAYLOAD_OCTETS_MAX
from tests.hosts.descriptors import open_descriptors
from tests.hosts.emulated import machine

LIMIT_NS = 10_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("machine"), (1,)) as directory:
        yield directory


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    before = open_descriptors()
    loop = RealLoop()
    yield loop
    loop.close()
    assert open_descriptors() == before


@pytest.fixture
def store(folder: Path, loop: RealLoop) -> Iterator[EmuStore]:
    with EmuStore(store_path(folder, 0), loop) as store:
        yield store
        store.remove("/t")


def run(loop: RealLoop, done: Callable[[], bool]) -> None:
    assert loop.run_until(done, loop.now_ns() + LIMIT_NS)


def run_briefly(loop: RealLoop) -> None:
    loop.run_until(lambda: False, loop.now_ns() + 5_000_000)


def test_what_was_written_is_read(store: EmuStore) -> None:
    for value in ("", "text", "ü\udcff", "x" * 4000):
        store.write("/t/value", value)
        assert store.read("/t/value") == value
    assert store.list("/t") == ("value",)


def test_what_is_missing_is_no_error(store: EmuStore) -> None:
    assert store.read("/t/none") is None
    assert store.list("/t/none") == ()
    store.remove("/t/none")


def test_what_fits_no_message_is_refused_before_it_is_sent(store: EmuStore) -> None:
    with pytest.raises(HostError) as refused:
        store.write("/t", "x" * PAYLOAD_OCTETS_MAX)
    assert refused.value.errno == E2BIG
    assert store.read("/t") is None


def test_the_store_s_errno_comes_through_with_the_path(store: EmuStore) -> None:
    with pytest.raises(HostError, match=r"MKDIR /t/\*") as refused:
        store.mkdir("/t/*")
    assert refused.value.errno == EINVAL


def test_a_transaction_is_tried_again_after_interference(store: EmuStore) -> None:
    store.write("/t/count", "0")
    attempts: list[int] = []

    def increment(view: StoreView) -> None:
        value = int(view.read("/t/count") or "")
        attempts.append(value)
        if len(attempts) <= 3:
            store.write("/t/count", str(value + 10))
        view.write("/t/count", str(value + 1))

    store.transact(increment)
    assert attempts == [0, 10, 20, 30]
    assert store.read("/t/count") == "31"


def test_a_transaction_that_always_meets_interference_is_given_up(store: EmuStore) -> None:
    attempts: list[int] = []

    def interfere(view: StoreView) -> None:
        view.read("/t/count")
        view.write("/t/mine", "x")
        store.write("/t/count", str(len(attempts)))
        attempts.append(1)

    with pytest.raises(HostError) as refused:
        store.transact(interfere)
    assert refused.value.errno == EAGAIN
    assert len(attempts) == ATTEMPTS_MAX
    assert store.read("/t/mine") is None


def test_a_change_that_fails_is_undone_and_its_error_comes_out(store: EmuStore) -> None:
    def fail(view: StoreView) -> None:
        view.write("/t/half", "done")
        raise KeyError("mine")

    for _ in range(20):
        with pytest.raises(KeyError, match="mine"):
            store.transact(fail)
    assert store.read("/t/half") is None


def test_watch_events_come_from_the_loop_and_never_from_inside_a_request(store: EmuStore, loop: RealLoop) -> None:
    heard: list[str] = []
    store.watch("/t", heard.append)
    for number in range(3):
        store.write(f"/t/{number}", "")
        store.read("/t/0")
    assert heard == []
    run(loop, lambda: len(heard) == 4)
    assert heard == ["/t", "/t/0", "/t/1", "/t/2"]


def test_a_callback_may_ask_and_watch_and_cancel(store: EmuStore, loop: RealLoop) -> None:
    heard: list[str] = []
    inner: list[str] = []

    def on_change(path: str) -> None:
        heard.append(path)
        if len(heard) == 1:
            store.write("/t/more", store.read("/t/value") or "")
            store.watch("/t/more", inner.append)
        else:
            handle.cancel()
            store.write("/t/unheard", "")

    store.write("/t/value", "1")
    handle = store.watch("/t", on_change)
    run(loop, lambda: len(heard) == 2 and bool(inner))
    run_briefly(loop)
    assert heard == ["/t", "/t/more"]
    assert inner == ["/t/more"]


def test_events_on_their_way_to_a_cancelled_watch_are_dropped(store: EmuStore, loop: RealLoop) -> None:
    heard: list[str] = []
    handle = store.watch("/t", heard.append)
    store.write("/t/a", "")
    store.read("/t/a")
    handle.cancel()
    handle.cancel()
    run_briefly(loop)
    assert heard == []


def test_a_callback_that_fails_keeps_no_event_from_the_others(store: EmuStore, loop: RealLoop) -> None:
    heard: list[str] = []

    def fail(path: str) -> None:
        raise KeyError(path)

    bad = store.watch("/t/bad", fail)
    store.watch("/t/good", heard.append)
    store.read("/t")  # both first events are here
    with pytest.raises(KeyError):
        loop.run_until(lambda: False, loop.now_ns() + LIMIT_NS)
    bad.cancel()
    run(loop, lambda: heard == ["/t/good"])
    store.write("/t/good", "")
    run(loop, lambda: heard == ["/t/good"] * 2)


def test_a_refused_watch_is_not_kept(store: EmuStore) -> None:
    with pytest.raises(HostError):
        store.watch("/t/*", lambda path: None)
    assert not store._watches


def test_nothing_is_left_open(folder: Path, loop: RealLoop) -> None:
    before = open_descriptors()
    for _ in range(50):  # more than a domain may have at once
        store = EmuStore(store_path(folder, 0), loop)
        store.watch("/t", lambda path: None)
        store.close()
        store.close()
    assert open_descriptors() == before

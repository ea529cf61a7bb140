"""What a xenstore client makes of a daemon that dies, or answers late, in pieces, or something else.

The test plays the daemon itself, in a thread.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ECONNREFUSED, EINVAL, ENOENT, ENOTCONN
from itertools import count
from pathlib import Path

import pytest

from hosts.api import HostError
from hosts.emu.storeclient import EmuStore
from hosts.loop import RealLoop
from hosts.xswire import Kind, Message, Parser, pack_error, pack_message, pack_strings
from tests.hosts.descriptors import open_descriptors

LIMIT_NS = 10_000_000_000

Script = Callable[[Message], bytes | None]


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    before = open_descriptors()
    loop = RealLoop()
    yield loop
    loop.close()
    assert open_descriptors() == before


def run(loop: RealLoop, done: Callable[[], bool]) -> None:
    assert loop.run_until(done, loop.now_ns() + LIMIT_NS)


def run_briefly(loop: RealLoop) -> None:
    loop.run_until(lambda: False, loop.now_ns() + 5_000_000)


@contextmanager
def daemon(folder: Path, answer: Script) -> Iterator[Path]:
    """A socket whose other end answers each request with `answer`'s octets, and hangs up at None."""
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def serve() -> None:
            connection, parser = listener.accept()[0], Parser()
            with connection:
                while data := connection.recv(4096):
                    parser.feed(data)
                    while (request := parser.take()) is not None:
                        reply = answer(request)
                        if reply is None:
                            return
                        connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield path
        finally:
            thread.join(10)
            assert not thread.is_alive()
            path.unlink()


def reply_to(request: Message, payload: bytes = b"OK\0") -> bytes:
    return pack_message(Message(request.kind, payload, request.req_id, request.tx_id))


def event(path: str, token: str = "1") -> bytes:
    return pack_message(Message(Kind.WATCH_EVENT, pack_strings(path, token)))


def gone(attempt: Callable[[], object]) -> None:
    with pytest.raises(HostError) as refused:
        attempt()
    assert refused.value.errno == ENOTCONN


def test_a_daemon_that_dies_instead_of_answering_is_gone(tmp_path: Path, loop: RealLoop) -> None:
    with daemon(tmp_path, lambda request: None) as path, EmuStore(path, loop) as store:
        gone(lambda: store.read("/a"))
        gone(lambda: store.write("/a", ""))
        gone(lambda: store.transact(lambda view: None))
        gone(lambda: store.watch("/a", lambda path: None))


def test_a_daemon_that_dies_between_requests_is_noticed_and_watches_can_still_be_cancelled(
    tmp_path: Path, loop: RealLoop
) -> None:
    def answer(request: Message) -> bytes | None:
        return reply_to(request) if request.kind == Kind.WATCH else None

    with daemon(tmp_path, answer) as path, EmuStore(path, loop) as store:
        watches = [store.watch(name, lambda path: None) for name in ("/a", "/b")]
        gone(lambda: store.read("/a"))
        watches[0].cancel()  # asks, as nobody has seen the end yet
        run_briefly(loop)
        watches[1].cancel()
        gone(lambda: store.read("/a"))


def test_a_dead_machine_s_loop_has_nothing_to_do(tmp_path: Path, loop: RealLoop) -> None:
    with daemon(tmp_path, lambda request: None) as path, EmuStore(path, loop) as store:
        gone(lambda: store.read("/a"))
        passes = count()
        assert not loop.run_until(lambda: next(passes) < 0, loop.now_ns() + 20_000_000)
        assert next(passes) < 20, "it does not spin on a socket that has ended"


def test_where_nobody_listens_is_said(tmp_path: Path, loop: RealLoop) -> None:
    before = open_descriptors()
    with pytest.raises(HostError, match="no machine runs there") as missing:
        EmuStore(tmp_path / "none", loop)
    assert missing.value.errno == ENOENT
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(HostError) as refused:
        EmuStore(tmp_path / "dead", loop)
    assert refused.value.errno == ECONNREFUSED
    assert open_descriptors() == before


def test_an_answer_to_another_question_is_passed_over(tmp_path: Path, loop: RealLoop) -> None:
    def answer(request: Message) -> bytes:
        late = pack_message(Message(request.kind, b"late", request.req_id + 77))
        return late + event("/x") + reply_to(request, b"right")

    with daemon(tmp_path, answer) as path, EmuStore(path, loop) as store:
        assert store.read("/a") == "right"


def test_an_answer_may_come_in_pieces_and_events_in_between(tmp_path: Path, loop: RealLoop) -> None:
    heard: list[str] = []

    def answer(request: Message) -> bytes:
        if request.kind == Kind.WATCH:
            return reply_to(request) + event("/first")
        return event("/second") + reply_to(request, b"x" * 4000) + event("/third")[:9]

    with daemon(tmp_path, answer) as path, EmuStore(path, loop) as store:
        store.watch("/first", heard.append)
        assert store.read("/a") == "x" * 4000
        run(loop, lambda: len(heard) == 2)
        assert heard == ["/first", "/second"]


def test_errors_are_told_apart_by_name(tmp_path: Path, loop: RealLoop) -> None:
    def answer(request: Message) -> bytes:
        return pack_message(Message(Kind.ERROR, pack_error(EINVAL), request.req_id))

    with daemon(tmp_path, answer) as path, EmuStore(path, loop) as store, pytest.raises(HostError) as refused:
        store.read("/a")
    assert refused.value.errno == EINVAL

"""A xenstore client over a socket: requests wait for their reply, watch events come to the loop.

A request to the daemon beside us takes some tens of microseconds and is made only while connecting, so waiting for it
is simplest.  Watch events that arrive meanwhile are kept and delivered from the loop, never from inside a request.
"""

import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import E2BIG, EAGAIN, ENOENT, ENOTCONN, ETIMEDOUT
from itertools import count
from pathlib import Path

from hosts.api import Handle, HostError, Loop, OnWatch, StoreView
from hosts.xswire import (
    PAYLOAD_OCTETS_MAX,
    Kind,
    Message,
    Parser,
    decode_text,
    encode_text,
    error_number,
    pack_message,
    pack_strings,
    split_strings,
)

REPLY_LIMIT_S = 10
RECEIVE_OCTETS = 65536
ATTEMPTS_MAX = 100
"""Of one transaction; whoever meets interference that often interferes with himself."""


class EmuStoreView:
    """The store as transaction `tx` sees it; 0 is the store itself."""

    def __init__(self, connection: "StoreSocket", tx: int) -> None:
        self._connection = connection
        self._tx = tx

    def read(self, path: str) -> str | None:
        """The value, or None when there is no such node."""
        try:
            return decode_text(self._ask(Kind.READ, pack_strings(path)))
        except HostError as error:
            if error.errno != ENOENT:
                raise
            return None

    def write(self, path: str, value: str) -> None:
        """Set the value, making missing parents.  Raises HostError(E2BIG) too."""
        self._ask(Kind.WRITE, pack_strings(path) + encode_text(value))

    def mkdir(self, path: str) -> None:
        """Make the node, with an empty value, unless it exists."""
        self._ask(Kind.MKDIR, pack_strings(path))

    def remove(self, path: str) -> None:
        """Remove the node and all below; a missing node is fine."""
        try:
            self._ask(Kind.RM, pack_strings(path))
        except HostError as error:
            if error.errno != ENOENT:
                raise

    def list(self, path: str) -> tuple[str, ...]:
        """Names of the children; empty when there is no such node."""
        try:
            return split_strings(self._ask(Kind.DIRECTORY, pack_strings(path)))
        except HostError as error:
            if error.errno == E2BIG:
                return self._list_in_parts(path)
            if error.errno != ENOENT:
                raise
            return ()

    def set_perms(self, path: str, perms: Sequence[str]) -> None:
        """Replace the permissions."""
        self._ask(Kind.SET_PERMS, pack_strings(path, *perms))

    def _list_in_parts(self, path: str) -> tuple[str, ...]:
        """A directory too long for one message: from offset to offset, anew whenever it changed meanwhile."""
        generation, names = "", list[str]()
        offset = 0
        while True:
            reply = split_strings(self._ask(Kind.DIRECTORY_PART, pack_strings(path, str(offset))))
            if reply[0] != generation:
                generation, names = reply[0], []
                if offset:
                    offset = 0
                    continue
            part = [name for name in reply[1:] if name]
            names += part
            offset += sum(len(encode_text(name)) + 1 for name in part)
            if len(part) < len(reply) - 1 or not part:  # an empty name ends the list
                return tuple(names)

    def _ask(self, kind: Kind, payload: bytes) -> bytes:
        return self._connection.ask(kind, payload, self._tx)


class EmuStore(EmuStoreView):
    """The machine's xenstore as one domain sees it; see `hosts.api.Store`."""

    def __init__(self, path: Path, loop: Loop | None) -> None:
        self._socket = StoreSocket(path, loop, self._deliver, self._on_lost)
        super().__init__(self._socket, 0)
        self._tokens = count(1)
        self._watches: dict[str, tuple[str, OnWatch]] = {}  # by token

    def transact(self, change: Callable[[StoreView], None]) -> None:
        """Apply `change` to a transaction and commit; again from the start while others interfere."""
        for _ in range(ATTEMPTS_MAX):
            if self._attempt(change):
                return
        raise HostError(EAGAIN, f"a transaction met interference {ATTEMPTS_MAX} times")

    def _attempt(self, change: Callable[[StoreView], None]) -> bool:
        tx = int(split_strings(self._socket.ask(Kind.TRANSACTION_START, b"\0", 0))[0])
        try:
            change(EmuStoreView(self._socket, tx))
        except BaseException:
            self._socket.ask(Kind.TRANSACTION_END, pack_strings("F"), tx)
            raise
        try:
            self._socket.ask(Kind.TRANSACTION_END, pack_strings("T"), tx)
        except HostError as error:
            if error.errno != EAGAIN:
                raise
            return False
        return True

    def watch(self, path: str, callback: OnWatch) -> "_Watch":
        """Call `callback(path)` soon once, and again whenever `path` or a node below it may have changed."""
        token = str(next(self._tokens))
        self._watches[token] = path, callback
        try:
            self._socket.ask(Kind.WATCH, pack_strings(path, token), 0)
        except HostError:
            del self._watches[token]
            raise
        return _Watch(self, path, token)

    def unwatch(self, path: str, token: str) -> None:
        """Forget a watch, if it is still there: with a daemon that is gone, it is not."""
        if self._watches.pop(token, None) is not None and self._socket.is_open:
            with suppress(HostError):
                self._socket.ask(Kind.UNWATCH, pack_strings(path, token), 0)

    def close(self) -> None:
        """End all watches and the connection.  Harmless twice."""
        self._watches.clear()
        self._socket.close()

    def __enter__(self) -> "EmuStore":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _deliver(self, path: str, token: str) -> None:
        watch = self._watches.get(token)
        if watch is not None:
            watch[1](path)

    def _on_lost(self) -> None:
        """The daemon has gone: everything may have changed, and whoever looks will find out."""
        for path, callback in tuple(self._watches.values()):
            callback(path)

    @property
    def is_lost(self) -> bool:
        """Whether the machine ended the connection; it does not come back."""
        return not self._socket.is_open


class StoreSocket:
    """The connection: one request at a time, and events in between.  Without a loop, events are not heard."""

    def __init__(
        self, path: Path, loop: Loop | None, on_event: Callable[[str, str], None], on_lost: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._on_lost = on_lost
        self._on_event = on_event
        self._parser = Parser()
        self._due = False  # is a dispatch
        self._events: dict[tuple[str, str], None] = {}  # in order; equal ones merge, so rewriting a node is no flood
        self._next_id = count(1)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # the kernel's own: they leave MSG_DONTWAIT alone
            self._socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", REPLY_LIMIT_S, 0))
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise HostError(error.errno, f"{path}: no machine runs there: {error.strerror}") from error
        self._watch: Handle | None = None if loop is None else loop.watch_fd(self._socket.fileno(), self._on_readable)
        self.is_open = True

    def ask(self, kind: Kind, payload: bytes, tx: int) -> bytes:
        """The reply's payload.  Raises HostError with the store's errno, ETIMEDOUT or ENOTCONN without a reply."""
        if len(payload) > PAYLOAD_OCTETS_MAX:
            raise HostError(E2BIG, f"{len(payload)} octets in one xenstore message, want at most {PAYLOAD_OCTETS_MAX}")
        req_id = next(self._next_id) & 0xFFFF_FFFF
        try:
            self._socket.sendall(pack_message(Message(kind, payload, req_id, tx)))
            reply = self._wait_for(req_id)
        except BlockingIOError as error:
            raise HostError(ETIMEDOUT, f"xenstore did not answer in {REPLY_LIMIT_S} s") from error
        except HostError:
            raise
        except OSError as error:
            raise HostError(ENOTCONN, f"xenstore is gone: {error.strerror}") from error
        if reply.kind == Kind.ERROR:
            number = error_number(reply.payload)
            text = payload.split(b"\0")[0].decode(errors="replace")
            raise HostError(number, f"xenstore {kind.name} {text}: {number.name}")
        return reply.payload

    def close(self) -> None:
        """Leave.  Harmless twice."""
        if self.is_open:
            self.is_open = False
            if self._watch is not None:
                self._watch.cancel()
            self._socket.close()

    def _wait_for(self, req_id: int) -> Message:
        while True:
            reply = self._sort(req_id)
            if reply is not None:
                return reply
            data = self._socket.recv(RECEIVE_OCTETS)
            if not data:
                raise HostError(ENOTCONN, "xenstore is gone")
            self._parser.feed(data)

    def _sort(self, req_id: int | None) -> Message | None:
        """Keep all events received so far; the reply to `req_id`, if it was among them."""
        reply = None
        while (message := self._parser.take()) is not None:
            if message.kind == Kind.WATCH_EVENT:
                self._keep(message)
            elif message.req_id == req_id:
                reply = message
        return reply

    def _keep(self, event: Message) -> None:
        path, token = split_strings(event.payload)[:2]
        self._events[path, token] = None
        self._dispatch_soon()

    def _dispatch_soon(self) -> None:
        """Once, however many events there are: whoever makes them must not make us ever busier."""
        if not self._due and self._loop is not None:
            self._due = True
            self._loop.call_soon(self._dispatch)

    def _on_readable(self, now_ns: int) -> None:
        while self.is_open:
            try:
                data = self._socket.recv(RECEIVE_OCTETS, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.close()
                self._on_lost()
                break
            self._parser.feed(data)
            self._sort(None)

    def _dispatch(self, now_ns: int) -> None:
        self._due = False
        try:
            for _ in range(len(self._events)):
                event = next(iter(self._events))
                del self._events[event]
                self._on_event(*event)
        finally:
            if self._events:  # more came while these were heard, or one was heard badly
                self._dispatch_soon()


class _Watch:
    """One watch."""

    def __init__(self, store: EmuStore, path: str, token: str) -> None:
        self._store = store
        self._path = path
        self._token = token

    def cancel(self) -> None:
        """Stop the callbacks.  Harmless twice."""
        self._store.unwatch(self._path, self._token)

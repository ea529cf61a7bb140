"""One client's connection to the xenstore: request octets in, reply and watch event octets out.  No I/O.

A request that is refused becomes an ERROR reply.  Only a stream that cannot be followed any more raises, and then the
daemon drops the connection.

Rules:

1. Replies leave in the order of their requests; watch events stand between messages, never inside.
2. A watch event equal to one still queued is not queued again, so a client that does not read cannot make his queue
   grow by having others write (XSA-349, XSA-326).
3. A guest with 20 answers unread is not answered any more: its requests wait, and then its socket is full.
4. The queue of a client who never reads is bounded: events of other clients' writes fill it too.  Once it overflows,
   nothing more is queued, and the daemon drops the client.
"""

from collections.abc import Callable
from errno import E2BIG, EINVAL

from hosts.api import HostError
from hosts.xenstore.client import StoreClient
from hosts.xenstore.quota import Quota
from hosts.xenstore.requests import answer
from hosts.xenstore.store import XenStore
from hosts.xswire import (
    PAYLOAD_OCTETS_MAX,
    Kind,
    Message,
    Parser,
    pack_error,
    pack_message,
    pack_strings,
    split_strings,
)
from ringproto.errors import ProtocolError

QUEUED_OCTETS_MAX = 1 << 20
"""256 of the largest messages: more than the replies to all requests that one receive of 1024 octets can hold."""


class StoreConnection:
    """What a daemon keeps per client socket.

    The daemon gives what it received to `receive`, and writes `outgoing()` whenever the socket takes more.  Take it
    only then: what is still here can be merged (equal watch events) and counted (`queued_octets`).
    `on_outgoing()` is called each time something is queued while nothing was, and when the queue overflows.
    """

    def __init__(self, store: XenStore, domid: int, on_outgoing: Callable[[], None] = lambda: None) -> None:
        self._client = StoreClient(store, domid, self._queue_event)
        self._usage = store.usage
        self._domid = domid
        self._on_outgoing = on_outgoing
        self._parser = Parser()
        self._queue: dict[bytes | int, bytes] = {}  # in order; an event is its own key, a reply's key is a number
        self._replies = 0
        self._unread = 0  # replies that are in the queue
        self._queued_octets = 0
        self.overflowed = False

    @property
    def queued_octets(self) -> int:
        """Octets waiting in `outgoing`."""
        return self._queued_octets

    @property
    def is_full(self) -> bool:
        """Whether the client has to take its answers first: until then `receive` only piles up what it is given."""
        return not self._usage.is_allowed(Quota.OUTSTANDING, self._domid, self._unread + 1)

    def receive(self, data: bytes) -> bool:
        """Answer the requests in `data`, and those still waiting; whether there were any.

        Raises ProtocolError when the stream is lost: drop the connection.
        """
        self._parser.feed(data)
        before = self._replies
        while not self.is_full and (message := self._parser.take()) is not None:
            self._answer(message)
        return self._replies > before

    def outgoing(self) -> bytes:
        """All that is to be sent to the client, in order; whole messages.  It is then the caller's."""
        data = b"".join(self._queue.values())
        self._queue.clear()
        self._queued_octets = self._unread = 0
        return data

    def close(self) -> None:
        """The client is gone: its transactions and watches end.  (Its domain lives on: see XenStore.release.)"""
        self._client.close()

    def _answer(self, request: Message) -> None:
        kind = request.kind
        try:
            payload = answer(self._client, request)
            if len(payload) > PAYLOAD_OCTETS_MAX:
                raise HostError(E2BIG, "the reply is longer than a message")
        except (HostError, ProtocolError) as error:
            kind, payload = Kind.ERROR, pack_error(error.errno or EINVAL)
        self._replies += 1
        self._unread += 1
        self._enqueue(self._replies, pack_message(Message(kind, payload, request.req_id, request.tx_id)))
        if kind == Kind.WATCH:
            self._queue_event(*split_strings(request.payload)[:2])

    def _queue_event(self, path: str, token: str) -> None:
        event = pack_message(Message(Kind.WATCH_EVENT, pack_strings(path, token)))
        if event not in self._queue:
            self._enqueue(event, event)

    def _enqueue(self, key: bytes | int, data: bytes) -> None:
        if self.overflowed:
            return
        first = not self._queue
        self.overflowed = self._queued_octets + len(data) > QUEUED_OCTETS_MAX
        if self.overflowed:
            self._on_outgoing()
            return
        self._queue[key] = data
        self._queued_octets += len(data)
        if first:
            self._on_outgoing()

"""Typed messages on a channel: requests, replies that carry the request's tag, and notices that answer nothing.

Each is a MessagePack array of two: the tag, which the asking side chose, and the body.  Tag 0 is for notices.  Bodies
are msgspec structs of the user's own, told apart by their own tags (`tag=True`).  What does not decode to one of them
ends the channel.

A server serves a channel (`hosts.channel.service`), with `decode` what it takes and `encode` what it sends.  A client
without a loop is a Caller.
"""

import time
from collections.abc import Callable, Sequence
from errno import EBADMSG, ETIMEDOUT
from typing import Annotated, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from hosts.api import HostError
from hosts.channel.api import ChannelError, Message, MessageChannel
from hosts.channel.passing import close_all
from hosts.channel.patience import wait

NOTICE = 0
"""The tag of what answers nothing."""

TAG_MAX = 0xFFFF_FFFF

CALLS_MAX = 64
"""Of one caller, that are not answered yet."""

REPLY_LIMIT_NS = 30_000_000_000
"""PulseAudio's clients wait as long."""

Out = TypeVar("Out")
In = TypeVar("In")
Body = TypeVar("Body")


class Tagged(msgspec.Struct, Generic[Body], array_like=True, frozen=True, forbid_unknown_fields=True):
    """What one message holds."""

    tag: Annotated[int, Meta(ge=0, le=TAG_MAX)]
    body: Body


class Heard(NamedTuple, Generic[Body]):
    """A message taken apart."""

    tag: int
    body: Body
    fds: tuple[int, ...]
    """The hearer's to close."""


_encode = msgspec.msgpack.Encoder().encode


def encode(body: object, tag: int = NOTICE) -> bytes:
    """A message with that body, a msgspec struct: a notice, or what answers the request with that tag."""
    return _encode(Tagged(tag, body))


def decode(message: Message, decoder: msgspec.msgpack.Decoder[Tagged[Body]]) -> Heard[Body]:
    """Take a message apart.  Raises ChannelError(EBADMSG) for what is none, having closed what came with it."""
    try:
        tagged = decoder.decode(message.octets)
    except (ValueError, RecursionError) as error:  # all that msgspec raises: bad UTF-8 and deep nesting too
        close_all(message.fds)
        raise ChannelError(EBADMSG, f"not a message: {error}") from error
    return Heard(tagged.tag, tagged.body, message.fds)


class Caller(Generic[Out, In]):
    """A client's end of a channel, which stays its user's to close.

    Requests may be sent ahead of their replies.  Notices go to `on_notice` as they are come upon.  For one thread.
    """

    def __init__(
        self,
        channel: MessageChannel,
        decoder: msgspec.msgpack.Decoder[Tagged[In]],
        on_notice: Callable[[Heard[In]], None],
    ) -> None:
        self._channel = channel
        self._decoder = decoder
        self._on_notice = on_notice
        self._last_tag = NOTICE
        self._replies: dict[int, Heard[In] | None] = {}

    def ask(self, request: Out, fds: Sequence[int] = ()) -> Heard[In]:
        """Send a request and wait for its reply.  Raises as `send` and `reply` do."""
        return self.reply(self.send(request, fds))

    def send(self, request: Out, fds: Sequence[int] = ()) -> int:
        """Send a request; the tag that its reply will have.

        Raises ValueError for one that is too long, or with too many descriptors, or when CALLS_MAX are unanswered.
        """
        if len(self._replies) >= CALLS_MAX:
            raise ValueError(f"{len(self._replies)} requests are not answered yet, want fewer than {CALLS_MAX}")
        tag = self._last_tag % TAG_MAX + 1
        self._channel.send(encode(request, tag), fds)
        self._last_tag = tag
        self._replies[tag] = None
        return tag

    def reply(self, tag: int, limit_ns: int = REPLY_LIMIT_NS) -> Heard[In]:
        """Wait for the reply to the request with that tag.

        Raises HostError(ETIMEDOUT) when there is none in time: should it come later, it is dropped.  Raises
        ChannelError.
        """
        deadline_ns = time.monotonic_ns() + limit_ns
        while (reply := self._replies[tag]) is None:
            message = wait(self._channel, deadline_ns)
            if message is None:
                del self._replies[tag]
                raise HostError(ETIMEDOUT, f"no reply within {limit_ns / 1e9:g} s")
            self._sort(decode(message, self._decoder))
        del self._replies[tag]
        return reply

    def hear(self) -> None:
        """Come upon what is there now.  Raises ChannelError."""
        while (message := self._channel.take()) is not None:
            self._sort(decode(message, self._decoder))

    def _sort(self, heard: Heard[In]) -> None:
        if heard.tag == NOTICE:
            self._on_notice(heard)
        elif self._replies.get(heard.tag, heard) is None:
            self._replies[heard.tag] = heard
        else:  # too late, or a second one
            close_all(heard.fds)

"""Asking the backend: one request, one answer, from whichever thread."""

import threading
from contextlib import suppress
from errno import EBADMSG, EPIPE
from typing import TypeVar

from hosts.api import HostError
from hosts.channel.api import ChannelError, MessageChannel
from hosts.channel.calls import Caller, Heard
from hosts.channel.passing import close_all
from hosts.local.messages import Answer, Ended, Refused, Reply, Request, replies

AnswerT = TypeVar("AnswerT", bound=Answer)


class Control:
    """The application's end of the channel."""

    def __init__(self, channel: MessageChannel) -> None:
        self._channel = channel
        self._caller = Caller[Request, Reply](channel, replies, self._on_notice)
        self._lock = threading.Lock()
        self._ended: HostError | None = None

    def call(self, request: Request, kind: type[AnswerT]) -> AnswerT:
        """Ask, and wait for the answer.  Raises HostError: what the backend refused, or that it is gone."""
        answer, fds = self.call_for_fds(request, kind)
        close_all(fds)
        return answer

    def call_for_fds(self, request: Request, kind: type[AnswerT]) -> tuple[AnswerT, tuple[int, ...]]:
        """The same, with the descriptors that came along: the caller's to close."""
        with self._lock:
            self._check()
            try:
                _, answer, fds = self._caller.ask(request)
            except ChannelError as error:
                raise self._gone(error) from error
        if isinstance(answer, kind):
            return answer, fds
        close_all(fds)
        if isinstance(answer, Refused):
            raise HostError(answer.errno, answer.why)
        raise HostError(EBADMSG, f"answered by {type(answer).__name__}, want {kind.__name__}")

    def check(self) -> None:
        """Raises HostError when the backend is gone, or has turned us out."""
        if self._lock.acquire(blocking=False):  # who has it will hear of the end
            try:
                self._check()
                self._caller.hear()
                if self._channel.before_poll():  # as if we were to sleep: only then it sees whether anybody is there
                    self._caller.hear()
                self._check()
            except ChannelError as error:
                raise self._gone(error) from error
            finally:
                self._lock.release()

    def _check(self) -> None:
        if self._ended is not None:
            raise self._ended

    def _on_notice(self, heard: Heard[Reply]) -> None:
        close_all(heard.fds)
        if isinstance(heard.body, Ended) and self._ended is None:
            self._ended = HostError(heard.body.errno, f"turned out: {heard.body.why}")

    def _gone(self, error: ChannelError) -> HostError:
        """Why there is no more to come: the backend's own word, if it left one."""
        if self._ended is None:
            self._ended = HostError(error.errno or EPIPE, f"the backend is gone: {error.strerror}")
        return self._ended

    def close(self) -> None:
        """Ask no more."""
        with self._lock, suppress(OSError):
            self._ended = self._ended or HostError(EPIPE, "closed")
            self._channel.close()

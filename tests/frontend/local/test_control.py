"""Asking the backend: answers, refusals, and its end."""

from collections import deque
from collections.abc import Sequence
from errno import EBADMSG, EINVAL, EPIPE, ETIMEDOUT

import pytest

from frontend.local.control import Control
from hosts.api import HostError
from hosts.channel.api import ChannelError, Message
from hosts.channel.calls import decode, encode
from hosts.local.messages import Ask, Done, Ended, Granted, Refused, Reply, Start, Statistics, requests


class Scripted:
    """A channel whose other end answers as it is told."""

    def __init__(self, *answers: Reply | ChannelError) -> None:
        self._answers = deque(answers)
        self._waiting: deque[bytes] = deque()
        self.closed = False

    @property
    def is_shared(self) -> bool:
        return True

    def fileno(self) -> int:
        raise AssertionError("it never waits")

    def send(self, octets: bytes, fds: Sequence[int] = ()) -> None:
        tag = decode(Message(octets), requests).tag
        if self._answers and not isinstance(self._answers[0], ChannelError):
            answer = self._answers.popleft()
            self._waiting.append(encode(answer, 0 if isinstance(answer, Ended) else tag))

    def say(self, notice: Reply) -> None:
        """Say something unasked."""
        self._waiting.append(encode(notice))

    def take(self) -> Message | None:
        if self._waiting:
            return Message(self._waiting.popleft())
        if self._answers and isinstance(end := self._answers[0], ChannelError):
            raise end
        return None

    def before_poll(self) -> bool:
        return bool(self._answers)

    def close(self) -> None:
        self.closed = True


def test_an_answer_is_what_was_asked_for() -> None:
    control = Control(Scripted(Done(), Granted(2, 3)))
    assert control.call(Start(), Done) == Done()
    with pytest.raises(HostError, match="answered by Granted, want Statistics") as wrong:
        control.call(Ask(), Statistics)
    assert wrong.value.errno == EBADMSG


def test_a_refusal_is_an_error_and_no_end() -> None:
    control = Control(Scripted(Refused(EINVAL, "name: empty"), Done()))
    with pytest.raises(HostError, match="name: empty") as refused:
        control.call(Start(), Done)
    assert refused.value.errno == EINVAL
    assert control.call(Start(), Done) == Done()


def test_the_end_is_told_in_the_backends_words_and_ever_after() -> None:
    control = Control(Scripted(Ended(ETIMEDOUT, "stayed away"), ChannelError(EPIPE, "gone")))
    for _ in range(2):
        with pytest.raises(HostError, match="turned out: stayed away") as ended:
            control.call(Start(), Done)
        assert ended.value.errno == ETIMEDOUT
    with pytest.raises(HostError, match="stayed away"):
        control.check()


def test_a_backend_that_is_gone_is_noticed_by_looking() -> None:
    control = Control(Scripted(Done(), ChannelError(EPIPE, "closed")))
    control.call(Start(), Done)
    with pytest.raises(HostError, match="the backend is gone: closed") as gone:
        control.check()
    assert gone.value.errno == EPIPE


def test_who_is_turned_out_is_told_why_before_the_channel_ends() -> None:
    channel = Scripted()
    control = Control(channel)
    control.check()
    channel.say(Ended(EINVAL, "taken: 9"))
    with pytest.raises(HostError, match="turned out: taken: 9"):
        control.check()


def test_looking_is_nothing_while_all_is_well() -> None:
    Control(Scripted()).check()


def test_once_closed_nothing_can_be_asked() -> None:
    channel = Scripted(Done())
    control = Control(channel)
    control.close()
    assert channel.closed
    with pytest.raises(HostError, match="closed"):
        control.call(Start(), Done)

"""What a parser made of its input: the value, or the refusal."""

from collections.abc import Callable
from typing import TypeVar

from ringproto.errors import ProtocolError

A = TypeVar("A")
T = TypeVar("T")


def outcome(parse: Callable[[A], T], argument: A) -> T | ProtocolError:
    """`parse(argument)`, or the ProtocolError it raises; anything else it raises fails the test."""
    try:
        return parse(argument)
    except ProtocolError as error:
        return error

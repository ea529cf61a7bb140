"""What a case of an attack is, and the names of all of them.

A case is one misdeed: a function of the hostile guest that commits it and says what came of it, in a word or two.  Its
name begins with its code in the list (r4, x7, ...), its docstring says what it does, and its decorator what may come:

    "connected"     nothing happened, and the connection stands      "-22"  a refusal with just this errno
    "disconnected"  the backend has let go of this guest             "0"    it was answered as if it were good
    "refused"       it was not let in                                "died" the guest's process was killed

What a function says must be one of the words allowed, or several of them, in any order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tests.hostile.guest import Hostile

Attack = Callable[["Hostile"], str]


class Record(msgspec.Struct, frozen=True):
    """What the attacker reports of one case."""

    case: str
    came: str
    """The words for what came of it."""
    answers_after: bool
    """Whether a well-behaved connection of the same guest was served afterwards."""
    began_ns: int
    ended_ns: int


@dataclass(frozen=True, slots=True)
class Case:
    """One misdeed."""

    name: str
    attack: Attack
    allowed: frozenset[str]

    @property
    def did(self) -> str:
        """What it does, as its docstring says."""
        return (self.attack.__doc__ or self.name).strip().partition("\n")[0]

    def allows(self, came: str) -> bool:
        """Whether that may come of it."""
        return came != "" and set(came.split()) <= self.allowed


CASES: dict[str, Case] = {}
"""All that were declared, by name; complete once `tests.hostile.classes` is imported."""


def case(*allowed: str) -> Callable[[Attack], Attack]:
    """Declare a function to be a case, of which nothing but this may come."""

    def declare(attack: Attack) -> Attack:
        name = attack.__name__
        assert name not in CASES, name
        CASES[name] = Case(name, attack, frozenset(allowed))
        return attack

    return declare


def variants(attack: Callable[["Hostile", int], str], values: dict[str, int], *allowed: str) -> None:
    """Declare a case for each value, named after the function and the value's own name."""
    for label, value in values.items():
        _declare_variant(attack, label, value, *allowed)


def _declare_variant(attack: Callable[["Hostile", int], str], label: str, value: int, *allowed: str) -> None:
    def one(guest: "Hostile") -> str:
        return attack(guest, value)

    one.__module__ = attack.__module__
    one.__name__ = f"{attack.__name__.lstrip('_')}_{label}"
    one.__doc__ = attack.__doc__
    case(*allowed)(one)

"""Who may read and write a node.

Permissions are a list of letter and domid, written like `n1`, `r0`.  The first entry names the owner, who may do
everything, and its letter is what everybody not listed may do.  Dom0 is above all this.
"""

from collections.abc import Sequence
from enum import Flag
from errno import EINVAL
from typing import NamedTuple

from hosts.api import HostError

#: The domain that may do everything.
PRIVILEGED = 0
#: DOMID_FIRST_RESERVED of public/xen.h: no domain has this number or a higher one.
DOMID_END = 0x7FF0


class Access(Flag):
    """What one entry of the permissions allows."""

    NONE = 0
    READ = 1
    WRITE = 2
    BOTH = 3


class Perm(NamedTuple):
    """One entry: this domain may do that."""

    domid: int
    access: Access


Perms = tuple[Perm, ...]

_ACCESS = {"n": Access.NONE, "r": Access.READ, "w": Access.WRITE, "b": Access.BOTH}
_LETTER = {access: letter for letter, access in _ACCESS.items()}

#: How the tree begins: Dom0's, and nobody else sees it.
ROOT_PERMS: Perms = (Perm(PRIVILEGED, Access.NONE),)


def parse_domid(text: str) -> int:
    """A domid in decimal; HostError(EINVAL) otherwise."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < DOMID_END):
        raise HostError(EINVAL, "not a domid", text[:20])
    return int(text)


def parse_perms(texts: Sequence[str]) -> Perms:
    """The permissions that texts such as `("n1", "r0")` mean; HostError(EINVAL) when they mean none."""
    if not texts or any(text[:1] not in _ACCESS for text in texts):
        raise HostError(EINVAL, "not permissions", repr(texts)[:80])
    return tuple(Perm(parse_domid(text[1:]), _ACCESS[text[0]]) for text in texts)


def format_perms(perms: Perms) -> tuple[str, ...]:
    """The permissions as texts."""
    return tuple(f"{_LETTER[perm.access]}{perm.domid}" for perm in perms)


def allows(perms: Perms, domid: int, wanted: Access, target: int | None = None) -> bool:
    """Whether `domid` may do all of what is wanted; what is said of its `target` counts as if said of itself."""
    if domid == PRIVILEGED or perms[0].domid in (domid, target):
        return True
    granted = next((perm.access for perm in perms[1:] if perm.domid in (domid, target)), perms[0].access)
    return wanted in granted


def inherited(perms: Perms, creator: int) -> Perms:
    """A new node's permissions: its parent's, but what an unprivileged domain makes is its own."""
    return perms if creator == PRIVILEGED else (Perm(creator, perms[0].access), *perms[1:])


def without(perms: Perms, domid: int) -> Perms:
    """The permissions with nothing said about `domid`; what it owned is Dom0's."""
    first = ROOT_PERMS[0] if perms[0].domid == domid else perms[0]
    return (first, *(perm for perm in perms[1:] if perm.domid != domid))

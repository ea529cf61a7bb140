"""Which domains there are, and what Dom0 settled about each: its target, its features, its quotas.

A domain that serves another one, as a device model in a stub domain does, has that one as its target: it may do what
its target may (SET_TARGET).  All of this goes with the domain, so that a later one of the same number starts anew.
"""

from errno import EBUSY, EINVAL, ENOENT

from hosts.api import HostError
from hosts.xenstore.perms import PRIVILEGED, Access, Perms, allows
from hosts.xenstore.quota import Usage

WATCH_DEPTH = 4
"""XENSTORE_SERVER_FEATURE_WATCHDEPTH of public/io/xs_wire.h: WATCH takes a depth.  The only feature that we have."""


class Domains:
    """All domains of the machine."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._introduced: set[int] = set()
        self._targets: dict[int, int] = {}
        self._features: dict[int, int] = {}

    def __contains__(self, domid: int) -> bool:
        """Whether there is such a domain."""
        return domid in self._introduced

    def check_guest(self, domid: int) -> None:
        """HostError when the domain is not there (ENOENT), or no guest (EINVAL)."""
        if domid == PRIVILEGED:
            raise HostError(EINVAL, "not for Dom0")
        if domid not in self._introduced:
            raise HostError(ENOENT, f"no domain {domid}")

    def add(self, domid: int) -> None:
        """A domain appears."""
        self._introduced.add(domid)

    def remove(self, domid: int) -> None:
        """A domain is gone, and whoever served it serves nobody now."""
        self._introduced.discard(domid)
        self._features.pop(domid, None)
        self._targets = {one: other for one, other in self._targets.items() if domid not in (one, other)}
        self.usage.forget_limits(domid)

    def set_target(self, domid: int, target: int) -> None:
        """Let `domid` do whatever `target` may.  Raises HostError as `check_guest`."""
        self.check_guest(domid)
        self.check_guest(target)
        self._targets[domid] = target

    def allows(self, perms: Perms, domid: int, wanted: Access) -> bool:
        """Whether `domid` may do all of what is wanted, in its own name or its target's."""
        return allows(perms, domid, wanted, self._targets.get(domid, domid))

    def owns(self, perms: Perms, domid: int) -> bool:
        """Whether `domid` counts as owner: Dom0 does everywhere."""
        owner = perms[0].domid
        return owner in (domid, self._targets.get(domid)) or domid == PRIVILEGED

    def features(self, domid: int) -> int:
        """What the store does for the domain beyond what it has always done."""
        return self._features.get(domid, WATCH_DEPTH)

    def set_features(self, domid: int, features: int) -> None:
        """Restrict a domain that is yet to come.  HostError: EBUSY when it is there, EINVAL for what there is not."""
        if domid in self._introduced:
            raise HostError(EBUSY, f"domain {domid} is there already")
        if features & ~WATCH_DEPTH:
            raise HostError(EINVAL, "not a feature of ours", str(features))
        self._features[domid] = features

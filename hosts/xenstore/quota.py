"""How much an unprivileged domain may have, so that one guest cannot fill the machine's store.

Names and numbers are those of Xen's C xenstored.  Dom0 has no limits: it is the one who would have to clean up.  It may
give all guests, or one of them, other numbers (SET_QUOTA); 0 stands for no limit.
"""

from collections import Counter
from enum import Enum
from errno import EINVAL, ENOMEM, ENOSPC

from hosts.api import HostError
from hosts.xenstore.perms import PRIVILEGED


class Quota(Enum):
    """What is limited: its name on the wire, how many there may be, and the errno for one more.

    The first five are counted as they come and go.  The others are limits to what one request may ask for.
    """

    NODES = ("nodes", 1000, ENOSPC)
    MEMORY = ("memory", 5 << 19, ENOMEM)  # octets: 2.5 MiB
    WATCHES = ("watches", 128, ENOSPC)
    TRANSACTIONS = ("transactions", 10, ENOSPC)
    OUTSTANDING = ("outstanding", 20, ENOSPC)  # answers that a connection has not read yet; more just have to wait
    TRANSACTION_NODES = ("transaction-nodes", 1024, ENOSPC)
    PERMISSIONS = ("node-permissions", 5, ENOSPC)
    PATH_OCTETS = ("path-max", 2048, EINVAL)
    NODE_OCTETS = ("node-size", 2048, ENOSPC)

    def __init__(self, wire_name: str, most: int, error: int) -> None:
        self.wire_name = wire_name
        self.most = most
        self.error = error

    @classmethod
    def named(cls, wire_name: str) -> "Quota":
        """The quota of that name; HostError(EINVAL) when there is none."""
        for quota in cls:
            if quota.wire_name == wire_name:
                return quota
        raise HostError(EINVAL, "no such quota", wire_name[:40])


class Usage:
    """What every domain has of each, and may have."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Quota, int]] = Counter()
        self._limits: dict[tuple[Quota, int | None], int] = {}

    def count(self, quota: Quota, domid: int) -> int:
        """How many the domain has."""
        return self._counts[quota, domid]

    def add(self, quota: Quota, domid: int, amount: int) -> None:
        """Note that the domain has so many more, or fewer."""
        key = quota, domid
        self._counts[key] += amount
        assert self._counts[key] >= 0
        if not self._counts[key]:
            del self._counts[key]

    def take(self, quota: Quota, domid: int, amount: int) -> None:
        """Note so many more, if the domain may have them; HostError otherwise."""
        self.check(quota, domid, amount)
        self.add(quota, domid, amount)

    def check(self, quota: Quota, domid: int, amount: int) -> None:
        """HostError when the domain may not have so many more."""
        if not self.is_allowed(quota, domid, amount):
            most = self.limit(quota, domid)
            raise HostError(quota.error, f"domain {domid} may have no more than {most} of {quota.wire_name}")

    def is_allowed(self, quota: Quota, domid: int, amount: int) -> bool:
        """Whether the domain may have so many more."""
        most = self.limit(quota, domid)
        return domid == PRIVILEGED or most == 0 or self._counts[quota, domid] + amount <= most

    def limit(self, quota: Quota, domid: int | None = None) -> int:
        """How many the domain may have, or any that has no limit of its own; 0: as many as it likes."""
        common = self._limits.get((quota, None), quota.most)
        return common if domid is None else self._limits.get((quota, domid), common)

    def set_limit(self, quota: Quota, most: int, domid: int | None = None) -> None:
        """Give the domain, or all that have none of their own, another limit.  What it has already it keeps."""
        self._limits[quota, domid] = most

    def forget_limits(self, domid: int) -> None:
        """The domain is gone; the next of its number starts anew."""
        for quota in Quota:
            self._limits.pop((quota, domid), None)

"""How much an unprivileged domain may have, so that one guest cannot fill the machine's store.

The numbers are those of Xen's C xenstored.  Dom0 has no limits: it is the one who would have to clean up.
"""

from collections import Counter
from enum import Enum
from errno import E2BIG, ENOSPC

from hosts.api import HostError
from hosts.xenstore.perms import PRIVILEGED

NODE_OCTETS_MAX = 2048
PATH_OCTETS_MAX = 2048
PERMS_PER_NODE_MAX = 5
NODES_PER_TRANSACTION_MAX = 1024


class Quota(Enum):
    """Things that are counted per domain: how many, and the errno for one more."""

    NODES = (1000, ENOSPC)
    WATCHES = (128, E2BIG)
    TRANSACTIONS = (10, ENOSPC)


class Usage:
    """What every domain has of each."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Quota, int]] = Counter()

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

    def check(self, quota: Quota, domid: int, amount: int) -> None:
        """HostError when the domain may not have so many more."""
        most, error = quota.value
        if domid != PRIVILEGED and self._counts[quota, domid] + amount > most:
            raise HostError(error, f"domain {domid} has as many {quota.name.lower()} as it may: {most}")


def check_limit(domid: int, amount: int, most: int, what: str, error: int = ENOSPC) -> None:
    """HostError when an unprivileged domain wants more of something than it may have at once."""
    if domid != PRIVILEGED and amount > most:
        raise HostError(error, f"{what}: {amount}, at most {most} for domain {domid}")

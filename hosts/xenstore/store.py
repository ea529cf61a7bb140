"""The machine's one xenstore: the tree, its watches, and which domains there are.

It also does the little that a toolstack does for every domain: makes its home when it appears, and clears up when it
is gone.  What a dead domain owned goes, and no permission names it any more, so that a later domain of the same number
inherits nothing (XSA-322, XSA-419).
"""

from collections import Counter
from itertools import count

from hosts.xenstore.domains import Domains
from hosts.xenstore.draft import Draft, account
from hosts.xenstore.nodes import Node, find, walk
from hosts.xenstore.paths import INTRODUCE_DOMAIN, RELEASE_DOMAIN, below, home_of
from hosts.xenstore.perms import PRIVILEGED, ROOT_PERMS, Access, Perm, Perms, inherited, without
from hosts.xenstore.quota import Quota, Usage
from hosts.xenstore.watches import Watches


class XenStore:
    """Nodes, watches, domains.  Clients reach them through `hosts.xenstore.client.StoreClient`."""

    def __init__(self) -> None:
        self.domains = Domains()
        self.watches = Watches(self.domains)
        #: Who hears of domains.  That one is gone everybody may know, as in the real one; that one came, Dom0 only.
        self.special_perms: dict[str, Perms] = {
            INTRODUCE_DOMAIN: ROOT_PERMS,
            RELEASE_DOMAIN: (Perm(PRIVILEGED, Access.READ),),
        }
        self._generations = count(1)
        self._root = Node(b"", ROOT_PERMS, next(self._generations))
        draft = self.draft()
        account(draft.owned, self._root, 1)
        draft.mkdir(PRIVILEGED, "/tool/xenstored")
        self.commit(draft)
        self.introduce(PRIVILEGED)

    @property
    def root(self) -> Node:
        """The tree as it is now; later changes make another."""
        return self._root

    @property
    def usage(self) -> Usage:
        """What each domain has, and may have."""
        return self.domains.usage

    def draft(self) -> Draft:
        """Room for changes, starting from the tree as it is now."""
        return Draft(self._root, self.domains, self._generations)

    def commit(self, draft: Draft) -> None:
        """Make the draft the tree; it must have been started from the present one."""
        self._root = draft.root
        for (quota, domid), amount in draft.owned.items():
            self.usage.add(quota, domid, amount)
        for change in draft.changes:
            self.watches.fire(change, draft.root)

    def introduce(self, domid: int) -> None:
        """A domain appears: make its home (`domid` to read, `data` for its own use), then fire @introduceDomain.

        Harmless for a domain known already.
        """
        if domid in self.domains:
            return
        self.domains.add(domid)
        draft = self.draft()
        _make_home(draft, domid)
        self.commit(draft)
        self._tell_of_domain(INTRODUCE_DOMAIN, domid)

    def release(self, domid: int) -> None:
        """A domain is gone: remove its home and all it owned, forget its permissions, then fire @releaseDomain.

        Harmless for a domain not known.  Dom0 never goes.
        """
        if domid == PRIVILEGED or domid not in self.domains:
            return
        self.domains.remove(domid)
        draft = self.draft()
        if find(draft.root, home_of(domid)) is not None:
            draft.remove(PRIVILEGED, home_of(domid))
        mentioning = [found for found in walk("/", draft.root) if any(perm.domid == domid for perm in found[1].perms)]
        for path, node in mentioning:
            if find(draft.root, path) is None:
                continue  # went with the one above it
            if node.perms[0].domid == domid and path != "/":
                draft.remove(PRIVILEGED, path)
            else:
                draft.set_perms(PRIVILEGED, path, without(node.perms, domid))
        self.commit(draft)
        for name, perms in self.special_perms.items():
            self.special_perms[name] = without(perms, domid)
        self._tell_of_domain(RELEASE_DOMAIN, domid)

    def check(self) -> None:
        """AssertionError when what domains are held to own is not what is there."""
        owned: Counter[tuple[Quota, int]] = Counter()
        for _, node in walk("/", self._root):
            account(owned, node, 1)
        for (quota, domid), amount in owned.items():
            excess = self.usage.count(quota, domid) - amount
            assert excess == 0 or (excess > 0 and quota is Quota.MEMORY)  # which watches and transactions take as well

    def _tell_of_domain(self, name: str, domid: int) -> None:
        self.watches.fire_special(name, domid, self.special_perms[name])


def _make_home(draft: Draft, domid: int) -> None:
    home = home_of(domid)
    readable = ROOT_PERMS if domid == PRIVILEGED else (ROOT_PERMS[0], Perm(domid, Access.READ))
    draft.mkdir(PRIVILEGED, home)
    draft.set_perms(PRIVILEGED, home, readable)
    draft.write(PRIVILEGED, below(home, "domid"), str(domid).encode())
    draft.set_perms(PRIVILEGED, below(home, "domid"), readable)
    draft.mkdir(PRIVILEGED, below(home, "data"))
    draft.set_perms(PRIVILEGED, below(home, "data"), inherited(ROOT_PERMS, domid))

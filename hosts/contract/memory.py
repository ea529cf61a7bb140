"""Rules of shared memory."""

from collections.abc import Callable
from errno import EACCES

from hosts.api import Host
from hosts.contract.helpers import Rule, refused

PAGE_OCTETS = 4096


def shared_pages_begin_zeroed(dom0: Host, guest: Host) -> None:
    """A grant has one reference and one zeroed, writable page of 4096 octets each."""
    grant = guest.share(dom0.domid, 3)
    assert len(grant.refs) == len(grant.pages) == 3, "one reference and one page each"
    assert 0 not in grant.refs, "reference 0 is reserved"
    assert len(set(grant.refs)) == 3, "every page has a reference of its own"
    for page in grant.pages:
        assert bytes(page) == bytes(PAGE_OCTETS), "4096 zeroes"
        assert not page.readonly, "the owner writes"
    grant.end()


def mapped_pages_are_the_same(dom0: Host, guest: Host) -> None:
    """What one side writes the other reads, page by page in the order of the references asked for."""
    grant = guest.share(dom0.domid, 3)
    for number, page in enumerate(grant.pages):
        page[0] = number + 1
    mapping = dom0.map(guest.domid, grant.refs[::-1])
    assert [page[0] for page in mapping.pages] == [3, 2, 1], "pages come in the order of the references"
    assert all(len(page) == PAGE_OCTETS for page in mapping.pages), "pages have 4096 octets"
    words = mapping.pages[0].cast("I")
    words[1023] = 0xDEADBEEF
    assert grant.pages[2][-4:] == words[1023:].cast("B"), "the owner reads what the peer wrote"
    words.release()
    mapping.unmap()
    mapping.unmap()
    grant.end()


def read_only_is_enforced(dom0: Host, guest: Host) -> None:
    """Pages shared to read cannot be mapped to write, and pages mapped to read cannot be written."""
    readable = guest.share(dom0.domid, 1, writable=False)
    refused(EACCES, "mapping to write what is shared to read", dom0.map, guest.domid, readable.refs)
    writable = guest.share(dom0.domid, 1)
    for grant in (readable, writable):
        mapping = dom0.map(guest.domid, grant.refs, writable=False)
        assert mapping.pages[0].readonly, "a page mapped to read is a read-only view"
        grant.pages[0][7] = 77
        assert mapping.pages[0][7] == 77, "and shows what the owner writes"
        mapping.unmap()
        grant.end()


def only_the_peer_maps(dom0: Host, guest: Host) -> None:
    """References never granted, or granted to another, are EACCES; one bad one spoils all."""
    grant = guest.share(dom0.domid, 1)
    elsewhere = guest.share(guest.domid + 1, 1)
    refused(EACCES, "a reference never granted", dom0.map, guest.domid, (987654,))
    refused(EACCES, "the reserved reference", dom0.map, guest.domid, (0,))
    refused(EACCES, "a reference granted to another domain", dom0.map, guest.domid, elsewhere.refs)
    refused(EACCES, "a reference of another domain", dom0.map, guest.domid + 1, grant.refs)
    refused(EACCES, "a good and a bad reference", dom0.map, guest.domid, (*grant.refs, 987654))
    dom0.map(guest.domid, grant.refs).unmap()
    elsewhere.end()
    grant.end()


def ended_grants_are_gone(dom0: Host, guest: Host) -> None:
    """After `end` nobody maps any more; what was mapped can still be let go."""
    grant = guest.share(dom0.domid, 2)
    mapping = dom0.map(guest.domid, grant.refs)
    refs = grant.refs
    grant.end()
    refused(EACCES, "a reference taken back", dom0.map, guest.domid, refs)
    mapping.unmap()


def pages_let_go_are_unusable(dom0: Host, guest: Host) -> None:
    """Touching a page after `unmap` or `end` raises ValueError instead of reading somebody's memory."""
    grant = guest.share(dom0.domid, 1)
    mapping = dom0.map(guest.domid, grant.refs)
    for page, let_go in ((mapping.pages[0], mapping.unmap), (grant.pages[0], grant.end)):
        _unusable_after(page, let_go)


def _unusable_after(page: memoryview, let_go: Callable[[], None]) -> None:
    let_go()
    try:
        page[0]
    except ValueError:
        return
    raise AssertionError("a page was readable after it had been let go")


RULES: tuple[Rule, ...] = (
    shared_pages_begin_zeroed,
    mapped_pages_are_the_same,
    read_only_is_enforced,
    only_the_peer_maps,
    ended_grants_are_gone,
    pages_let_go_are_unusable,
)

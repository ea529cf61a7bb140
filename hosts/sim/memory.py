"""Pages of simulated domains, and noticing when one is used after it was let go.

A page is one bytearray, seen through memoryviews by its owner and by whoever mapped it.  Letting go releases the
views, so using one later raises ValueError.  When the last holder lets go the memory itself is cleared, which Python
refuses while any view cast from it is still held somewhere: that is how a driver that forgot one is found out.
"""

from collections.abc import Sequence
from errno import EACCES

from hosts.api import HostError
from ringproto.abi import PAGE_OCTETS

#: The first references are Xen's own (GNTTAB_NR_RESERVED_ENTRIES of public/grant_table.h).
FIRST_REF = 8


class Page:
    """Memory, and how many hold it."""

    __slots__ = ("_holders", "memory")

    def __init__(self) -> None:
        self.memory = bytearray(PAGE_OCTETS)
        self._holders = 0

    def hold(self) -> None:
        """One more uses the page."""
        self._holders += 1

    def let_go(self) -> None:
        """One fewer; BufferError when the last has gone and a view is left."""
        self._holders -= 1
        if not self._holders:
            self.memory.clear()


class Views:
    """A domain's views of some pages; `held` is where the domain keeps those it has not let go.

    A domain that is killed never lets go: nobody knows what it still used.
    """

    __slots__ = ("_held", "_pages", "views")

    def __init__(self, held: "Held", pages: Sequence[Page], *, writable: bool) -> None:
        self._held = held
        self._held[self] = None
        self._pages = tuple(pages)
        views = [memoryview(page.memory) for page in pages]
        self.views = tuple(views if writable else [view.toreadonly() for view in views])
        for page in pages:
            page.hold()

    def release(self) -> None:
        """Let go; BufferError when a view cast from these outlives them.  Harmless twice."""
        pages, self._pages = self._pages, ()
        self._held.pop(self, None)
        try:
            for view in self.views:
                view.release()
            for page in pages:
                page.let_go()
        except BufferError as error:
            raise BufferError("pages are let go while a view cast from them is still held") from error

    def abandon(self) -> None:
        """Nobody uses these any more, whatever is still cast from them.  Harmless twice."""
        self._pages = ()
        self._held.pop(self, None)


#: Views in the order they were taken.
Held = dict[Views, None]


class SimMapping:
    """Pages of a peer's."""

    def __init__(self, held: Held, pages: Sequence[Page], *, writable: bool) -> None:
        self._views = Views(held, pages, writable=writable)

    @property
    def pages(self) -> tuple[memoryview, ...]:
        """The pages, 4096 octets each."""
        return self._views.views

    def unmap(self) -> None:
        """Let go of the pages; BufferError when a view cast from them is still held.  Harmless twice."""
        self._views.release()

    def abandon(self) -> None:
        """Whoever mapped them has died, and uses them no more."""
        self._views.abandon()


class GrantTable:
    """What one domain lets which peer map.  References are not used again, so a stale one never hits."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Page, int, bool]] = {}
        self._last_ref = FIRST_REF - 1

    def grant(self, page: Page, peer: int, *, writable: bool) -> int:
        """Let `peer` map the page; returns the reference."""
        self._last_ref += 1
        self._entries[self._last_ref] = page, peer, writable
        return self._last_ref

    def end(self, refs: Sequence[int]) -> None:
        """Take the grants back; what is mapped stays mapped."""
        for ref in refs:
            self._entries.pop(ref, None)

    def __len__(self) -> int:
        return len(self._entries)

    def end_all(self) -> None:
        """Take everything back."""
        self._entries.clear()

    def page(self, ref: int, peer: int, *, writable: bool) -> Page:
        """The page that `peer` may map so; HostError(EACCES) otherwise."""
        page, granted_to, may_write = self._entries.get(ref, (None, None, False))
        if page is None or granted_to != peer:
            raise HostError(EACCES, f"reference {ref} is not granted to domain {peer}")
        if writable and not may_write:
            raise HostError(EACCES, f"reference {ref} is granted to read only")
        return page


class SimGrant:
    """Pages of ours that one peer may map."""

    def __init__(self, held: Held, table: GrantTable, peer: int, pages: int, *, writable: bool) -> None:
        memory = [Page() for _ in range(pages)]
        self._table = table
        self._views = Views(held, memory, writable=True)
        self._refs = tuple(table.grant(page, peer, writable=writable) for page in memory)

    @property
    def refs(self) -> tuple[int, ...]:
        """One grant reference per page, never 0."""
        return self._refs

    @property
    def pages(self) -> tuple[memoryview, ...]:
        """The pages, 4096 octets each, zeroed at first."""
        return self._views.views

    def end(self) -> None:
        """Take the grant back and let go; BufferError when a view cast from the pages is still held.

        Harmless twice.
        """
        self._table.end(self._refs)
        self._views.release()

    def abandon(self) -> None:
        """Whoever shared them has died, and uses them no more."""
        self._table.end(self._refs)
        self._views.abandon()

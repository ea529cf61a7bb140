"""Every interleaving of two domains over one shared page whose stores are seen late, as CPUs do it.

Theory.  A domain's program has no input but what it loads.  So what it does next follows from its history, the results
of its accesses so far; and to stop it anywhere it need only be run again from the start with its history replayed,
until it asks for one access more.  Each access to the page is a step, and between any two steps the other side may run.

A store waits in its domain's buffer, where only that domain sees it, and reaches memory at any later time: on `X86` in
the order of the stores, on `WEAK` in any order that the stores to each single address keep (no CPU does less).  A fence
is done only when the buffer is empty, and so is a notification, which is a system call, and what changes a word
atomically.  Loads are in order.

States are walked each once, so what `outcomes` returns is complete: what each domain noted, for every way in which both
can come to an end, asleep for ever or done.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar, cast

T = TypeVar("T")

WORD_OCTETS = 4

Value = int | bytes | tuple[int, int] | None
History = tuple[Value, ...]
#: (octet offset in the page, value) of each store, oldest first.
Stores = tuple[tuple[int, int | bytes], ...]
Notes = tuple[bytes, ...]


class Order(Enum):
    """In which order stores reach memory."""

    X86 = "oldest first"
    WEAK = "oldest first of each address"


class Kind(Enum):
    """What a step does."""

    LOAD = "load"
    STORE = "store"
    FENCE = "fence"
    NOTIFY = "notify"
    WAIT = "wait"
    CHANGE = "wait for a change"
    FORGET = "forget"
    ADD = "add"
    SWAP = "swap"


NEEDS_EMPTY_BUFFER = {Kind.FENCE, Kind.NOTIFY, Kind.FORGET, Kind.ADD, Kind.SWAP}


@dataclass(frozen=True, slots=True)
class Access:
    """One step; `at` is the octet offset in the page.

    `value` is what is stored or added, what is loaded if nothing was stored, or for SWAP what is expected and what is
    to replace it, or for CHANGE what the word is to be no longer.
    """

    kind: Kind
    at: int = -1
    value: Value = None


class _PausedError(Exception):
    """The history is used up; this is the next access."""

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.access = access


class Words:
    """Stands in for the page cast to u32."""

    def __init__(self, domain: "Domain") -> None:
        self._domain = domain

    def __getitem__(self, index: int) -> Value:
        return self._domain.access(Access(Kind.LOAD, index * WORD_OCTETS, 0))

    def __setitem__(self, index: int, value: int) -> None:
        self._domain.access(Access(Kind.STORE, index * WORD_OCTETS, value))


class Slots:
    """Stands in for the page: slices are slots, each loaded and stored as one."""

    def __init__(self, domain: "Domain") -> None:
        self._domain = domain

    def cast(self, _: str) -> Words:
        return Words(self._domain)

    def __getitem__(self, where: slice) -> Value:
        return self._domain.access(Access(Kind.LOAD, where.start, bytes(where.stop - where.start)))

    def __setitem__(self, where: slice, value: bytes) -> None:
        self._domain.access(Access(Kind.STORE, where.start or 0, value))


#: Whether the fence that comes right after this access is lost.
FenceFilter = Callable[[Access], bool]


class Domain:
    """What a program runs in.  Before `begin` it sees the page as it was made, and its stores are ignored."""

    def __init__(self, made: dict[int, int], history: History, lost_fence: FenceFilter) -> None:
        self.page = cast("memoryview", Slots(self))  # memoryview is final: nothing else can stand in for it
        self.notes: list[bytes] = []
        self._made = made
        self._history = iter(history)
        self._lost_fence = lost_fence
        self._last = Access(Kind.FENCE)
        self._began = False

    def begin(self) -> None:
        """From here on each access is a step."""
        self._began = True

    def access(self, access: Access) -> Value:
        """Do one access, or stop here."""
        if not self._began:
            return self._made.get(access.at, access.value)
        self._last = access
        for result in self._history:
            return result
        raise _PausedError(access)

    def fence(self) -> None:
        """The memory barrier, unless the mutant lacks it here."""
        if not self._lost_fence(self._last):
            self.access(Access(Kind.FENCE))

    def notify(self) -> None:
        """Wake the other domain, or keep it from going to sleep."""
        self.access(Access(Kind.NOTIFY))

    def wait(self) -> None:
        """Sleep until notified."""
        self.access(Access(Kind.WAIT))

    def swap(self, at: int, old: int, new: int) -> bool:
        """Compare and swap; whether it was `old`."""
        return self.access(Access(Kind.SWAP, at, (old, new))) == old

    def wait_while(self, at: int, value: int) -> None:
        """Sleep until the word is something else; only words that are changed atomically can be waited for."""
        self.access(Access(Kind.CHANGE, at, value))

    def forget(self) -> None:
        """Forget a notification, if there was one."""
        self.access(Access(Kind.FORGET))


Program = Callable[[Domain], None]


def has_all_fences(_: Access) -> bool:
    """No fence is lost."""
    return False


@dataclass(frozen=True, slots=True)
class Side:
    """A program, and which of its fences are lost."""

    program: Program
    lost_fence: FenceFilter = has_all_fences


class Moment:
    """Where a program is after one history: the access it asks for next (None: it is done), and its notes so far."""

    def __init__(self, side: Side, made: dict[int, int], history: History = ()) -> None:
        self.access: Access | None = None
        self._side, self._made, self._history = side, made, history
        self._following: dict[Value, Moment] = {}
        domain = Domain(made, history, side.lost_fence)
        try:
            side.program(domain)
        except _PausedError as paused:
            self.access = paused.access
        self.notes = tuple(domain.notes)

    def after(self, result: Value) -> "Moment":
        """The moment after the access gave `result`: always the same object for the same history."""
        if result not in self._following:
            self._following[result] = Moment(self._side, self._made, (*self._history, result))
        return self._following[result]


class State(NamedTuple):
    """Everything that the future depends on; pairs are of the two sides."""

    moments: tuple[Moment, Moment]
    buffers: tuple[Stores, Stores]
    notified: tuple[bool, bool]
    memory: Stores


def outcomes(made: dict[int, int], order: Order, sides: tuple[Side, Side]) -> set[tuple[Notes, Notes]]:
    """What the two sides can have noted at the end, beginning with the words in `made` (by octet offset)."""
    moments = (Moment(sides[0], made), Moment(sides[1], made))
    start = State(moments, ((), ()), (False, False), tuple(sorted(made.items())))
    seen, ahead, ends = {start}, [start], set[tuple[Notes, Notes]]()
    while ahead:
        state = ahead.pop()
        following = _following(state, order)
        if not following:
            ends.add((state.moments[0].notes, state.moments[1].notes))
        fresh = set(following) - seen
        ahead += fresh
        seen |= fresh
    return ends


def _following(state: State, order: Order) -> list[State]:
    """All that can happen next: a store of either buffer reaches memory, or either side does its next access.

    Putting a store into one's own buffer, and passing a fence, show nothing to the other side and hinder nothing.  So
    these are done as soon as possible, and no interleaving is missed that could be told apart.
    """
    following: list[State] = []
    for side in (0, 1):
        access = state.moments[side].access
        if access is not None and _is_possible(state, side, access):
            after = _stepped(state, side, access)
            if access.kind in {Kind.STORE, Kind.FENCE}:
                return [after]
            following.append(after)
        following += [_drained(state, side, number) for number in _drainable(state.buffers[side], order)]
    return following


def _drainable(buffer: Stores, order: Order) -> Iterator[int]:
    for number, (at, _) in enumerate(buffer[:1] if order is Order.X86 else buffer):
        if all(at != earlier for earlier, _ in buffer[:number]):
            yield number


def _drained(state: State, side: int, number: int) -> State:
    buffer = state.buffers[side]
    buffers = _changed(state.buffers, side, buffer[:number] + buffer[number + 1 :])
    memory = tuple(sorted({**dict(state.memory), buffer[number][0]: buffer[number][1]}.items()))
    return state._replace(buffers=buffers, memory=memory)


def _is_possible(state: State, side: int, access: Access) -> bool:
    if access.kind in NEEDS_EMPTY_BUFFER:
        return not state.buffers[side]
    if access.kind is Kind.CHANGE:
        return dict(state.memory)[access.at] != access.value
    return access.kind is not Kind.WAIT or state.notified[side]


def _stepped(state: State, side: int, access: Access) -> State:
    result: Value = None
    buffers, notified, memory = state.buffers, state.notified, state.memory
    match access.kind:
        case Kind.LOAD:
            result = {**dict(state.memory), **dict(buffers[side])}.get(access.at, access.value)
        case Kind.STORE:
            assert isinstance(access.value, int | bytes)
            buffers = _changed(buffers, side, (*buffers[side], (access.at, access.value)))
        case Kind.NOTIFY:
            notified = _changed(notified, 1 - side, new=True)
        case Kind.WAIT | Kind.FORGET:
            notified = _changed(notified, side, new=False)
        case Kind.ADD | Kind.SWAP:
            result, memory = _changed_atomically(memory, access)
        case Kind.FENCE | Kind.CHANGE:
            pass
    return State(_changed(state.moments, side, state.moments[side].after(result)), buffers, notified, memory)


def _changed_atomically(memory: Stores, access: Access) -> tuple[int, Stores]:
    """What the word was, and the memory afterwards."""
    words = dict(memory)
    before = words.get(access.at, 0)
    assert isinstance(before, int)
    if isinstance(access.value, tuple):
        expected, replacement = access.value
        words[access.at] = replacement if before == expected else before
    else:
        assert isinstance(access.value, int)
        words[access.at] = before + access.value & 0xFFFF_FFFF
    return before, tuple(sorted(words.items()))


def _changed(pair: tuple[T, T], side: int, new: T) -> tuple[T, T]:
    return (new, pair[1]) if side == 0 else (pair[0], new)

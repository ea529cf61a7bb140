"""In every interleaving of a callback and its caller, both agree on which hand-overs were answered, and with what."""

from collections.abc import Callable, Iterable
from itertools import product

import pytest

from ringproto import turns
from ringproto.turns import WORD, CallbackTurns, CallerTurns, Turn
from tests.ringproto.memorymodel import Domain, Notes, Order, Program, Side, outcomes

INPUT, OUTPUT = (4, 8), (12, 16)
#: The end of a serial number's range, two before it begins again.
LAST = 2**32 - 16
SILENCE, DONE, UNANSWERED, NOBODY, LOST = b"silence", b"done", b"unanswered", b"nobody", b"no callback"
PATIENCE = [tuple(patience) for patience in product([False, True], repeat=2)]


class ModelWords:
    """The word in a domain's page.  Each wait is as patient as `patience` says, all others are.

    One without patience is over at once: whatever may happen before the next step may happen before patience ends.
    """

    def __init__(self, domain: Domain, patience: Iterable[bool]) -> None:
        self._domain = domain
        self._patience = iter(patience)

    def load(self, word: int) -> int:
        return words(self._domain)[word]

    def swap(self, word: int, old: int, new: int) -> bool:
        return self._domain.swap(4 * word, old, new)

    def wait(self, value: int, until_ns: int) -> bool:
        if not next(self._patience, True):
            return False
        self._domain.wait_while(4 * WORD, value)
        return True


def words(domain: Domain) -> memoryview:
    return domain.page.cast("I")


def put(domain: Domain, block: tuple[int, int], value: int) -> None:
    for at in block:
        words(domain)[at // 4] = value


def get(domain: Domain, block: tuple[int, int]) -> bytes:
    return bytes(words(domain)[at // 4] for at in block)


def callback(patience: Iterable[bool], hand_overs: int = 2, *, last: bool = False) -> Program:
    """Hands 1, 2, ... over and notes what came of it, then ends."""

    def program(domain: Domain) -> None:
        model = ModelWords(domain, patience)
        side = CallbackTurns(model, model.wait)
        domain.begin()
        for number in range(1, hand_overs + 1):
            if side.turn is not Turn.CALLBACK:
                domain.notes.append(NOBODY)
                continue
            put(domain, INPUT, number)
            answered = side.hand_over(0, last=last)
            domain.notes.append(bytes([number]) + get(domain, OUTPUT) if answered else UNANSWERED)
        side.end()
        domain.notes.append(DONE)

    return program


def caller(patience: Iterable[bool], *, holds: bool = False, calls: int = 9) -> Program:
    """Notes what it was handed over, answers 101, 102, ... to that; closes after so many calls, or at the end.

    When it `holds`, it takes what it was handed over as soon as it has seen that it is whole, and answers then.
    """

    def program(domain: Domain) -> None:
        model = ModelWords(domain, patience)
        side = CallerTurns(model, model.wait)
        domain.begin()
        for number in range(101, 101 + calls):
            turn = side.take(0)
            if turn is Turn.AWAY:
                domain.notes.append(LOST)
                continue
            if turn is not Turn.CALLER:
                break
            taken = get(domain, INPUT)
            if holds and not side.still_has_it():
                continue
            put(domain, OUTPUT, number)
            if side.give_back():
                domain.notes.append(taken[:1] + bytes([number, number]) if taken[0] == taken[1] else b"torn")
            elif holds:
                assert taken[0] == taken[1]
        side.close(lambda: put(domain, OUTPUT, 255))
        domain.notes.append(DONE)

    return program


def agree(of_callback: Notes, of_caller: Notes) -> bool:
    """Whether both came to their end, and noted the same exchanges; what a closing caller left is silence."""
    answered = [note for note in of_callback if len(note) == 3 and note[1:] != b"\xff\xff"]
    exchanged = [note for note in of_caller if len(note) == 3]
    return answered == exchanged and of_callback[-1:] == of_caller[-1:] == (DONE,)


def ends(order: Order, one: Program, other: Program, start: int = 0) -> set[tuple[Notes, Notes]]:
    made = dict.fromkeys((*INPUT, *OUTPUT), 0) | {4 * WORD: start}
    return outcomes(made, order, (Side(one), Side(other)))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("holds", [False, True])
def test_both_agree_however_little_patience_they_have(order: Order, holds: bool) -> None:
    for of_callback, of_caller in product(PATIENCE, [(True,), (False,)]):
        found = ends(order, callback(of_callback), caller(of_caller, holds=holds))
        assert all(agree(*end) for end in found), (of_callback, of_caller)


def test_they_agree_where_the_serial_numbers_begin_again() -> None:
    found = ends(Order.X86, callback((False,)), caller(()), LAST)
    assert len(found) > 1
    assert all(agree(*end) for end in found)


@pytest.mark.parametrize("order", Order)
def test_patient_sides_that_are_both_there_exchange_everything(order: Order) -> None:
    everything = ((b"\1ee", b"\2ff", DONE), (b"\1ee", b"\2ff", DONE))
    assert ends(order, callback(()), caller(()), Turn.CALLBACK) == {everything}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_caller_that_closes_leaves_no_doubt_about_its_last_answer(order: Order, calls: int) -> None:
    for of_callback, of_caller in product(PATIENCE, [(True,), (False,)]):
        found = ends(order, callback(of_callback), caller(of_caller, calls=calls))
        assert all(agree(*end) for end in found), (of_callback, of_caller)


def test_a_caller_that_never_comes_back_is_waited_for_once() -> None:
    def came_once(domain: Domain) -> None:
        domain.begin()
        domain.swap(4 * WORD, Turn.AWAY, Turn.CALLBACK)

    found = ends(Order.X86, callback((False,), 3, last=True), came_once)
    assert {of_callback.count(UNANSWERED) for of_callback, _ in found} == {0, 1}


def test_without_serial_numbers_an_old_answer_is_taken_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SERIAL_ONE", 0)
    found = ends(Order.X86, callback((False,)), caller(()))
    assert not all(agree(*end) for end in found)


class TornWords(ModelWords):
    """Changes the word in two steps."""

    def swap(self, word: int, old: int, new: int) -> bool:
        done = self.load(word) == old
        if done:
            words(self._domain)[word] = new
            self._domain.fence()
        return done


def test_without_compare_and_swap_they_do_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ModelWords", TornWords)
    found = ends(Order.X86, callback((False,)), caller(()))
    assert not all(agree(*end) for end in found)


class PlainWords:
    """A word nobody else changes."""

    def __init__(self, value: int) -> None:
        self.value = value

    def load(self, word: int) -> int:
        return self.value

    def swap(self, word: int, old: int, new: int) -> bool:
        done = self.value == old
        self.value = new if done else self.value
        return done


def no_wait(value: int, until_ns: int) -> bool:
    return False


@pytest.mark.parametrize("end", [lambda word: CallbackTurns(word, no_wait).end(), None])
def test_an_end_is_for_good(end: "Callable[[PlainWords], None] | None") -> None:
    word = PlainWords(0)
    side = CallerTurns(word, no_wait)
    (end or (lambda _: side.close(lambda: None)))(word)
    ended = word.value
    side.close(lambda: None)
    CallbackTurns(word, no_wait).end()
    assert not CallbackTurns(word, no_wait).hand_over(0)
    assert side.take(0) in {Turn.ENDED, Turn.CLOSED}
    assert word.value == ended


def test_closing_with_the_turn_answers_with_silence() -> None:
    word = PlainWords(8 | Turn.CALLER)
    silenced: list[bool] = []
    CallerTurns(word, no_wait).close(lambda: silenced.append(True))
    assert silenced == [True]
    assert turns.turn_of(word.value) is Turn.CLOSED

"""The model itself, by litmus tests as CPU manuals give them: what each order of stores allows, and no more."""

from collections.abc import Callable

import pytest

from tests.ringproto.memorymodel import Domain, Order, Program, Side, outcomes

X, Y = 0, 1
MADE = {0: 0, 4: 0}

Line = Callable[[Domain], object]


def program(*lines: Line) -> Program:
    """Runs the lines in order."""

    def run(domain: Domain) -> None:
        domain.begin()
        for line in lines:
            line(domain)

    return run


def store(word: int, value: int = 1) -> Line:
    return lambda domain: domain.page.cast("I").__setitem__(word, value)


def load(word: int) -> Line:
    return lambda domain: domain.notes.append(bytes([domain.page.cast("I")[word]]))


def noted(order: Order, one: Program, other: Program) -> set[tuple[int, ...]]:
    """All that both can have loaded: the numbers of the one, then of the other."""
    ends = outcomes(MADE, order, (Side(one), Side(other)))
    return {tuple(note[0] for note in (*notes, *others)) for notes, others in ends}


@pytest.mark.parametrize("order", Order)
def test_a_store_is_seen_late_by_the_other_side(order: Order) -> None:
    one, other = program(store(X), load(Y)), program(store(Y), load(X))
    assert noted(order, one, other) == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("order", Order)
def test_with_fences_one_side_at_least_sees_the_others_store(order: Order) -> None:
    one, other = program(store(X), Domain.fence, load(Y)), program(store(Y), Domain.fence, load(X))
    assert noted(order, one, other) == {(0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("order", Order)
def test_one_fence_of_two_is_not_enough(order: Order) -> None:
    one, other = program(store(X), Domain.fence, load(Y)), program(store(Y), load(X))
    assert (0, 0) in noted(order, one, other)


@pytest.mark.parametrize("order", Order)
def test_a_notification_waits_for_the_stores_before_it(order: Order) -> None:
    one, other = program(store(X), Domain.notify), program(Domain.wait, load(X))
    assert noted(order, one, other) == {(1,)}


@pytest.mark.parametrize(("order", "seen"), [(Order.X86, set[tuple[int, ...]]()), (Order.WEAK, {(1, 0)})])
def test_stores_reach_memory_in_order_on_x86_only(order: Order, seen: set[tuple[int, ...]]) -> None:
    one, other = program(store(X), store(Y)), program(load(Y), load(X))
    assert noted(order, one, other) == {(0, 0), (0, 1), (1, 1)} | seen


@pytest.mark.parametrize("order", Order)
def test_stores_to_one_address_keep_their_order(order: Order) -> None:
    one, other = program(store(X, 1), store(X, 2)), program(load(X), load(X))
    assert noted(order, one, other) == {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}


@pytest.mark.parametrize("order", Order)
def test_a_side_sees_its_own_stores_at_once_and_the_newest_of_them(order: Order) -> None:
    one = program(store(X, 1), store(X, 2), load(X), load(Y))
    other = program(store(Y, 1), load(Y), load(X))
    ends = noted(order, one, other)
    assert {(own, others_own) for own, _, others_own, _ in ends} == {(2, 1)}
    assert (2, 0, 1, 0) in ends
    assert {late for *_, late in ends} == {0, 1, 2}


@pytest.mark.parametrize("order", Order)
def test_merged_notifications_wake_once_and_one_sent_early_is_kept(order: Order) -> None:
    one = program(Domain.notify, Domain.notify)
    other = program(Domain.wait, load(X), Domain.wait, load(X))
    assert noted(order, one, other) == {(0,), (0, 0)}

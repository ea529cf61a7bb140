"""No wake-up is lost in any interleaving; with changes that are not atomic some would be."""

import pytest

from ringproto.channel.semaphore import IN_PIPE, SIGNALLED, WAITING, Poster, Sleeper
from tests.ringproto.channel.shared import CountedBell, ModelBell, ModelWords, PlainWords, TornWords
from tests.ringproto.memorymodel import Domain, Notes, Order, Program, Side, outcomes

NEWS = 8
"""The word that counts what there is to hear."""

HEARD: set[tuple[Notes, Notes]] = {((), (b"all",))}


def posting(times: int, words_class: type[ModelWords]) -> Program:
    """Brings news, one by one."""

    def program(domain: Domain) -> None:
        words = words_class(domain)
        poster = Poster(words, 0, ModelBell(domain))
        domain.begin()
        for _ in range(times):
            ModelWords(domain).add(NEWS, 1)
            poster.post()

    return program


def sleeping(times: int, words_class: type[ModelWords], sleeper_class: type[Sleeper] = Sleeper) -> Program:
    """Sleeps until it has heard of all the news."""

    def program(domain: Domain) -> None:
        words = words_class(domain)
        sleeper = sleeper_class(words, 0, ModelBell(domain))
        domain.begin()
        while words.load(NEWS) < times:
            if not sleeper.before_poll():
                domain.wait()
                sleeper.after_poll()
        domain.notes.append(b"all")

    return program


class SleeperWithoutSecondLook(Sleeper):
    __slots__ = ()

    def before_poll(self) -> bool:
        if self._words.swap(self._signalled, 1, 0):
            return True
        self._words.add(self._waiting, 1)
        return False


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_whoever_sleeps_is_woken_for_the_last_news(times: int, order: Order) -> None:
    sides = (Side(posting(times, ModelWords)), Side(sleeping(times, ModelWords)))
    assert outcomes({}, order, sides) == HEARD


@pytest.mark.parametrize("order", Order)
def test_with_changes_that_are_not_atomic_it_may_sleep_for_ever(order: Order) -> None:
    sides = (Side(posting(2, TornWords)), Side(sleeping(2, TornWords)))
    assert outcomes({}, order, sides) > HEARD


def test_without_the_second_look_it_may_sleep_for_ever() -> None:
    sides = (Side(posting(1, ModelWords)), Side(sleeping(1, ModelWords, SleeperWithoutSecondLook)))
    assert outcomes({}, Order.X86, sides) > HEARD


def semaphore() -> tuple[PlainWords, Poster, Sleeper, CountedBell]:
    words, bell = PlainWords(memoryview(bytearray(12))), CountedBell()
    return words, Poster(words, 0, bell), Sleeper(words, 0, bell), bell


def test_nobody_rings_while_nobody_sleeps() -> None:
    _, poster, sleeper, bell = semaphore()
    for _ in range(5):
        poster.post()
    assert (poster.posts, poster.rings, bell.rung) == (5, 0, 0)
    assert sleeper.before_poll()
    assert not sleeper.before_poll()


def test_a_sleeper_is_rung_for_once_however_much_news_there_is() -> None:
    _, poster, sleeper, bell = semaphore()
    assert not sleeper.before_poll()
    for _ in range(5):
        poster.post()
    assert (poster.posts, bell.rung) == (5, 1)
    assert sleeper.after_poll()
    poster.post()
    assert bell.rung == 1


def test_a_ring_that_came_too_late_to_matter_is_flushed_before_the_next_sleep() -> None:
    words, _, sleeper, bell = semaphore()
    words.add(IN_PIPE, 3)
    assert not sleeper.before_poll()
    assert (bell.flushed, words.load(IN_PIPE)) == (1, 0)


def test_waking_up_for_nothing_is_counted() -> None:
    words, _, sleeper, bell = semaphore()
    assert not sleeper.before_poll()
    assert not sleeper.after_poll()
    assert (sleeper.sleeps, sleeper.empty_wakeups, bell.flushed, words.load(WAITING)) == (1, 1, 1, 0)


@pytest.mark.parametrize("word", [WAITING, SIGNALLED, IN_PIPE])
@pytest.mark.parametrize("value", [2, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_whatever_the_other_side_writes_each_call_ends(word: int, value: int) -> None:
    words, poster, sleeper, bell = semaphore()
    words.add(word, value)
    poster.post()
    while sleeper.before_poll():
        assert bell.flushed < 3
    sleeper.after_poll()

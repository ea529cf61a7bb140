"""Loads as delays."""

from random import Random
from statistics import mean

from compose.load.model import FLOODED_SHARE, SLICE_NS, burdened
from compose.load.spec import CpuLoad, FloodLoad
from hosts.sim.delays import Delays, Draw, uniform_ns

QUIET = Delays(wake_ns=uniform_ns(10, 10), notify_ns=uniform_ns(5, 5))


def draws(draw: Draw | None) -> list[int]:
    assert draw is not None
    random = Random(1)
    return [draw(random) for _ in range(4000)]


def test_an_idle_machine_is_as_it_was() -> None:
    assert burdened(None, QUIET).backend == burdened(None, QUIET).guests == QUIET


def test_processors_that_are_taken_make_all_wait_sometimes_for_a_turn_at_most() -> None:
    under = burdened(CpuLoad(cpu=0.8), QUIET)
    assert under.backend == under.guests
    assert under.backend.notify_ns is QUIET.notify_ns
    drawn = draws(under.guests.wake_ns)
    assert 0.17 < mean(ns > 10 for ns in drawn) < 0.23
    assert min(drawn) == 10
    assert 0.9 * SLICE_NS < max(drawn) <= SLICE_NS + 10


def test_the_more_of_a_processor_is_taken_the_more_often_one_waits() -> None:
    means = [mean(draws(burdened(CpuLoad(cpu=share), QUIET).guests.wake_ns)) for share in (0.1, 0.5, 1.0)]
    assert means == sorted(means)


def test_a_flood_keeps_the_backend_and_nobody_else() -> None:
    under = burdened(FloodLoad(), QUIET)
    assert under.guests == QUIET
    waiting = mean(ns > 10 for ns in draws(under.backend.wake_ns))
    assert abs(waiting - FLOODED_SHARE) < 0.03

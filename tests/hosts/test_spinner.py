"""Only what holds on any machine: how long a wait takes is for the benchmark."""

import threading

from hosts.spinner import Spinner

FAR_NS = 60_000_000_000


def word() -> memoryview:
    return memoryview(bytearray(4)).cast("I")


def test_what_has_changed_is_seen_at_once() -> None:
    assert Spinner().wait_while(word(), 1, 0)


def test_patience_ends() -> None:
    spinner, until_ns = Spinner(), Spinner().now_ns() + 5_000_000
    assert not spinner.wait_while(word(), 0, until_ns)
    assert spinner.now_ns() >= until_ns


def test_sleeping_ends_when_due_and_at_once_if_that_is_past() -> None:
    spinner, due_ns = Spinner(), Spinner().now_ns() + 2_000_000
    spinner.sleep_until(due_ns)
    assert spinner.now_ns() >= due_ns
    spinner.sleep_until(0)


def test_two_threads_that_wait_for_each_other_get_on() -> None:
    """Under one interpreter lock, which the waiting one must give up."""
    shared, rounds = word(), 2000
    threads = [threading.Thread(target=alternate, args=(shared, parity, rounds)) for parity in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared[0] == 2 * rounds


def alternate(shared: memoryview, parity: int, rounds: int) -> None:
    """Count on whenever the count is of that parity."""
    spinner = Spinner()
    for mine in range(parity, 2 * rounds, 2):
        while shared[0] != mine:
            spinner.wait_while(shared, mine - 1, spinner.now_ns() + FAR_NS)
        shared[0] = mine + 1

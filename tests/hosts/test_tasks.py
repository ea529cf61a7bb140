"""Waiting, written as straight lines."""

from errno import ETIMEDOUT

import pytest

from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.tasks import Future, run, sleep_until, spawn, within


def test_a_future_hands_its_first_value_to_all_who_wait() -> None:
    future: Future[int] = Future()

    async def wait() -> int:
        return await future

    waiting = [spawn(wait()) for _ in range(3)]
    future.set(1)
    future.set(2)
    assert [task.result() for task in waiting] == [1, 1, 1]
    assert spawn(wait()).result() == 1


def test_a_failure_is_raised_where_it_is_awaited() -> None:
    future: Future[int] = Future()

    async def wait() -> str:
        try:
            await future
        except HostError as error:
            return f"caught {error.errno}"
        return "nothing"

    task = spawn(wait())
    future.fail(HostError(ETIMEDOUT, "late"))
    assert task.result() == "caught 110"


def test_a_tasks_own_failure_belongs_to_its_future() -> None:
    async def fail() -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        spawn(fail()).result()


def test_running_a_task_runs_the_loop_until_its_end() -> None:
    loop = SimMachine().host(0).loop

    async def nap() -> int:
        for due_ns in (10, 30, 20):
            await sleep_until(loop, due_ns)
        return loop.now_ns()

    assert run(loop, nap()) == 30


def test_a_limit_is_kept_and_names_what_did_not_come() -> None:
    loop = SimMachine().host(0).loop

    async def wait() -> None:
        await within(loop, 1_500_000_000, Future[None](), "the answer")

    with pytest.raises(HostError, match=r"the answer: no answer in 1\.5 s") as late:
        run(loop, wait())
    assert late.value.errno == ETIMEDOUT
    assert loop.now_ns() == 1_500_000_000


def test_what_comes_in_time_leaves_no_timer_behind() -> None:
    machine = SimMachine()
    loop = machine.host(0).loop
    answer: Future[str] = Future()
    loop.timer(lambda now_ns: answer.set("here")).arm(10)

    async def wait() -> str:
        return await within(loop, 1000, answer, "the answer")

    assert run(loop, wait()) == "here"
    machine.run_until(lambda: False, 2000)
    assert answer.result() == "here"

"""Waiting, written as straight lines."""

from errno import EDEADLK, ENOENT, ETIMEDOUT

import pytest

from hosts.api import HostError, OnTime
from hosts.sim.loop import SimLoop, SimTimer, Timeline
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


def test_whichever_comes_first_of_value_and_failure_stays() -> None:
    late, early = Future[int](), Future[int]()
    late.fail(HostError(ENOENT, "gone"))
    late.set(1)
    early.set(1)
    early.fail(HostError(ENOENT, "gone"))
    with pytest.raises(HostError, match="gone"):
        late.result()
    assert early.result() == 1


def test_callbacks_run_once_in_order_when_the_future_is_done_or_at_once_if_it_is() -> None:
    future: Future[int] = Future()
    called: list[str] = []
    future.on_done(lambda: called.append("one"))
    future.on_done(lambda: called.append("two"))
    assert called == []
    future.set(1)
    future.set(2)
    assert called == ["one", "two"]
    future.on_done(lambda: called.append("late"))
    assert called == ["one", "two", "late"]


def test_a_result_is_not_there_before_it_is_set() -> None:
    with pytest.raises(AssertionError):
        Future[int]().result()


def test_a_task_runs_up_to_its_first_wait_when_it_is_spawned() -> None:
    first, second = Future[int](), Future[int]()
    reached: list[int] = []

    async def add() -> int:
        reached.append(0)
        one = await first
        reached.append(one)
        return one + await second

    task = spawn(add())
    assert (reached, task.done) == ([0], False)
    first.set(1)
    assert (reached, task.done) == ([0, 1], False)
    second.set(2)
    assert task.result() == 3


def test_what_is_there_already_is_not_waited_for() -> None:
    future: Future[int] = Future()
    future.set(1)

    async def add() -> int:
        return await future + await future

    assert spawn(add()).result() == 2


def test_a_failure_travels_through_all_who_wait_and_their_cleanup_runs() -> None:
    future: Future[int] = Future()
    cleaned: list[str] = []

    async def inner() -> int:
        try:
            return await future
        finally:
            cleaned.append("inner")

    async def outer(task: Future[int]) -> int:
        try:
            return await task
        finally:
            cleaned.append("outer")

    task = spawn(outer(spawn(inner())))
    future.fail(HostError(ENOENT, "gone"))
    with pytest.raises(HostError, match="gone"):
        task.result()
    assert cleaned == ["inner", "outer"]


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


@pytest.mark.parametrize("error", [HostError(ENOENT, "gone"), KeyboardInterrupt("gone")])
def test_running_a_task_raises_what_it_raises(error: BaseException) -> None:
    loop = SimMachine().host(0).loop

    async def fail() -> None:
        await sleep_until(loop, 10)
        raise error

    with pytest.raises(type(error), match="gone"):
        run(loop, fail())
    assert loop.now_ns() == 10


def test_a_task_that_nothing_can_wake_is_told_of_in_simulated_time() -> None:
    async def wait() -> None:
        await Future[None]()

    with pytest.raises(HostError) as stuck:
        run(SimMachine().host(0).loop, wait())
    assert stuck.value.errno == EDEADLK


def test_sleeping_until_the_past_is_over_at_once_but_lets_others_run() -> None:
    loop = SimMachine().host(0).loop
    ran: list[str] = []

    async def nap() -> None:
        await sleep_until(loop, 100)
        loop.call_soon(lambda now_ns: ran.append("other"))
        await sleep_until(loop, 50)
        ran.append("slept")

    run(loop, nap())
    assert ran == ["other", "slept"]
    assert loop.now_ns() == 100


def test_sleepers_wake_in_the_order_of_their_deadlines() -> None:
    loop = SimMachine().host(0).loop
    woken: list[int] = []

    async def nap(due_ns: int) -> None:
        await sleep_until(loop, due_ns)
        woken.append(due_ns)

    tasks = [spawn(nap(due_ns)) for due_ns in (30, 10, 20)]
    loop.run_until(lambda: all(task.done for task in tasks))
    assert woken == [10, 20, 30]


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


def test_an_answer_after_the_limit_is_ignored() -> None:
    machine = SimMachine()
    loop = machine.host(0).loop
    answer: Future[str] = Future()
    loop.timer(lambda now_ns: answer.set("too late")).arm(2000)

    async def wait() -> str:
        return await within(loop, 1000, answer, "the answer")

    task = spawn(wait())
    machine.run_until(lambda: False, 3000)
    with pytest.raises(HostError, match="the answer: no answer"):
        task.result()


def test_a_failure_in_time_is_raised_as_it_is() -> None:
    loop = SimMachine().host(0).loop
    answer: Future[str] = Future()
    loop.timer(lambda now_ns: answer.fail(HostError(ENOENT, "gone"))).arm(10)

    async def wait() -> str:
        return await within(loop, 1000, answer, "the answer")

    with pytest.raises(HostError, match="gone") as refused:
        run(loop, wait())
    assert refused.value.errno == ENOENT
    assert loop.now_ns() == 10


def test_an_answer_that_is_there_needs_no_time() -> None:
    loop = SimMachine().host(0).loop
    answer: Future[str] = Future()
    answer.set("here")
    assert spawn(within(loop, 1000, answer, "the answer")).result() == "here"
    assert loop.now_ns() == 0


class CountingTimer(SimTimer):
    """Is counted by its loop from being armed to being disarmed."""

    def __init__(self, loop: "CountingLoop", timeline: Timeline, callback: OnTime) -> None:
        super().__init__(loop, timeline, callback)
        self._armed = loop.armed

    def arm(self, due_ns: int) -> None:
        self._armed.add(self)
        super().arm(due_ns)

    def disarm(self) -> None:
        self._armed.discard(self)
        super().disarm()


class CountingLoop(SimLoop):
    """A loop that knows which of its timers were armed and not disarmed."""

    def __init__(self) -> None:
        super().__init__(Timeline())
        self.armed: set[CountingTimer] = set()

    def timer(self, callback: OnTime) -> CountingTimer:
        return CountingTimer(self, self._timeline, callback)


def test_a_limit_wakes_nobody_after_the_answer() -> None:
    loop, answer = CountingLoop(), Future[str]()
    task = spawn(within(loop, 1000, answer, "the answer"))
    assert len(loop.armed) == 1
    answer.set("here")
    assert task.result() == "here"
    assert not loop.armed

"""Rules of the loop, and of leaving."""

from errno import EACCES, ENOENT

from hosts.api import Host
from hosts.contract.helpers import Heard, Rule, let_run, refused, wait

MS = 1_000_000


def timers_are_never_early(dom0: Host, guest: Host) -> None:
    """Timers fire at or after their deadline, in the order of their deadlines, once."""
    for host in (dom0, guest):
        _five_timers(host)


def _five_timers(host: Host) -> None:
    fired: list[tuple[int, int]] = []
    start_ns = host.loop.now_ns()

    def arm(due_ns: int) -> None:
        host.loop.timer(lambda now_ns: fired.append((due_ns, now_ns))).arm(due_ns)

    for due_ms in (3, 1, 2, 5, 4):
        arm(start_ns + due_ms * MS)
    wait(host, lambda: len(fired) == 5, "five timers")
    let_run(host)
    assert fired == sorted(fired), f"in the order of their deadlines, once: {fired}"
    assert all(now_ns >= due_ns for due_ns, now_ns in fired), f"never early: {fired}"


def timers_arm_again(dom0: Host, guest: Host) -> None:
    """A timer holds one deadline: arming replaces it, disarming forgets it, its callback may arm it anew."""
    for host in (dom0, guest):
        _one_deadline(host)
        _rearmed_inside(host)


def _one_deadline(host: Host) -> None:
    heard = Heard()
    timer = host.loop.timer(heard.at)
    start_ns = host.loop.now_ns()
    timer.arm(start_ns + 1 * MS)
    timer.arm(start_ns + 3 * MS)
    wait(host, lambda: bool(heard.times_ns), "a timer put off")
    assert heard.times_ns[0] >= start_ns + 3 * MS, "a later deadline replaces the earlier one"
    timer.arm(host.loop.now_ns() + 3600_000 * MS)
    timer.arm(host.loop.now_ns() - 5 * MS)
    wait(host, lambda: len(heard.times_ns) == 2, "a timer armed for the past fires soon")
    timer.arm(host.loop.now_ns() + 1 * MS)
    timer.disarm()
    timer.disarm()
    let_run(host)
    assert len(heard.times_ns) == 2, "a disarmed timer is silent"


def _rearmed_inside(host: Host) -> None:
    heard = Heard()
    start_ns = host.loop.now_ns()

    def again(now_ns: int) -> None:
        heard.at(now_ns)
        timer.arm(start_ns + len(heard.times_ns) * MS)

    timer = host.loop.timer(again)
    timer.arm(start_ns)
    wait(host, lambda: len(heard.times_ns) > 5, "a timer that arms itself")
    timer.disarm()
    late_ns = [now_ns - start_ns - number * MS for number, now_ns in enumerate(heard.times_ns)]
    assert min(late_ns) >= 0, f"never early when armed inside its callback: {late_ns}"


def soon_is_after_now(dom0: Host, guest: Host) -> None:
    """`call_soon` runs what it is given once, in order, and never inside its caller."""
    for host in (dom0, guest):
        _three_soon(host)


def _three_soon(host: Host) -> None:
    order: list[str] = []

    def outer(_now_ns: int) -> None:
        host.loop.call_soon(lambda _now_ns: order.append("inner"))
        order.append("outer")

    host.loop.call_soon(outer)
    host.loop.call_soon(lambda _now_ns: order.append("second"))
    assert not order, "nothing runs before the loop does"
    wait(host, lambda: "inner" in order, "what was asked for inside a callback")
    assert order == ["outer", "second", "inner"], f"in order, none inside its caller: {order}"


def loops_stop_in_time(dom0: Host, guest: Host) -> None:
    """`run_until` returns True as soon as it is done, else False once the deadline has passed."""
    for host in (dom0, guest):
        loop = host.loop
        heard = Heard()
        assert loop.run_until(lambda: True), "done before it began"
        deadline_ns = loop.now_ns() + 2 * MS
        loop.timer(heard.at).arm(deadline_ns - MS)
        assert not loop.run_until(lambda: False, deadline_ns), "False after the deadline"
        assert loop.now_ns() >= deadline_ns, "not before the deadline"
        assert heard.times_ns, "what was due before the deadline has run"
        assert not loop.run_until(lambda: False, deadline_ns - 2 * MS), "a deadline in the past is over"
        assert loop.run_until(lambda: True, deadline_ns), "done counts even after the deadline"


def fences_return(dom0: Host, guest: Host) -> None:
    """`fence` can be called anywhere."""
    for host in (dom0, guest):
        host.fence()


def leaving_lets_go(dom0: Host, guest: Host) -> None:
    """When a domain closes its host, @releaseDomain is heard, and its grants and ports are gone."""
    heard = Heard()
    handle = dom0.store.watch("@releaseDomain", heard.path)
    wait(dom0, lambda: bool(heard.paths), "the first call of a watch on @releaseDomain")
    heard.paths.clear()
    mapping = dom0.map(guest.domid, guest.share(dom0.domid, 1).refs)
    refs, port = guest.share(dom0.domid, 1).refs, guest.offer_channel(dom0.domid).port
    bound = dom0.bind_channel(guest.domid, guest.offer_channel(dom0.domid).port)
    guest.close()
    wait(dom0, lambda: "@releaseDomain" in heard.paths, "@releaseDomain after a domain has left")
    refused(EACCES, "a reference of a domain that has left", dom0.map, guest.domid, refs)
    refused(ENOENT, "a port of a domain that has left", dom0.bind_channel, guest.domid, port)
    bound.notify()
    assert mapping.pages[0][0] == 0, "what was mapped stays"
    mapping.unmap()
    bound.close()
    handle.cancel()


RULES: tuple[Rule, ...] = (
    timers_are_never_early,
    timers_arm_again,
    soon_is_after_now,
    loops_stop_in_time,
    fences_return,
    leaving_lets_go,
)

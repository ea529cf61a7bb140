"""Who hears of what."""

from tests.hosts.xenstore_helpers import machine


def test_the_node_and_all_below_and_no_namesakes() -> None:
    (dom0,) = machine()
    dom0.watch("/a/b", "t")
    for path in ("/a", "/a/b", "/a/b/c/d", "/a/bc", "/x/a/b"):
        dom0.write(path, b"1")
    assert dom0.events == [("/a/b", "t"), ("/a/b/c/d", "t")]


def test_the_root_hears_everything() -> None:
    (dom0,) = machine()
    dom0.watch("/", "t")
    dom0.write("/a/b", b"1")
    dom0.set_perms("/", ("n0",))
    assert dom0.events == [("/a/b", "t"), ("/", "t")]


def test_depth_limits_how_far_below() -> None:
    (dom0,) = machine()
    for depth in (0, 1):
        dom0.watch("/a", str(depth), depth)
    for path in ("/a/b/c", "/a/b", "/a"):
        dom0.write(path, b"1")
    assert dom0.events == [("/a/b", "1"), ("/a", "0"), ("/a", "1")]


def test_relative_watches_tell_relative_paths() -> None:
    dom0, guest = machine(3)
    guest.watch("data", "t")
    dom0.write("/local/domain/3/data/x", b"1")
    assert guest.events == [("data/x", "t")]


def test_equal_values_and_permissions_are_changes_too() -> None:
    (dom0,) = machine()
    dom0.write("/a", b"1")
    dom0.watch("/a", "t")
    dom0.write("/a", b"1")
    dom0.set_perms("/a", ("n0",))
    dom0.mkdir("/a")
    assert dom0.events == [("/a", "t")] * 2


def test_removal_is_heard_above_and_exactly_at_what_went() -> None:
    (dom0,) = machine()
    dom0.write("/a/b/c/d", b"1")
    for path in ("/a", "/a/b", "/a/b/c", "/a/b/c/d", "/a/b/none"):
        dom0.watch(path, "t")
    dom0.remove("/a/b")
    assert sorted(dom0.events) == [("/a/b", "t"), ("/a/b", "t"), ("/a/b/c", "t"), ("/a/b/c/d", "t")]


def test_what_may_not_be_read_is_not_heard() -> None:
    dom0, guest = machine(3)
    guest.watch("/", "t")
    dom0.write("/secret", b"1")
    dom0.write("/open", b"1")
    assert guest.events == []
    dom0.set_perms("/open", ("r0",))
    dom0.write("/open", b"2")
    dom0.set_perms("/open", ("n0",))
    assert guest.events == [("/open", "t")] * 3, "who could read it before hears that he no longer can"
    dom0.write("/open", b"3")
    dom0.remove("/open")
    assert guest.events == [("/open", "t")] * 3


def test_who_reads_the_parent_hears_children_come_and_go() -> None:
    dom0, guest = machine(3)
    dom0.mkdir("/dir")
    dom0.set_perms("/dir", ("n0", "r3"))
    guest.watch("/dir", "t")
    dom0.write("/dir/child", b"1")
    dom0.set_perms("/dir/child", ("n0",))
    guest.events.clear()
    dom0.write("/dir/child", b"2")
    assert guest.events == []
    dom0.remove("/dir/child")
    assert guest.events == [("/dir/child", "t")]

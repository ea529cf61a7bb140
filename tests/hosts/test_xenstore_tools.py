"""Debian's own xenstore programs against our server: they know nothing of us, and expect the real xenstored.

They find the server by XENSTORED_PATH.  `xenstore-control` is of the package too, but as a mere link to a program of
xen-utils-common, which looks for the tools of the hypervisor that is running; so it works on Xen alone, and what it
would send is tested in test_xenstore_requests.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hosts.emulated import machine

GUEST = 7


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs, on one domain's socket."""

    socket: Path

    def start(self, program: str, *arguments: str) -> "subprocess.Popen[str]":
        """Have a program running."""
        return subprocess.Popen(
            [f"xenstore-{program}", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "XENSTORED_PATH": str(self.socket)},
        )  # fmt: skip

    def run(self, program: str, *arguments: str) -> tuple[int, str, str]:
        """Status, output, and what it complained about."""
        running = self.start(program, *arguments)
        output, complaint = running.communicate(timeout=20)
        return running.returncode, output, complaint

    def __call__(self, program: str, *arguments: str) -> list[str]:
        """The lines that it said; it must succeed."""
        status, output, complaint = self.run(program, *arguments)
        assert (status, complaint) == (0, "")
        return output.splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if shutil.which("xenstore-ls") is None:
        pytest.skip("no xenstore programs: apt install xenstore-utils")
    with machine(tmp_path_factory.mktemp("m"), [GUEST]) as running:
        yield running


@pytest.fixture
def dom0(folder: Path) -> Iterator[Tools]:
    """With an empty /test."""
    tools = Tools(folder / "dom0" / "xenstored")
    tools("write", "/test", "")
    yield tools
    tools("rm", "/test")


@pytest.fixture
def guest(folder: Path, dom0: Tools) -> Tools:
    """With a folder of its own, as the toolstack makes it."""
    dom0("write", f"/local/domain/{GUEST}/data", "")
    dom0("chmod", f"/local/domain/{GUEST}/data", f"n{GUEST}")
    return Tools(folder / f"dom{GUEST}" / "xenstored")


def test_write_and_read_one_and_several_at_once(dom0: Tools) -> None:
    dom0("write", "/test/a", "one", "/test/b/c", "two words", "/test/empty", "")
    assert dom0("read", "/test/a") == ["one"]
    assert dom0("read", "-p", "/test/a", "/test/b/c") == ["/test/a: one", "/test/b/c: two words"]
    assert dom0("read", "/test/b", "/test/empty") == ["", ""], "a parent is made, empty"


def test_several_written_at_once_are_one_transaction(dom0: Tools) -> None:
    status, _, complaint = dom0.run("write", "/test/a", "1", "/test//b", "2")
    assert (status, complaint) == (1, "xenstore-write: could not write path /test//b\n")
    assert dom0.run("exists", "/test/a")[0] == 1


def test_a_value_may_hold_anything_but_a_nul(dom0: Tools) -> None:
    """The programs write octets beyond ASCII escaped, unless asked for them raw."""
    dom0("write", "/test/a", "é \n\x01\\x41", "/test/long", "x" * 4000)
    assert dom0("read", "/test/a") == [r"\xc3\xa9 \n\001A"]
    assert dom0("ls", "/test")[0] == r'a = "\xc3\xa9 \n\001A"'
    assert dom0.run("read", "-R", "/test/a")[1] == "é \n\x01A"
    assert dom0("read", "/test/long") == ["x" * 4000]


def test_one_program_does_it_all(dom0: Tools) -> None:
    dom0("write", "/test/a", "1")
    environment = {**os.environ, "XENSTORED_PATH": str(dom0.socket)}
    assert subprocess.check_output(["xenstore", "ls", "/test"], env=environment) == b'a = "1"\n'


def test_ls_shows_the_tree_with_values_and_permissions(dom0: Tools) -> None:
    dom0("write", "/test/b/c", "2", "/test/a", "1")
    assert dom0("ls", "/test") == ['b = ""', ' c = "2"', 'a = "1"']
    dom0("chmod", "/test/b", "n0", f"r{GUEST}", "b3")
    assert '/test/b = ""   (n0,r7,b3)' in dom0("ls", "-f", "-p", "/test")


def test_ls_of_the_root_has_what_a_fresh_machine_has(dom0: Tools) -> None:
    tree = dom0("ls", "-f")
    assert '/tool/xenstored = ""' in tree
    assert '/local/domain/0/domid = "0"' in tree


def test_list_names_children_only(dom0: Tools) -> None:
    dom0("write", "/test/b/c", "", "/test/a", "")
    assert sorted(dom0("list", "/test")) == ["a", "b"]
    assert sorted(dom0("list", "-p", "/test")) == ["/test/a", "/test/b"]
    assert dom0("list", "/test/a") == []


def test_a_directory_longer_than_a_message_is_listed_in_parts(dom0: Tools) -> None:
    """DIRECTORY answers E2BIG, and the library goes on with DIRECTORY_PART."""
    names = [f"a-node-with-a-long-name-{n:04}" for n in range(400)]
    dom0("write", *(part for name in names for part in (f"/test/{name}", "v")))
    assert sorted(dom0("list", "/test")) == names
    assert len(dom0("ls", "/test")) == 400


def test_exists_answers_by_its_status(dom0: Tools) -> None:
    dom0("write", "/test/a", "")
    assert dom0.run("exists", "/test/a")[0] == 0
    assert dom0.run("exists", "/test/none")[0] == 1
    assert dom0.run("exists", "/test/a", "/test/none")[0] == 1


def test_rm_takes_all_below_and_tidies_empty_parents_if_asked(dom0: Tools) -> None:
    dom0("write", "/test/kept", "", "/test/a/b/c", "1", "/test/a/b/d", "2")
    dom0("rm", "/test/a/b/c")
    assert dom0("list", "/test/a/b") == ["d"]
    dom0("rm", "-t", "/test/a/b/d")
    assert dom0("list", "/test") == ["kept"]


def test_chmod_of_a_whole_subtree(dom0: Tools) -> None:
    dom0("write", "/test/a/b", "1")
    dom0("chmod", "-r", "/test", f"b{GUEST}")
    assert [line.split("   ")[1] for line in dom0("ls", "-f", "-p", "/test")] == ["(b7)", "(b7)"]


def test_watch_says_what_changes_below_a_path(dom0: Tools) -> None:
    dom0("write", "/test/a", "1")
    watching = dom0.start("watch", "-n", "4", "/test/a")
    assert watching.stdout is not None
    assert watching.stdout.readline() == "/test/a\n", "once, as soon as the watch is set"
    dom0("write", "/test/other", "x")
    dom0("write", "/test/a", "1")
    dom0("write", "/test/a/b/c", "2")
    dom0("rm", "/test/a")
    said, complaint = watching.communicate(timeout=20)
    assert (said.split(), complaint, watching.returncode) == (["/test/a", "/test/a/b/c", "/test/a"], "", 0)


@pytest.mark.parametrize("path", ["/test/with space", "/test//a", "/test/a/", "/te$t", "/" + "x" * 4000])
def test_a_path_that_is_none_is_refused(dom0: Tools, path: str) -> None:
    status, _, complaint = dom0.run("write", path, "v")
    assert status != 0
    assert complaint


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
    [
        ("ls", ["/none"], "No such file or directory"),
        ("ls", ["//"], "Invalid argument"),
        ("chmod", ["/none", "n0"], "No such file or directory"),
        ("chmod", ["//", "n0"], "Invalid argument"),
    ],
)
def test_a_refusal_is_said_in_the_systems_words(dom0: Tools, program: str, arguments: list[str], said: str) -> None:
    """Where the program says them: most only say what they could not do."""
    status, output, complaint = dom0.run(program, *arguments)
    assert (status, output) == (1, "")
    assert said in complaint


@pytest.mark.parametrize(
    ("program", "arguments"),
    [("read", ["/none"]), ("list", ["/none"]), ("rm", ["/none/none"]), ("rm", ["/"]), ("watch", ["-n", "1", "//"]),
     ("write", ["/test/a", "x" * 4200])],
)  # fmt: skip
def test_what_cannot_be_done_is_complained_of(dom0: Tools, program: str, arguments: list[str]) -> None:
    status, output, complaint = dom0.run(program, *arguments)
    assert (status, output) == (1, "")
    assert complaint.startswith(f"xenstore-{program}: ")


def test_rm_of_nothing_below_something_is_no_failure(dom0: Tools) -> None:
    dom0("rm", "/test/none")


def test_what_is_not_there_cannot_be_read(dom0: Tools) -> None:
    status, output, complaint = dom0.run("read", "/test/none")
    assert (status, output) == (1, "")
    assert "/test/none" in complaint


def test_a_guest_writes_in_its_own_folder_and_nowhere_else(dom0: Tools, guest: Tools) -> None:
    guest("write", "data/mine", "1")
    assert dom0("read", f"/local/domain/{GUEST}/data/mine") == ["1"]
    dom0("write", "/test/secret", "x")
    for path in ("/test/secret", "/test/new", "/tool/new", f"/local/domain/{GUEST}/new", "/local/domain/0/new"):
        assert guest.run("write", path, "2")[0] != 0, path
    assert dom0("read", "/test/secret") == ["x"]


def test_a_guest_sees_only_what_it_may_read(dom0: Tools, guest: Tools) -> None:
    dom0("write", "/test/secret", "x", "/test/shown", "y")
    assert guest.run("read", "/test/secret")[0] != 0
    assert guest.run("rm", "/test/shown")[0] != 0
    dom0("chmod", "/test/shown", "n0", f"r{GUEST}")
    assert guest("read", "/test/shown") == ["y"]
    assert guest.run("write", "/test/shown", "z")[0] != 0
    assert guest.run("chmod", "/test/shown", f"b{GUEST}")[0] != 0
    assert guest.run("list", "/test")[0] != 0


def test_a_guest_may_hand_on_but_not_give_away(dom0: Tools, guest: Tools) -> None:
    guest("write", "data/mine", "1")
    guest("chmod", "data/mine", f"n{GUEST}", "r3")
    assert guest.run("chmod", "data/mine", "n0")[0] != 0, "the owner stays"
    assert '/mine = "1"   (n7,r3)' in "\n".join(dom0("ls", "-f", "-p", f"/local/domain/{GUEST}/data"))


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
    [
        ("ls", ["/tool"], "Permission denied"),
        ("chmod", ["data", "n0"], "Operation not permitted"),
        ("chmod", ["data", f"n{GUEST}", "r1", "r2", "r3", "r4", "r5"], "No space left on device"),
    ],
)
def test_a_guest_is_told_why(guest: Tools, program: str, arguments: list[str], said: str) -> None:
    status, output, complaint = guest.run(program, *arguments)
    assert (status, output) == (1, "")
    assert said in complaint


def test_a_guest_hears_of_its_own_nodes_by_its_own_names(dom0: Tools, guest: Tools) -> None:
    watching = guest.start("watch", "-n", "2", "data")
    assert watching.stdout is not None
    assert watching.stdout.readline() == "data\n"
    dom0("write", "/test/secret", "x", f"/local/domain/{GUEST}/data/for-it", "y")
    said, complaint = watching.communicate(timeout=20)
    assert (said.split(), complaint) == (["data/for-it"], "")


def test_a_guest_has_a_quota_of_nodes_and_of_octets_in_one(dom0: Tools, guest: Tools) -> None:
    """1000 nodes, and 2048 octets of value and names of children in each: the numbers of C xenstored."""
    made = 0
    while made < 60:
        pairs = [part for n in range(20) for part in (f"data/f{made}/n{n}", "v")]
        status, _, complaint = guest.run("write", *pairs)
        if status:
            assert "could not write" in complaint
            break
        made += 1
    assert 45 <= made <= 47, "of 21 nodes each"
    assert guest.run("write", "data/f0/n0", "v" * 3000)[0] != 0
    dom0("rm", f"/local/domain/{GUEST}/data")

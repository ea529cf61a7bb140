from pathlib import Path

from backend.live.follower import Follower
from backend.live.layout import BODY_OCTETS_MAX, pack_snapshot
from backend.live.memory import LiveMemory
from backend.live.slots import MEMORY_OCTETS
from backend.live.snapshot import Snapshot
from tests.backend.live.figures import SNAPSHOT, S, later
from tests.hosts.descriptors import open_descriptors


class Shown:
    """A backend as far as it shows itself."""

    def __init__(self, path: Path) -> None:
        self._live = LiveMemory(path)

    def show(self, snapshot: Snapshot) -> None:
        body = bytearray(BODY_OCTETS_MAX)
        self._live.slots.write(memoryview(body)[: pack_snapshot(snapshot, body)])

    def close(self) -> None:
        self._live.close()


def test_it_sees_what_is_written_as_it_is_written(tmp_path: Path) -> None:
    shown, follower = Shown(tmp_path / "live"), Follower([tmp_path / "live"])
    assert follower.look() is None
    assert "nothing to read yet" in follower.problem
    snapshot = SNAPSHOT
    for _ in range(5):
        shown.show(snapshot)
        assert follower.look() == snapshot
        snapshot = later(snapshot, S)
    follower.close()
    shown.close()


def test_it_takes_the_first_place_where_there_is_one(tmp_path: Path) -> None:
    places = [tmp_path / "dom0", tmp_path / "live"]
    follower = Follower(places)
    assert follower.look() is None
    assert follower.problem == f"no backend shows itself at {places[0]} or {places[1]}"
    shown = Shown(places[1])
    shown.show(SNAPSHOT)
    assert follower.look() == SNAPSHOT
    follower.close()
    shown.close()


def test_a_backend_that_goes_and_comes_is_taken_up_again_and_nothing_is_left_open(tmp_path: Path) -> None:
    follower = Follower([tmp_path / "live"])
    before = open_descriptors()
    for _ in range(3):
        shown = Shown(tmp_path / "live")
        shown.show(SNAPSHOT)
        assert follower.look() == SNAPSHOT
        shown.close()
        assert follower.look() is None
    assert open_descriptors() == before


def test_one_that_was_replaced_is_left_for_its_successor(tmp_path: Path) -> None:
    follower = Follower([tmp_path / "live"])
    first = Shown(tmp_path / "live")
    first.show(SNAPSHOT)
    assert follower.look() == SNAPSHOT
    second = Shown(tmp_path / "live")
    newer = later(SNAPSHOT, S)
    second.show(newer)
    assert follower.look() == newer
    follower.close()
    first.close()
    second.close()


def test_files_that_are_something_else_are_said_to_be_and_left(tmp_path: Path) -> None:
    follower = Follower([tmp_path / "live"])
    before = open_descriptors()
    for content in (b"", b"text", bytes(MEMORY_OCTETS)):
        (tmp_path / "live").write_bytes(content)
        assert follower.look() is None
        assert "not what a backend of this version shows" in follower.problem
    assert open_descriptors() == before

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.live.follower import Follower
from backend.live.layout import BODY_OCTETS_MAX, pack_snapshot
from backend.live.memory import PREFIX, LiveMemory
from tests.backend.live.figures import SNAPSHOT
from tests.hosts.descriptors import open_descriptors


@pytest.fixture
def shm(tmp_path: Path) -> Path:
    """Stands in for /dev/shm."""
    folder = tmp_path / "shm"
    folder.mkdir()
    return folder


def show(live: LiveMemory) -> None:
    body = bytearray(BODY_OCTETS_MAX)
    live.slots.write(memoryview(body)[: pack_snapshot(SNAPSHOT, body)])


def test_it_is_in_shared_memory_for_its_user_alone_and_a_link_leads_there(tmp_path: Path, shm: Path) -> None:
    path = tmp_path / "live"
    live = LiveMemory(path, shm)
    assert path.is_symlink()
    assert path.resolve().parent == shm.resolve()
    assert path.stat().st_mode & 0o777 == 0o600
    live.close()
    live.close()
    assert (list(shm.iterdir()), list(tmp_path.iterdir())) == ([], [shm])


def test_without_shared_memory_it_is_in_the_folder_itself(tmp_path: Path) -> None:
    live = LiveMemory(tmp_path / "live", tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == ["live"]
    assert not (tmp_path / "live").is_symlink()
    show(live)
    assert Follower([tmp_path / "live"]).look() == SNAPSHOT
    live.close()
    assert list(tmp_path.iterdir()) == []


def test_a_newer_one_takes_the_place_and_the_older_leaves_it_alone(tmp_path: Path, shm: Path) -> None:
    path = tmp_path / "live"
    older = LiveMemory(path, shm)
    newer = LiveMemory(path, shm)
    older.close()
    assert path.exists()
    newer.close()
    assert list(shm.iterdir()) == []


def test_what_a_killed_backend_left_goes_when_the_next_one_comes(tmp_path: Path, shm: Path) -> None:
    path = tmp_path / "live"
    kill_oneself = (
        "import os, sys; from pathlib import Path; from backend.live.memory import LiveMemory;"
        "LiveMemory(Path(sys.argv[1]), Path(sys.argv[2])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", kill_oneself, str(path), str(shm)], check=False)
    (left,) = shm.iterdir()
    follower = Follower([path])
    assert follower.look() is None
    assert "gone" in follower.problem
    live = LiveMemory(path, shm)
    assert not left.exists()
    show(live)
    assert follower.look() == SNAPSHOT
    follower.close()
    live.close()


def test_what_others_have_there_by_such_a_name_is_neither_followed_nor_waited_for(tmp_path: Path, shm: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("not ours")
    (shm / f"{PREFIX}link").symlink_to(precious)
    os.mkfifo(shm / f"{PREFIX}pipe")
    another = LiveMemory(tmp_path / "another", shm)
    LiveMemory(tmp_path / "live", shm).close()
    assert precious.exists()
    assert (tmp_path / "another").exists(), "it is written still"
    another.close()


def test_a_link_to_something_else_is_replaced_and_nothing_else_touched(tmp_path: Path, shm: Path) -> None:
    path, precious = tmp_path / "live", tmp_path / f"{PREFIX}precious"
    precious.write_text("not ours")
    path.symlink_to(precious)
    LiveMemory(path, shm).close()
    assert precious.read_text() == "not ours"


def test_a_place_that_is_taken_by_a_folder_is_an_error_and_nothing_is_left(tmp_path: Path, shm: Path) -> None:
    (tmp_path / "live").mkdir()
    with pytest.raises(IsADirectoryError):
        LiveMemory(tmp_path / "live", shm)
    assert list(shm.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["live", "shm"]


def test_a_reader_cannot_write(tmp_path: Path, shm: Path) -> None:
    live = LiveMemory(tmp_path / "live", shm)
    show(live)
    follower = Follower([tmp_path / "live"])
    assert follower.look() == SNAPSHOT
    assert follower._opened is not None
    with pytest.raises(TypeError):
        follower._opened.reader._memory[0] = 0
    follower.close()
    live.close()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path, shm: Path) -> None:
    before = open_descriptors()
    with pytest.raises(FileNotFoundError):
        LiveMemory(tmp_path / "missing" / "live", shm)
    assert list(shm.iterdir()) == []
    assert open_descriptors() == before

import io
import tarfile
from pathlib import Path

import pytest

from compose.lab.files import UID, packed, unpack


def every(name: str) -> bool:
    return True


def archive(*members: tarfile.TarInfo) -> list[bytes]:
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w") as made:
        for member in members:
            made.addfile(member, io.BytesIO(bytes(member.size)))
    return [octets.getvalue()]


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, target, size
    return made


def test_what_is_packed_belongs_to_the_images_user() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed({"a": b"1", "b/c": b"22"}))) as made:
        assert [(m.name, m.size, m.uid, m.mode) for m in made] == [("a", 1, UID, 0o644), ("b/c", 2, UID, 0o644)]


def test_files_come_out_below_their_folder(tmp_path: Path) -> None:
    octets = packed({"out/a": b"1", "out/b/c": b"22"})
    pieces = [octets[at : at + 100] for at in range(0, len(octets), 100)]
    assert unpack(pieces, tmp_path, every) == ["a", "b/c"]
    assert (tmp_path / "b" / "c").read_bytes() == b"22"


def test_only_what_is_wanted_is_taken(tmp_path: Path) -> None:
    assert unpack([packed({"out/a": b"", "out/b": b""})], tmp_path, {"b"}.__contains__) == ["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize(
    "evil",
    [
        member("out/../../a"),
        member("out/.."),
        member("out"),
        member("/"),
        member("out/a", tarfile.SYMTYPE, "/etc/passwd"),
        member("out/a", tarfile.LNKTYPE, "/etc/passwd"),
        member("out/a", tarfile.FIFOTYPE),
        member("out/a", tarfile.CHRTYPE),
        member("out/a", tarfile.DIRTYPE),
    ],
    ids=lambda evil: f"{evil.name} {evil.type}",
)
def test_what_is_no_plain_file_of_the_folder_is_left(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    assert unpack(archive(evil), inner, every) == []
    assert list(tmp_path.rglob("*")) == [inner]


def test_an_absolute_name_stays_below_the_folder(tmp_path: Path) -> None:
    assert unpack(archive(member("/etc/passwd")), tmp_path, every) == ["etc/passwd"]


def test_a_file_in_the_place_of_ours_replaces_it_and_follows_no_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("ours")
    (tmp_path / "a").symlink_to(precious)
    unpack([packed({"out/a": b"theirs"})], tmp_path, every)
    assert precious.read_text() == "ours"
    assert (tmp_path / "a").read_bytes() == b"theirs"


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose.lab.files.OCTETS_MAX", 100_000)
    with pytest.raises(ValueError, match="more than"):
        unpack(archive(member("out/a", size=200_000)), tmp_path, every)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("octets", [b"", b"nonsense" * 200])
def test_what_is_no_archive_is_refused(tmp_path: Path, octets: bytes) -> None:
    with pytest.raises(ValueError, match="no archive"):
        unpack([octets], tmp_path, every)

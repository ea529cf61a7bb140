"""Files into a container and out of it, as tar archives, which is how an engine takes and gives them anywhere.

What comes out of a container was written by whoever ran in it.  So nothing but plain files is taken, under names that
stay in the folder, and as many octets as there is a bound for.
"""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

UID = 1000
"""Whom the files belong to inside: the image's user."""

OCTETS_MAX = 4 << 30
"""Out of one container: hours of sound."""


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files."""
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid, member.gid, member.mode = len(content), UID, UID, 0o644
            archive.addfile(member, io.BytesIO(content))
    return octets.getvalue()


def unpack(chunks: Iterable[bytes], folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    """Put the wanted files of an archive of one folder into ours; what they are called, from there.

    Raises ValueError when it is larger than all bounds, or no archive; OSError.
    """
    with tempfile.TemporaryFile() as octets:
        for chunk in chunks:
            if octets.tell() + len(chunk) > OCTETS_MAX:
                raise ValueError(f"more than {OCTETS_MAX >> 30} GiB")
            octets.write(chunk)
        octets.seek(0)
        try:
            with tarfile.open(fileobj=octets, mode="r:") as archive:
                return list(_plain_files(archive, folder, wanted))
        except tarfile.TarError as error:
            raise ValueError(f"no archive: {error}") from error


def _plain_files(archive: tarfile.TarFile, folder: Path, wanted: Callable[[str], bool]) -> Iterator[str]:
    for member in archive:
        name = "/".join(PurePosixPath(member.name).parts[1:])
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or not name or ".." in name.split("/") or not wanted(name):
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
        yield name

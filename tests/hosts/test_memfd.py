"""Sealed memory: its size stays, and what is not sealed is refused by name."""

import os
from errno import EINVAL, EPERM
from pathlib import Path

import pytest

from hosts.api import HostError
from hosts.memfd import SEALS, check_seals, make_sealed


@pytest.mark.parametrize("octets", [100, 10_000])
def test_its_size_stays(octets: int) -> None:
    fd = make_sealed("test", 4096)
    try:
        check_seals(fd, SEALS, "it")
        with pytest.raises(PermissionError) as refused:
            os.ftruncate(fd, octets)
        assert refused.value.errno == EPERM
        assert os.pread(fd, 8192, 0) == bytes(4096)
    finally:
        os.close(fd)


def test_what_is_no_memfd_or_not_sealed_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for fd, said in (
        (os.open(tmp_path / "file", os.O_RDONLY), "region: not a memfd"),
        (os.memfd_create("open", os.MFD_ALLOW_SEALING), "region: seals 0x0, want 0x7"),
    ):
        with pytest.raises(HostError, match=said) as refused:
            check_seals(fd, SEALS, "region")
        os.close(fd)
        assert refused.value.errno == EINVAL

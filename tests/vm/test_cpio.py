import shutil
import subprocess
from pathlib import Path

import pytest

from compose.vm.cpio import Archive


def test_the_systems_own_tool_unpacks_it(tmp_path: Path) -> None:
    if shutil.which("cpio") is None:
        pytest.skip("no cpio: apt install cpio")
    archive = Archive()
    archive.folder("etc")
    archive.file("etc/odd", b"12345")
    archive.file("run.sh", b"#!/bin/sh\n", executable=True)
    octets = archive.finish()
    assert len(octets) % 4 == 0
    subprocess.run(["cpio", "-i", "--quiet"], input=octets, cwd=tmp_path, check=True)
    assert (tmp_path / "etc" / "odd").read_bytes() == b"12345"
    assert (tmp_path / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "etc" / "odd").stat().st_mode & 0o777 == 0o644

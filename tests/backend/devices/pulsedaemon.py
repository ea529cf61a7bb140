"""A private PulseAudio daemon for tests, with null sinks, on a socket of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hosts.process import die_with_parent

STARTUP = """
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=speaker rate=48000 channels=2 format=s16le norewinds=1
"""
# Without `norewinds` an idle null sink has rendered two seconds of silence ahead, and the first stream waits for it.


@contextmanager
def pulse_daemon(folder: Path) -> Iterator[Path]:
    """Its socket, while it runs; skips where PulseAudio is not installed."""
    if shutil.which("pulseaudio") is None:
        pytest.skip("no PulseAudio: apt install pulseaudio")
    socket, startup = folder / "native", folder / "startup.pa"
    startup.write_text(STARTUP.format(socket=socket))
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with (folder / "pulse.log").open("wb") as log:
        daemon = subprocess.Popen(
            ["pulseaudio", "-n", "-F", str(startup), "--exit-idle-time=-1", "--daemonize=no"],
            stdout=log, stderr=log, env=environment,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # tests have no threads
        )  # fmt: skip
    try:
        while not socket.exists():
            assert daemon.poll() is None, (folder / "pulse.log").read_text()
            time.sleep(0.02)
        yield socket
    finally:
        daemon.terminate()
        daemon.wait(10)

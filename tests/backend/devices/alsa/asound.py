"""alsa-lib configured for tests: PCMs of plugins, with no sound card."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

SYSTEM = Path("/usr/share/alsa/alsa.conf")


@contextmanager
def asound(folder: Path, text: str) -> Generator[None, None, None]:
    """Have alsa-lib read `text` besides its own configuration."""
    mine = folder / "asound.conf"
    mine.write_text(text)
    before = os.environ.get("ALSA_CONFIG_PATH")
    os.environ["ALSA_CONFIG_PATH"] = f"{SYSTEM}:{mine}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["ALSA_CONFIG_PATH"]
        else:
            os.environ["ALSA_CONFIG_PATH"] = before

"""Writing a file so that nobody, and no Ctrl-C, ever sees half of it."""

from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, then put it in its place in one step.  Raises OSError."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

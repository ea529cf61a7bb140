"""compose.report.bar: seen when it takes long, and only then."""

import io
import time

import pytest
from rich.console import Console

from compose.report.bar import LateBar


def console() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=80), out


def test_what_is_done_soon_shows_no_bar() -> None:
    shown, out = console()
    with LateBar(shown, patience_s=3600) as bar:
        bar("measuring", 0.5)
    assert out.getvalue() == ""


def test_what_takes_long_shows_what_is_being_done() -> None:
    shown, out = console()
    with LateBar(shown, patience_s=0) as bar:
        bar("measuring 01-irq", 0.5)
        while "measuring 01-irq" not in out.getvalue():
            time.sleep(0.01)
    assert "50%" in out.getvalue()


def test_an_error_passes_through() -> None:
    shown, _ = console()
    with pytest.raises(OSError, match="full"), LateBar(shown):
        raise OSError("full")

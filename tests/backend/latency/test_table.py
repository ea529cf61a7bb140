"""backend.latency.table: the terminal's view."""

from io import StringIO

import msgspec
import numpy as np
import pytest
from rich.console import Console

from backend.latency.build import summarise
from backend.latency.measures.summary import summary_of
from backend.latency.records import Series
from backend.latency.result import Guest, Result
from backend.latency.table import NOT_SAID, milliseconds, table
from tests.backend.latency.synthetic import FACTS, with_client


def shown(result: Result, width: int = 80) -> str:
    out = StringIO()
    Console(file=out, width=width).print(table(result))
    return out.getvalue()


@pytest.fixture
def result() -> Result:
    measured = summarise([], FACTS)
    (stream,) = measured.guests[0].streams
    delays = summary_of(Series(np.arange(1000), np.arange(1, 1001) * 10_000))
    stream = msgspec.structs.replace(stream, playback_delay_ns=delays, underruns=12)
    return msgspec.structs.replace(measured, guests=[Guest(domid=3, name="media", streams=[stream])])


def test_a_stream_is_one_row(result: Result) -> None:
    row = shown(result).splitlines()[-1].split()
    assert row == ["media", "speech", "s16_le", "48k\N{MULTIPLICATION SIGN}2", "12", "5.00", "9.90", *[NOT_SAID] * 3]


def test_brackets_in_names_are_no_markup(result: Result) -> None:
    guests = [msgspec.structs.replace(result.guests[0], name="[red]a[/red]")]
    assert "[red]a[/red]" in shown(msgspec.structs.replace(result, guests=guests))


def test_what_is_no_guest_has_its_kind_behind_its_name() -> None:
    assert "tone (local)" in shown(summarise([], with_client(FACTS)))


def test_ordinary_names_fit_80_columns(result: Result) -> None:
    assert len(shown(result).splitlines()) == 5
    assert max(len(line) for line in shown(result).splitlines()) <= 80


@pytest.mark.parametrize(("ns", "text"), [(None, NOT_SAID), (0, "0.00"), (1_234_567, "1.23"), (-20_833, "-0.02")])
def test_milliseconds(ns: int | None, text: str) -> None:
    assert milliseconds(ns) == text

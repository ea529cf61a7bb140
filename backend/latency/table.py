"""The result as a terminal table: what `vsnd demo` prints, within 80 columns."""

from pathlib import PurePath

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from backend.latency.result import Result, Stream, Summary

NOT_SAID = "\N{EN DASH}"
"""Not measured, or the sample is too small to say."""
HEADINGS = ("under-\nruns", "delay\np50", "\np99", "late\np50", "\np99", "\nmax")


def milliseconds(ns: int | None) -> str:
    """As a person reads it: two decimals, or a dash for None."""
    return NOT_SAID if ns is None else f"{ns / 1e6:.2f}"


def table(result: Result) -> Table:
    """One row per stream: underruns, playback delay, period lateness."""
    title = "Playback delay and period lateness in ms"
    shown = Table(title=title, box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, header_style="dim")
    for heading in ("guest", "recording", "format"):
        shown.add_column(heading, overflow="fold", vertical="bottom")
    for heading in HEADINGS:
        shown.add_column(heading, justify="right", no_wrap=True, vertical="bottom")
    for guest in result.guests:
        for stream in guest.streams:
            shown.add_row(Text(guest.title), Text(PurePath(stream.recording).stem), *_figures(stream))
    return shown


def _figures(stream: Stream) -> list[Text]:
    """The cells behind the names.  Text, not markup: brackets in a name are only brackets."""
    delay, lateness = stream.playback_delay_ns, stream.period_lateness_ns
    figures = [
        _figure(delay, "p50"),
        _figure(delay, "p99"),
        _figure(lateness, "p50"),
        _figure(lateness, "p99"),
        _figure(lateness, "max"),
    ]
    return [
        Text(f"{stream.format} {stream.rate_hz / 1000:g}k\N{MULTIPLICATION SIGN}{stream.channels}"),
        Text(str(stream.underruns), style="bold red" if stream.underruns else "green"),
        *figures,
    ]


def _figure(summary: Summary | None, name: str) -> Text:
    return Text(milliseconds(None if summary is None else getattr(summary, name)))

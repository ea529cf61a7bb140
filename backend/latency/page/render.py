"""Templates to pages: what the page of a run and that of a comparison are rendered by.

A page is one file.  `base.html.j2` puts `style.css`, `script.js` and Plotly's JavaScript into it, and forbids it the
network.  Names of scenarios, guests and recordings come from elsewhere: everything is escaped.

What a plot shows is plain data for Plotly's JavaScript; nothing here needs Plotly to be imported.  A colour is written
as the name of a variable of `style.css` ("--c0"), which `script.js` looks up: so it follows the reader's scheme.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import TypedDict

import jinja2
from plotly.offline import get_plotlyjs  # only its JavaScript

from backend.latency.table import NOT_SAID, milliseconds

Drawn = dict[str, object]
"""A trace or a layout, as Plotly's JavaScript wants it."""

COLOURS = tuple(f"--c{number}" for number in range(8))
"""Told apart on white and on near-black, and by most colour-blind eyes in this order."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
"""Of markers, so that nothing is told by colour alone."""

_BEFORE_UNITS = re.compile(r"(?<=\d) (?=(?:%|ms|\N{MICRO SIGN}s|ns|s)(?!\w))|(?<=%) (?=CI\b)")


class View(TypedDict):
    """One of the things that a plot can show: script.js makes a button of each."""

    label: str
    traces: list[Drawn]
    """Those with one `legendgroup` are one curve: script.js makes a button of each group of the legend."""
    layout: Drawn
    """Axes, and what else is not the same for all plots."""


def page(template: str, figures: Mapping[str, Sequence[View]], **values: object) -> str:
    """The page; `figures` are its plots by name, of which those without a view are left out."""
    shown = {name: list(views) for name, views in figures.items() if views}
    return _ENVIRONMENT.get_template(template).render(
        figures=shown,
        style=_own("style.css"),
        script=_own("script.js"),
        plotly=get_plotlyjs() if shown else "",
        **values,
    )


def colour_of(index: int) -> str:
    """Of the curve with this number."""
    return COLOURS[index % len(COLOURS)]


def symbol_of(index: int) -> str:
    """Of the same: after eight curves the colours come again, with other symbols."""
    return SYMBOLS[(index + index // len(COLOURS)) % len(SYMBOLS)]


def counted(count: int, noun: str) -> str:
    """So many of them, in words."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def share(part: float) -> str:
    """A part of one, in per cent."""
    return f"{part * 100:.1f} %" if part < 0.1 else f"{part * 100:.0f} %"


def microseconds(ns: int | None) -> str:
    """Short times: whole microseconds below 1 ms, else ms; a dash for None."""
    if ns is None:
        return NOT_SAID
    return f"{ns / 1e3:,.0f} \N{MICRO SIGN}s" if abs(ns) < 1_000_000 else f"{milliseconds(ns)} ms"


def unbroken(sentence: str) -> str:
    """The same, and no line ends before a unit, nor within "95 % CI"."""
    return _BEFORE_UNITS.sub("\N{NO-BREAK SPACE}", sentence)


def _thousands(count: int) -> str:
    return f"{count:,}"


def _own(name: str) -> str:
    return files("backend.latency.page").joinpath(name).read_text("utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("backend.latency.page", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "ms": milliseconds,
        "us": microseconds,
        "counted": counted,
        "thousands": _thousands,
        "share": share,
        "unbroken": unbroken,
    }
    environment.filters.update(filters)
    return environment


_ENVIRONMENT = _environment()

"""Screen: a picture as lines of text, for a terminal of any size or for a log."""

import time
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from backend.live.snapshot import State
from compose.top.columns import ALL, Column, Fitted, fit, late, milliseconds
from compose.top.figures import DeviceRow, Picture, Row
from compose.top.view import View

SILENT_NS = 2_500_000_000
"""A backend that wrote nothing for so long stands still."""
DEVICES_MAX, DEVICES_FROM = 4, 16
"""Lines of devices at most; none at all on a screen of fewer lines than this."""
KEYS = "h help  q quit  / filter  F6 < > sort  I invert  c clear  PgUp PgDn scroll"
STATE_STYLES = {State.RUNNING: "green", State.LOST: "bold red", State.AWAY: "dim", State.CLOSED: "dim"}

HELP = (
    ("up down PgUp PgDn Home End", "scroll"),
    ("F6 > right, < left", "sort by the next column, by the one before"),
    ("I", "invert the order"),
    ("/", "filter by id, name, state, format, device, pacing"),
    ("c", "count underruns and dropped frames from now on"),
    ("q, F10, Ctrl-C", "quit"),
)


def header(picture: Picture | None, problem: str, now_ns: int) -> list[Text]:
    """What is said of the backend itself."""
    clock = time.strftime("%H:%M:%S")
    if picture is None:
        return [Text.assemble(("vsnd top", "bold"), f"  {clock}"), Text(problem, style="bold red")]
    backend = picture.backend
    silent_ns = now_ns - backend.sampled_ns
    up = _hours(backend.sampled_ns - backend.started_ns)
    first = Text.assemble(
        ("vsnd top", "bold"),
        f"  {clock}  pid {backend.pid}  up {up}  {picture.guests} guests, {picture.running} streams running",
    )
    second = Text(
        f"cpu {100 * picture.cpu_part:.1f}%  woken {picture.wakeups_hz:.0f}/s  preempted {picture.preemptions_hz:.0f}/s"
        f"  told late, ms: median {late(picture.late.quantile_ns(0.5))} max {late(picture.late.quantile_ns(1))}"
    )
    lines = [first, second]
    if silent_ns > SILENT_NS:
        lines.append(Text(f"no word of it for {silent_ns // 1_000_000_000} s", style="bold yellow"))
    if backend.hidden_streams or backend.hidden_devices:
        hidden = f"no room for {backend.hidden_streams} more streams and {backend.hidden_devices} devices"
        lines.append(Text(hidden, style="bold yellow"))
    return lines


def _hours(ns: int) -> str:
    minutes, seconds = divmod(ns // 1_000_000_000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def devices(rows: Sequence[DeviceRow], width: int | None) -> list[Text]:
    """A line for each, below a heading."""
    cells = [_device_cells(row) for row in rows]
    titles = ("DEVICE", "KIND", "PACING", "STREAMS", "LOOKS/S", "AHEAD", "UNDER")
    widths = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
    if width is not None:
        widths[0] = max(8, min(widths[0], width - sum(widths[1:]) - len(widths) + 1))
    lines = [Text(_device_line(titles, widths), style="bold")]
    lines += [
        Text(_device_line(line, widths), style="red" if row.underruns else "")
        for line, row in zip(cells, rows, strict=True)
    ]
    return lines


def _device_cells(row: DeviceRow) -> tuple[str, ...]:
    device = row.device
    return (
        device.name, device.kind, device.pacing, str(device.streams), f"{row.looks_hz:.0f}",
        milliseconds(device.ahead_ns), str(row.underruns),
    )  # fmt: skip


def _device_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = [set_cell_size(cell, width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return " ".join([*left, *right])


def table(columns: Sequence[Fitted], rows: Sequence[Row], sort: Column | None) -> list[Text]:
    """The streams, below a heading in which the column that they are sorted by stands out."""
    heading = Text(style="bold")
    for place, fitted in enumerate(columns):
        heading.append(" " if place else "")
        heading.append(fitted.cell(fitted.column.title), style="reverse" if fitted.column is sort else "")
    return [heading, *(_line(columns, row) for row in rows)]


def _line(columns: Sequence[Fitted], row: Row) -> Text:
    line = Text()
    for place, fitted in enumerate(columns):
        line.append(" " if place else "")
        line.append(fitted.cell(fitted.column.text(row)), style=_style(fitted.column.title, row))
    return line


def _style(title: str, row: Row) -> str:
    if title == "STATE":
        return STATE_STYLES.get(row.stream.state, "")
    if title == "UNDER" and row.underruns:
        return "bold red" if row.new_underruns else "red"
    return ""


def whole(picture: Picture | None, problem: str, now_ns: int) -> list[Text]:
    """All there is, however wide and long: for a log."""
    lines = header(picture, problem, now_ns)
    if picture is not None:
        if picture.devices:
            lines += [Text(), *devices(picture.devices, None)]
        lines += [Text(), *table(fit(picture.rows, None), View().chosen(picture.rows), None)]
    return lines


def shown(picture: Picture | None, problem: str, view: View, now_ns: int, size: tuple[int, int]) -> list[Text]:
    """What fits on a screen of so many columns and lines; the view learns how much of the table does."""
    width, height = size
    if view.help:
        return _cut(help_lines(), width, height)
    lines = header(picture, problem, now_ns)
    if picture is not None:
        lines += _devices_in(picture.devices, width, height)
        chosen = view.chosen(picture.rows)
        columns = fit(picture.rows, width)
        view.rows_shown = max(1, height - len(lines) - 2)
        view.columns_shown = [ALL.index(fitted.column) for fitted in columns]
        lines += table(columns, view.page(chosen), ALL[view.sort])
    lines = lines[: height - 1]
    lines += [Text()] * (height - 1 - len(lines))
    return _cut([*lines, _bottom(view)], width, height)


def _devices_in(rows: Sequence[DeviceRow], width: int, height: int) -> list[Text]:
    if not rows or height < DEVICES_FROM:
        return []
    room = min(DEVICES_MAX, height // 6)
    lines = devices(rows, width)[: room + 1]
    if len(rows) > room:
        lines[-1] = Text(f"and {len(rows) - room + 1} more devices", style="dim")
    return [*lines, Text()]


def _bottom(view: View) -> Text:
    if view.filtering:
        return Text.assemble(
            ("/", "bold"), view.filter, ("_", "blink"), "   Enter: filter by it   Esc: all", style="reverse"
        )
    text = f"filter: {view.filter}   Esc: all   " if view.filter else ""
    return Text(text + KEYS, style="reverse")


def help_lines() -> list[Text]:
    """All keys, and what the columns are."""
    lines = [Text("keys (any goes back from here)", style="bold")]
    lines += [Text(f"  {keys:26} {what}") for keys, what in HELP]
    lines.append(Text("columns, each with the letter that sorts by it", style="bold"))
    return lines + [Text(f"  {column.key}  {column.title:6} {column.about}") for column in ALL]


def _cut(lines: Sequence[Text], width: int, height: int) -> list[Text]:
    cut = [line.copy() for line in lines[:height]]
    for line in cut:
        line.truncate(width, overflow="crop")
    return cut

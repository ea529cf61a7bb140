import re

import pytest
from rich.cells import cell_len

from compose.top.figures import History, Picture
from compose.top.screen import SILENT_NS, help_lines, shown, whole
from compose.top.view import View
from tests.backend.live.figures import BACKEND, GONE, MICROPHONE, MUSIC, SNAPSHOT, SPEAKER, VOICE, S, later

NOW_NS = BACKEND.sampled_ns + S // 2


def picture() -> Picture:
    history = History()
    history.picture(SNAPSHOT)
    louder = MUSIC._replace(lateness=MUSIC.lateness + MUSIC.lateness, requests=MUSIC.requests + 100, underruns=3)
    return history.picture(later(SNAPSHOT, S, louder, VOICE, GONE, cpu_ns=BACKEND.cpu_ns + S // 8))


def lines(view: View, width: int = 80, height: int = 24) -> list[str]:
    return [line.plain for line in shown(picture(), "", view, NOW_NS, (width, height))]


def test_the_whole_screen_in_80_by_24() -> None:
    seen = lines(View())
    assert len(seen) == 24
    assert re.fullmatch(r"vsnd top  \d\d:\d\d:\d\d  pid 42  up 0:01:31  2 guests, 2 streams running", seen[0])
    assert seen[1:] == [
        "cpu 12.5%  woken 0/s  preempted 0/s  told late, ms: median 0.08 max 0.09",
        "DEVICE            KIND    PACING STREAMS LOOKS/S AHEAD UNDER",
        "speaker           clocked irq          1       0  15.0     1",
        "speaker (capture) clocked irq          1       0     -     0",
        "",
        "ID GUEST PCM  STATE FORMAT      DEVICE  PACING  FILL DELAY  LATE   MAX UNDER",
        " 1 music 0.0p run   s16le 48k 2 speaker irq     20.0 -3.00  0.08  0.09     3",
        " 2 voice 1.1c run   s16le 48k 2 speaker irq     20.0  4.00     -     -     0",
        " 3 gone  -    away  -           -       -          -     -     -     -     -",
        *[""] * 13,
        "h help  q quit  / filter  F6 < > sort  I invert  c clear  PgUp PgDn scroll",
    ]


@pytest.mark.parametrize("size", [(80, 24), (40, 8), (200, 50), (20, 3), (1, 1), (5, 100)])
@pytest.mark.parametrize("keys", ["", "h", "/music"])
def test_nothing_is_ever_wider_or_longer_than_the_screen(size: tuple[int, int], keys: str) -> None:
    view = View()
    for key in keys:
        view.press(key)
    seen = lines(view, *size)
    assert len(seen) <= size[1]
    assert all(cell_len(line) <= size[0] for line in seen)


def test_help_fits_in_80_by_24() -> None:
    assert len(help_lines()) <= 24
    assert max(cell_len(line.plain) for line in help_lines()) <= 80


def test_underruns_stand_out_and_the_column_that_is_sorted_by() -> None:
    view = View()
    view.press("u")
    seen = shown(picture(), "", view, NOW_NS, (80, 24))
    row = next(line for line in seen if "music" in line.plain)
    assert any("red" in str(span.style) and row.plain[span.start : span.end].strip() == "3" for span in row.spans)
    heading = next(line for line in seen if line.plain.startswith("ID"))
    assert [heading.plain[s.start : s.end].strip() for s in heading.spans if s.style == "reverse"] == ["UNDER"]


def test_a_backend_that_is_gone_is_said_to_be() -> None:
    seen = shown(None, "the backend that was there is gone", View(), NOW_NS, (80, 24))
    assert seen[1].plain == "the backend that was there is gone"
    assert len(seen) == 24


def test_a_backend_that_stands_still_is_said_to_do_so() -> None:
    seen = shown(picture(), "", View(), NOW_NS + SILENT_NS + 10 * S, (80, 24))
    assert seen[2].plain == "no word of it for 12 s"


def test_what_had_no_room_is_said() -> None:
    many = History().picture(later(SNAPSHOT, S, hidden_streams=12, hidden_devices=1))
    seen = shown(many, "", View(), NOW_NS, (80, 24))
    assert seen[2].plain == "no room for 12 more streams and 1 devices"


def test_many_devices_take_a_part_of_the_screen_only() -> None:
    devices = tuple(SPEAKER._replace(name=f"card {n}") for n in range(10))
    many = History().picture(later(SNAPSHOT, S)._replace(devices=devices))
    seen = [line.plain for line in shown(many, "", View(), NOW_NS, (80, 24))]
    assert seen[2].startswith("DEVICE")
    assert seen[6] == "and 7 more devices"
    assert seen[8].startswith("ID")
    few_lines = [line.plain for line in shown(many, "", View(), NOW_NS, (80, 12))]
    assert not any(line.startswith("DEVICE") for line in few_lines)


def test_names_are_text_and_no_markup() -> None:
    tricky = MUSIC._replace(guest="[bold]x[/]", device="[red]")
    seen = shown(History().picture(later(SNAPSHOT, S, tricky)), "", View(), NOW_NS, (120, 24))
    assert any("[bold]x[/]" in line.plain for line in seen)


def test_a_log_has_every_row_and_column_and_no_hint_of_keys() -> None:
    streams = [MUSIC._replace(domid=n, guest=f"guest {n}") for n in range(100)]
    seen = [line.plain for line in whole(History().picture(later(SNAPSHOT, S, *streams)), "", NOW_NS)]
    assert sum("guest " in line for line in seen) == 100
    assert "EV/S" in next(line for line in seen if line.startswith("ID"))
    assert not any("quit" in line for line in seen)
    assert [line.plain for line in whole(None, "gone", NOW_NS)][1:] == ["gone"]


def test_a_machine_without_devices_has_no_table_of_them() -> None:
    bare = History().picture(later(SNAPSHOT, S)._replace(devices=()))
    assert not any(line.plain.startswith("DEVICE") for line in whole(bare, "", NOW_NS))
    assert MICROPHONE.name.endswith("(capture)")

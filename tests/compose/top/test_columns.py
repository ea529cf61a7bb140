import pytest
from rich.cells import cell_len

from backend.live.snapshot import State
from compose.top.columns import ALL, LEFT_OUT, NAME_LEAST, STATES, fit, late, milliseconds, sample_format
from compose.top.figures import History, Row
from ringproto.formats import Format
from tests.backend.live.figures import SNAPSHOT, later


def rows() -> list[Row]:
    return History().picture(SNAPSHOT).rows


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, "-"),
        (0, "0.00"),
        (62_500, "0.06"),
        (9_994_000, "9.99"),
        (9_996_000, "10.0"),
        (99_960_000, "100"),
        (-3_000_000, "-3.00"),
        (2_000_000_000, "2000"),
    ],
)
def test_times_have_three_figures(ns: int | None, text: str) -> None:
    assert milliseconds(ns) == text


def test_what_is_beyond_the_last_bucket_is_said_to_be() -> None:
    assert late(2_048_000_000) == ">2048"


def test_formats_are_short() -> None:
    music = rows()[0]
    assert sample_format(music) == "s16le 48k 2"
    odd = music._replace(stream=music.stream._replace(format=Format.S24_LE, rate_hz=44100, channels=8))
    assert sample_format(odd) == "s24le 44.1k 8"


def test_every_state_has_a_word() -> None:
    assert set(STATES) == set(State)


def test_each_column_has_a_letter_of_its_own() -> None:
    keys = [column.key for column in ALL]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set("chqI/?")
    assert set(LEFT_OUT) < {column.title for column in ALL}


@pytest.mark.parametrize("width", range(20, 140))
def test_columns_fit_whatever_the_width(width: int) -> None:
    fitted = fit(rows(), width)
    assert sum(each.width for each in fitted) + len(fitted) - 1 <= width
    for row in rows():
        for each in fitted:
            assert cell_len(each.cell(each.column.text(row))) == each.width


def test_in_80_columns_all_that_was_asked_for_is_there() -> None:
    titles = [each.column.title for each in fit(rows(), 80)]
    assert titles[:12] == [
        "ID", "GUEST", "PCM", "STATE", "FORMAT", "DEVICE", "PACING", "FILL", "DELAY", "LATE", "MAX", "UNDER",
    ]  # fmt: skip


def test_in_80_columns_names_that_are_long_are_cut_and_nothing_is_left_out_for_them() -> None:
    long = [stream._replace(guest="g" * 60, device="d" * 60, domid=12345) for stream in SNAPSHOT.streams]
    fitted = fit(History().picture(later(SNAPSHOT, 0, *long)).rows, 80)
    assert [each.column.title for each in fitted][-1] == "UNDER"
    widths = {each.column.title: each.width for each in fitted}
    assert widths["GUEST"] >= NAME_LEAST
    assert widths["DEVICE"] >= NAME_LEAST


def test_a_log_has_all_columns() -> None:
    assert len(fit(rows(), None)) == len(ALL)


def test_wide_characters_take_two_cells() -> None:
    wide = SNAPSHOT.streams[0]._replace(guest="音楽を聴く人です")
    picture = History().picture(later(SNAPSHOT, 0, wide))
    for width in (60, 70, 80):
        for each in fit(picture.rows, width):
            assert cell_len(each.cell(each.column.text(picture.rows[0]))) == each.width

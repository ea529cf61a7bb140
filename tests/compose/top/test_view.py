import pytest

from compose.top.columns import ALL
from compose.top.figures import History, Row
from compose.top.view import FILTER_MAX, View
from tests.backend.live.figures import MS, MUSIC, SNAPSHOT, later

TITLES = [column.title for column in ALL]


def rows(count: int = 30) -> list[Row]:
    streams = [
        MUSIC._replace(domid=n, guest=f"guest {n % 3}", underruns=n * 7 % 11, delay_ns=None if n == 4 else n * MS)
        for n in range(count)
    ]
    return History().picture(later(SNAPSHOT, 0, *streams)).rows


def ids(view: View, given: list[Row]) -> list[int]:
    return [row.stream.domid for row in view.chosen(given)]


def pressed(*keys: str) -> View:
    view = View()
    for key in keys:
        view.press(key)
    return view


def test_rows_stand_by_domain_at_first() -> None:
    given = rows()
    assert ids(View(), given[::-1]) == list(range(30))


def test_a_letter_sorts_by_its_column_numbers_from_the_greatest_names_from_the_first() -> None:
    given = rows()
    underruns = [row.underruns for row in pressed("u").chosen(given)]
    assert underruns == sorted(underruns, reverse=True)
    assert ids(pressed("d"), given)[0] == 29
    assert ids(pressed("d"), given)[-1] == 4, "what is not known stands last"
    assert pressed("g").chosen(given)[0].stream.guest == "guest 0"


def test_equals_stand_by_domain() -> None:
    given = rows()
    by_guest = ids(pressed("g"), given)
    assert by_guest[:10] == [n for n in range(30) if n % 3 == 0]


def test_the_order_is_inverted_and_back() -> None:
    given = rows()
    assert ids(pressed("I"), given) == list(range(29, -1, -1))
    assert ids(pressed("I", "I"), given) == list(range(30))


@pytest.mark.parametrize("key", ["f6", ">", ".", "right"])
def test_the_next_column(key: str) -> None:
    assert TITLES[pressed(key).sort] == "GUEST"


def test_columns_go_round_as_far_as_they_are_shown() -> None:
    view = View()
    view.columns_shown = [0, 1, 8]
    seen = []
    for _ in range(4):
        view.press(">")
        seen.append(TITLES[view.sort])
    assert seen == ["GUEST", "DELAY", "ID", "GUEST"]
    view.press("<")
    view.press("<")
    assert TITLES[view.sort] == "DELAY"
    view.press("m")
    view.press(">")
    assert TITLES[view.sort] == "ID", "from one that is not shown"


def test_a_page_is_what_fits_and_scrolling_ends_at_both_ends() -> None:
    given = rows()
    view = View()
    view.rows_shown = 12

    def top() -> int:
        return view.page(given)[0].stream.domid

    for key, first in (
        ("down", 1), ("down", 2), ("up", 1), ("pgdn", 13), ("pgdn", 18), ("pgdn", 18), ("pgup", 6), ("end", 18),
        ("home", 0), ("up", 0), ("pgup", 0),
    ):  # fmt: skip
        view.press(key)
        assert top() == first, key
        assert len(view.page(given)) == 12
    view.press("end")
    assert len(view.page(given[:5])) == 5, "others left meanwhile"
    assert view.page([]) == []


def test_the_filter_takes_keys_until_enter_and_esc_takes_it_away() -> None:
    given = rows()
    view = pressed("/", "G", "u", "e", "s", "t", " ", "1")
    assert view.filtering
    assert len(view.chosen(given)) == 10
    view.press("backspace")
    assert len(view.chosen(given)) == 30
    view.press("2")
    view.press("enter")
    assert not view.filtering
    view.press("q")
    assert view.done, "a command again"
    view = pressed("/", "x", "enter", "esc")
    assert view.filter == ""
    view = pressed("/", "x", "esc")
    assert (view.filter, view.filtering) == ("", False)


def test_the_filter_has_a_bound_and_no_control_characters() -> None:
    view = pressed("/", *"x" * 100, "\x1b", "\x07")
    assert view.filter == "x" * FILTER_MAX


@pytest.mark.parametrize("text", ["run", "s16le", "speaker", "irq", "29"])
def test_the_filter_looks_at_all_that_is_said_in_words(text: str) -> None:
    assert pressed("/", *text).chosen(rows())


def test_help_is_shown_until_a_key_which_does_nothing_else() -> None:
    view = pressed("h")
    assert view.help
    view.press("u")
    assert (view.help, view.sort) == (False, 0)
    assert pressed("f1", "q").done


def test_clear_and_quit() -> None:
    assert pressed("c").clear
    assert pressed("f10").done
    assert not pressed("z", "redraw", "enter", "€").done

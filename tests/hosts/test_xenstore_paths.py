"""Which names of nodes are valid, and where relative ones lead."""

from contextlib import suppress
from errno import EINVAL

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosts.api import HostError
from hosts.xenstore.paths import below, names_of, parent_of, resolve

HOME = "/local/domain/3"
NAMES = st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), min_size=1, max_size=6)


@given(NAMES)
def test_valid_paths_resolve_and_come_apart(names: list[str]) -> None:
    relative = "/".join(names)
    assert resolve(f"/{relative}", HOME) == f"/{relative}"
    assert resolve(relative, HOME) == f"{HOME}/{relative}"
    assert names_of(f"/{relative}") == names
    assert below(parent_of(f"/{relative}"), names[-1]) == f"/{relative}"


def test_root_is_a_path_of_no_names() -> None:
    assert resolve("/", HOME) == "/"
    assert names_of("/") == []
    assert parent_of("/") == "/"
    assert parent_of("/a") == "/"


BAD = [
    "",
    "//",
    "/a//b",
    "/a/",
    "a/",
    "/local/domain/",
    "/a b",
    "/a.b",
    "/a+b",
    "/a\n",
    "/ä",
    "/a\0b",
    "@releaseDomain",
]


@pytest.mark.parametrize("path", BAD)
def test_bad_names_are_refused(path: str) -> None:
    with pytest.raises(HostError) as caught:
        resolve(path, HOME)
    assert caught.value.errno == EINVAL


@given(st.text(max_size=30))
def test_any_text_is_a_clean_path_or_refused(text: str) -> None:
    path = ""
    with suppress(HostError):
        path = resolve(text, HOME)
    assert path in ("", "/") or all(names_of(path))


def test_lengths_end_at_3072_and_2048() -> None:
    assert resolve("/" + "a" * 3071, HOME)
    assert resolve("a" * 2048, HOME)
    for path in ("/" + "a" * 3072, "a" * 2049):
        with pytest.raises(HostError):
            resolve(path, HOME)

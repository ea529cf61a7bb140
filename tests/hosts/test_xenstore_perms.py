"""Permissions: their text, and who may do what."""

from errno import EINVAL

import pytest

from hosts.api import HostError
from hosts.xenstore.perms import Access, allows, format_perms, inherited, parse_perms, without


def test_text_round_trip() -> None:
    texts = ("n1", "r0", "w22", "b32751")
    assert format_perms(parse_perms(texts)) == texts


@pytest.mark.parametrize("texts", [(), ("",), ("x1",), ("n",), ("n-1",), ("n1 ",), ("n32752",), ("n²",), ("n1", "")])
def test_other_texts_are_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(HostError) as caught:
        parse_perms(texts)
    assert caught.value.errno == EINVAL


@pytest.mark.parametrize(
    ("domid", "may_read", "may_write"),
    [(0, True, True), (1, True, True), (2, True, False), (3, False, True), (4, True, True), (5, False, False)],
)
def test_owner_listed_and_others(domid: int, may_read: bool, may_write: bool) -> None:
    perms = parse_perms(("n1", "r2", "w3", "b4"))
    assert allows(perms, domid, Access.READ) is may_read
    assert allows(perms, domid, Access.WRITE) is may_write
    assert allows(perms, domid, Access.BOTH) is (may_read and may_write)


def test_first_letter_is_everybody_elses() -> None:
    perms = parse_perms(("r1", "n2"))
    assert allows(perms, 9, Access.READ)
    assert not allows(perms, 2, Access.READ)


def test_what_a_guest_makes_is_its_own() -> None:
    perms = parse_perms(("n0", "b5"))
    assert format_perms(inherited(perms, 5)) == ("n5", "b5")
    assert inherited(perms, 0) == perms


def test_a_gone_domain_is_struck_out() -> None:
    assert format_perms(without(parse_perms(("n0", "b5", "r6")), 5)) == ("n0", "r6")
    assert format_perms(without(parse_perms(("b5", "r6")), 5)) == ("n0", "r6")

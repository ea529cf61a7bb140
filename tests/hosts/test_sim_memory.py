"""Granted pages, and being caught when using one too late."""

import pytest

from hosts.api import HostError
from hosts.sim.machine import SimHost, SimMachine


@pytest.fixture
def pair() -> tuple[SimHost, SimHost]:
    machine = SimMachine()
    return machine.host(0), machine.host(3)


def test_views_are_dead_after_unmap_and_end(pair: tuple[SimHost, SimHost]) -> None:
    dom0, guest = pair
    grant = guest.share(0, 2)
    mapping = dom0.map(3, grant.refs)
    mapping.unmap()
    with pytest.raises(ValueError, match="released"):
        mapping.pages[1][0]
    grant.pages[1][0] = 1
    grant.end()
    grant.end()
    with pytest.raises(ValueError, match="released"):
        grant.pages[1][0] = 1


@pytest.mark.parametrize("writable", [True, False])
def test_a_view_forgotten_by_the_last_holder_is_found_out(pair: tuple[SimHost, SimHost], writable: bool) -> None:
    dom0, guest = pair
    grant = guest.share(0, 1)
    mapping = dom0.map(3, grant.refs, writable=writable)
    forgotten = mapping.pages[0].cast("I")
    mapping.unmap()
    with pytest.raises(BufferError, match="still held"):
        grant.end()
    assert forgotten[0] == 0


def test_a_mapping_outlives_the_grant(pair: tuple[SimHost, SimHost]) -> None:
    dom0, guest = pair
    grant = guest.share(0, 1)
    mapping = dom0.map(3, grant.refs)
    grant.pages[0][5] = 55
    grant.end()
    assert mapping.pages[0][5] == 55
    mapping.unmap()


def test_references_are_never_used_again(pair: tuple[SimHost, SimHost]) -> None:
    _, guest = pair
    seen: set[int] = set()
    for _ in range(50):
        grant = guest.share(0, 2)
        assert not seen & {*grant.refs}
        seen |= {*grant.refs}
        grant.end()


def test_one_page_may_be_mapped_many_times(pair: tuple[SimHost, SimHost]) -> None:
    dom0, guest = pair
    grant = guest.share(0, 1)
    mapping = dom0.map(3, grant.refs * 3)
    mapping.pages[0][0] = 9
    assert [page[0] for page in mapping.pages] == [9, 9, 9]


def test_close_lets_go_of_everything(pair: tuple[SimHost, SimHost]) -> None:
    dom0, guest = pair
    grant = guest.share(0, 1)
    mapping = dom0.map(3, grant.refs)
    dom0.close()
    dom0.close()
    with pytest.raises(ValueError, match="released"):
        mapping.pages[0][0]
    grant.pages[0][0] = 1
    with pytest.raises(HostError, match="has left"):
        dom0.map(3, grant.refs)


def test_close_finds_a_forgotten_view(pair: tuple[SimHost, SimHost]) -> None:
    _, guest = pair
    forgotten = guest.share(0, 1).pages[0].cast("I")
    with pytest.raises(BufferError, match="still held"):
        guest.close()
    assert forgotten[0] == 0

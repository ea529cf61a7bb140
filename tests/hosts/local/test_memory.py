"""A region's memory: sealed, shared, and given back."""

import os

import pytest

from hosts.api import HostError
from hosts.local.memory import RegionMemory, make_region, map_region
from tests.hosts.descriptors import open_descriptors

OCTETS = 8192


def test_both_mappings_are_the_same_memory() -> None:
    fd, ours = make_region(OCTETS)
    theirs = map_region(fd)
    os.close(fd)
    ours.view[5] = 7
    assert (len(theirs.view), theirs.view[5]) == (OCTETS, 7)
    theirs.view[OCTETS - 1] = 9
    assert ours.view[OCTETS - 1] == 9
    for memory in (ours, theirs):
        memory.close()
        memory.close()


@pytest.mark.parametrize("size", [0, OCTETS - 1, OCTETS + 1])
def test_nobody_can_change_its_size(size: int) -> None:
    fd, memory = make_region(OCTETS)
    with pytest.raises(PermissionError):
        os.ftruncate(fd, size)
    os.close(fd)
    memory.close()


def test_what_is_no_region_is_not_mapped() -> None:
    pipe = os.pipe()
    with pytest.raises(HostError, match="not a memfd"):
        map_region(pipe[0])
    unsealed = os.memfd_create("unsealed", os.MFD_ALLOW_SEALING)
    with pytest.raises(HostError, match="seals 0x0"):
        map_region(unsealed)
    for fd in (*pipe, unsealed):
        os.close(fd)


def test_memory_that_is_still_looked_at_stays_until_nobody_does() -> None:
    before = open_descriptors()
    fd, memory = make_region(OCTETS)
    os.close(fd)
    view = memory.view[:10]
    memory.close()
    view[0] = 1
    del memory, view
    assert open_descriptors() == before


def test_a_mapping_keeps_no_descriptor() -> None:
    fd, memory = make_region(OCTETS)
    before = open_descriptors()
    other = RegionMemory(fd, OCTETS)
    other.close()
    memory.close()
    assert open_descriptors() <= before
    os.close(fd)

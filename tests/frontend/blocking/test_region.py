import os
from errno import EINVAL

import numpy as np
import pytest

from frontend.blocking import Region, Shape
from frontend.blocking.region import HandOver
from hosts.api import HostError

SHAPE = Shape(44100, 1, 2, 441)


def test_what_one_mapping_writes_the_other_reads() -> None:
    with Region.create(SHAPE) as made, Region.attach(os.dup(made.fd)) as other:
        assert other.shape == SHAPE
        assert (made.input.shape, made.output.shape) == ((441, 1), (441, 2))
        made.input[:] = 1.0
        other.output[:] = 2.0
        made.describe(7, 441, 10**18)
        assert other.handed_over() == HandOver(7, 441, 10**18)
        assert (other.input == 1.0).all()
        assert (made.output == 2.0).all()
        assert made.word.tobytes() == bytes(4)


def test_what_is_said_of_a_hand_over_stays_within_the_region() -> None:
    with Region.create(SHAPE) as region:
        region.describe(0, 2**60, 0)
        assert region.handed_over().frames == 441


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ((0, 1, 1, 1), "rate_hz: 0, want 1 to 768000"),
        ((48000, 33, 0, 1), "inputs: 33, want 0 to 32"),
        ((48000, 0, 0, 1), "outputs: 0, want 1 to 32"),
        ((48000, 1, 0, 0), "frames_max: 0, want 1 to 65536"),
    ],
)
def test_a_shape_that_cannot_be_is_refused_in_one_line(wrong: tuple[int, int, int, int], line: str) -> None:
    with pytest.raises(HostError) as refused:
        Shape(*wrong)
    assert (refused.value.errno, refused.value.strerror) == (EINVAL, line)


@pytest.mark.parametrize("octets", [b"", bytes(4096), b"\xff" * 4096])
def test_a_descriptor_of_something_else_is_refused(octets: bytes) -> None:
    fd = os.memfd_create("something else")
    os.write(fd, octets)
    with pytest.raises(HostError, match="is no region of blocking calls"):
        Region.attach(fd)
    os.close(fd)


def test_a_region_of_another_length_is_refused() -> None:
    with Region.create(SHAPE) as made:
        octets = os.pread(made.fd, SHAPE.octets, 0)
    fd = os.memfd_create("shorter")
    os.write(fd, octets[:-4])
    with pytest.raises(HostError, match=f"{SHAPE.octets - 4} octets, want {SHAPE.octets}"):
        Region.attach(fd)
    os.close(fd)


def test_closing_lets_go_of_the_descriptor_but_not_of_the_memory() -> None:
    region = Region.create(SHAPE)
    fd = region.fd
    region.close()
    region.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    region.output[:] = 1.0
    assert np.count_nonzero(region.output) == 882


def test_its_length_cannot_be_changed() -> None:
    with Region.create(SHAPE) as region, pytest.raises(PermissionError):
        os.ftruncate(region.fd, 10)

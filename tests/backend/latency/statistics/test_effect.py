"""backend.latency.statistics.effect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.statistics.effect import VALUES_MAX, cliffs_delta, shift_ns

SAMPLES = st.lists(st.integers(-50, 50), min_size=1, max_size=40).map(lambda values: np.sort(np.array(values)))


@given(SAMPLES, SAMPLES)
def test_both_are_what_all_pairs_say(first: np.ndarray, second: np.ndarray) -> None:
    pairs = second[:, np.newaxis] - first
    assert cliffs_delta(first, second) == pytest.approx(float(np.mean(np.sign(pairs))), abs=1e-12)
    assert shift_ns(first, second) == np.sort(pairs.ravel())[(pairs.size + 1) // 2 - 1]


def test_samples_that_do_not_overlap_are_wholly_apart() -> None:
    assert cliffs_delta(np.array([1, 2]), np.array([3])) == 1
    assert cliffs_delta(np.array([3]), np.array([1, 2])) == -1


def test_equal_values_are_neither_longer_nor_shorter() -> None:
    constant = np.full(10, 4)
    assert (cliffs_delta(constant, constant), shift_ns(constant, constant)) == (0, 0)


def test_a_large_sample_keeps_its_shift_when_thinned() -> None:
    first = np.sort(np.random.default_rng(1).exponential(1e6, 40 * VALUES_MAX).astype(np.int64))
    assert shift_ns(first, first + 1_900_000) == 1_900_000

"""The collector is silent where asked, and as it was afterwards."""

import gc

import pytest

from hosts.collector import silence_collector, silent_collector


def test_it_is_silent_for_a_while() -> None:
    assert gc.isenabled()
    with silent_collector():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_speaks_again_after_a_failure() -> None:
    with pytest.raises(OSError, match="failed"), silent_collector():
        raise OSError("failed")
    assert gc.isenabled()


def test_what_was_silent_stays_so() -> None:
    frozen = gc.get_freeze_count()
    try:
        silence_collector()
        with silent_collector():
            pass
        assert not gc.isenabled()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.enable()
        gc.unfreeze()

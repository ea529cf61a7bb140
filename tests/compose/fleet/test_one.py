import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from compose.fleet.clock import parsed
from compose.fleet.one import first
from compose.worlds.api import RunError


def test_what_went_wrong_first_is_what_is_said() -> None:
    with pytest.raises(RunError) as caught:  # noqa: PT012  # as context managers do at their end
        try:
            try:
                try:
                    raise OSError("no such socket")
                except OSError as error:
                    raise RunError("starting containers: no such socket") from error
            finally:
                raise RunError("removing containers: no such socket")
        finally:
            raise RunError("removing the clock: no such socket")
    assert str(first(caught.value)) == "starting containers: no such socket"


def test_a_single_failure_is_itself() -> None:
    failure = OSError("disk full")
    assert first(failure) is failure


def test_a_clocks_answer_is_read() -> None:
    assert parsed("12 34 boot-id") == (12, 34, "boot-id")


@pytest.mark.parametrize("line", ["", "12 34", "12 34 boot more", "twelve 34 boot"])
def test_a_clock_that_babbles_is_refused(line: str) -> None:
    with pytest.raises(RunError, match="the clock says"):
        parsed(line)

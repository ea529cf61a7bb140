"""Both tables: each row, that they settle, and that two ends always find each other."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.xenbus import (
    BackendAction,
    FrontendAction,
    XenbusState,
    backend_action,
    backend_start,
    frontend_action,
    parse_state,
)

(UNKNOWN, INITIALISING, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED, RECONFIGURING, RECONFIGURED) = XenbusState
READ_STATES: list[XenbusState | None] = [None, *XenbusState]


@pytest.mark.parametrize("state", XenbusState)
def test_state_node_is_read(state: XenbusState) -> None:
    assert parse_state(str(int(state))) is state


@pytest.mark.parametrize("text", [None, "", "9", "-1", "10", "01", " 4", "4\0", "four", "٤", "²", "4" * 4096])
def test_garbage_in_a_state_node_is_none(text: str | None) -> None:
    assert parse_state(text) is None


@given(st.text())
def test_any_text_is_a_state_or_none(text: str) -> None:
    assert parse_state(text) is None or text in {str(int(state)) for state in XenbusState}


# What the backend does in its state (row) at the frontend's (column): - nothing, a announce, c connect, w release and
# wait, s release and stay.
BACKEND_ROWS = {
    # frontend:   None 0 1 2 3 4 5 6 7 8
    UNKNOWN: "    -    - - - - - - - - -",
    INITIALISING: "-    - a - c - a a - -",
    INIT_WAIT: "  -    - - - c - - - - -",
    INITIALISED: "-    - - - - - - - - -",
    CONNECTED: "  s    s w - - - w w - -",
    CLOSING: "    -    - - - - - - - - -",
    CLOSED: "     -    - a - - - a - - -",
}
BACKEND_LETTERS = {
    "-": BackendAction.NOTHING,
    "a": BackendAction.ANNOUNCE,
    "c": BackendAction.CONNECT,
    "w": BackendAction.RELEASE_AND_WAIT,
    "s": BackendAction.RELEASE_AND_STAY,
}
# Likewise the frontend: p publish, a attach, t tear down, f finish.
FRONTEND_ROWS = {
    # backend:    None 0 1 2 3 4 5 6 7 8
    UNKNOWN: "    -    - - - - - - - - -",
    INITIALISING: "-    - - p - - - - - -",
    INIT_WAIT: "  -    - - - - - - - - -",
    INITIALISED: "t    t t - - a - t - -",
    CONNECTED: "  t    t t p - - - t - -",
    CLOSING: "    f    f f f - - - f - -",
    CLOSED: "     -    - - - - - - - - -",
}
FRONTEND_LETTERS = {
    "-": FrontendAction.NOTHING,
    "p": FrontendAction.PUBLISH,
    "a": FrontendAction.ATTACH,
    "t": FrontendAction.TEAR_DOWN,
    "f": FrontendAction.FINISH,
}


def cells(rows: dict[XenbusState, str]) -> list[tuple[XenbusState, XenbusState | None, str]]:
    return [
        (own, theirs, letter)
        for own, row in rows.items()
        for theirs, letter in zip(READ_STATES, row.split(), strict=True)
    ]


@pytest.mark.parametrize(("own", "frontend", "letter"), cells(BACKEND_ROWS))
def test_backend_row(own: XenbusState, frontend: XenbusState | None, letter: str) -> None:
    assert backend_action(own, frontend) is BACKEND_LETTERS[letter]


@pytest.mark.parametrize(("own", "backend", "letter"), cells(FRONTEND_ROWS))
def test_frontend_row(own: XenbusState, backend: XenbusState | None, letter: str) -> None:
    assert frontend_action(own, backend) is FRONTEND_LETTERS[letter]


def test_actions_say_which_states_to_write() -> None:
    assert {action: action.states for action in BackendAction} == {
        BackendAction.NOTHING: (),
        BackendAction.ANNOUNCE: (INIT_WAIT,),
        BackendAction.CONNECT: (CONNECTED,),
        BackendAction.RELEASE_AND_WAIT: (CLOSING, CLOSED, INIT_WAIT),
        BackendAction.RELEASE_AND_STAY: (CLOSING, CLOSED),
    }
    assert {action: action.states for action in FrontendAction} == {
        FrontendAction.NOTHING: (),
        FrontendAction.PUBLISH: (INITIALISED,),
        FrontendAction.ATTACH: (CONNECTED,),
        FrontendAction.TEAR_DOWN: (INITIALISING,),
        FrontendAction.FINISH: (CLOSED,),
    }


@pytest.mark.parametrize("frontend", READ_STATES)
@pytest.mark.parametrize("own", [INITIALISING, INIT_WAIT, CONNECTED])
def test_detached_device_is_released_for_good(own: XenbusState, frontend: XenbusState | None) -> None:
    for online, stored in [(False, CLOSING), (True, CLOSING), (True, CLOSED), (False, own)]:
        assert backend_action(own, frontend, online=online, stored=stored) is BackendAction.RELEASE_AND_STAY
    assert backend_action(CLOSED, frontend, online=False, stored=CLOSED) is BackendAction.NOTHING


def test_detaching_what_is_closed_already_is_confirmed_once() -> None:
    assert backend_action(CLOSED, CLOSED, online=False, stored=CLOSING) is BackendAction.RELEASE_AND_STAY
    assert backend_action(CLOSED, CLOSED, online=False, stored=CLOSED) is BackendAction.NOTHING


@pytest.mark.parametrize("own", [INIT_WAIT, CONNECTED, CLOSED])
def test_toolstack_may_ask_to_start_over(own: XenbusState) -> None:
    assert backend_action(own, CONNECTED, stored=INITIALISING) is BackendAction.RELEASE_AND_WAIT


def test_fresh_device_is_taken_as_it_is() -> None:
    assert backend_start(INITIALISING, online=True) == ()
    assert backend_action(INITIALISING, INITIALISING, online=True, stored=INITIALISING) is BackendAction.ANNOUNCE


@pytest.mark.parametrize("stored", [None, UNKNOWN, INIT_WAIT, INITIALISED, CONNECTED, CLOSING])
def test_leftover_of_an_earlier_backend_is_closed_first(stored: XenbusState | None) -> None:
    assert backend_start(stored, online=True) == (CLOSING, CLOSED, INITIALISING)
    assert backend_start(stored, online=False) == (CLOSING, CLOSED)


def test_closed_leftover_is_started_over_unless_detached() -> None:
    assert backend_start(CLOSED, online=True) == (INITIALISING,)
    assert backend_start(CLOSED, online=False) == ()


def test_backend_has_nothing_more_to_do_once_it_has_acted() -> None:
    for case in product(XenbusState, READ_STATES, [True, False], READ_STATES):
        own, frontend, online, stored = case
        for _ in range(2):
            states = backend_action(own, frontend, online=online, stored=stored).states
            if states:
                own = stored = states[-1]
        assert backend_action(own, frontend, online=online, stored=stored) is BackendAction.NOTHING, case


def test_frontend_has_nothing_more_to_do_once_it_has_acted() -> None:
    for own, backend in product(XenbusState, READ_STATES):
        states = frontend_action(own, backend).states
        assert not states or frontend_action(states[-1], backend) is FrontendAction.NOTHING, (own, backend)


def settle(backend: XenbusState, frontend: XenbusState, turns: list[bool]) -> tuple[XenbusState, XenbusState]:
    """Both ends, the backend acting where `turns` is true, then in turns until neither has anything to do."""
    for backends_turn in [*turns, *[True, False] * 12]:
        if backends_turn:
            backend = (backend, *backend_action(backend, frontend).states)[-1]
        else:
            frontend = (frontend, *frontend_action(frontend, backend).states)[-1]
    return backend, frontend


@given(
    st.sampled_from([INITIALISING, INIT_WAIT, CONNECTED, CLOSED]),
    st.sampled_from([INITIALISING, INITIALISED, CONNECTED]),
    st.lists(st.booleans(), max_size=20),
)
def test_two_ends_connect_from_wherever_they_stand(
    backend: XenbusState, frontend: XenbusState, turns: list[bool]
) -> None:
    assert settle(backend, frontend, turns) == (CONNECTED, CONNECTED)


@given(st.sampled_from([INITIALISING, INIT_WAIT, CONNECTED, CLOSED]), st.lists(st.booleans(), max_size=20))
def test_leaving_frontend_finishes_and_finds_the_backend_waiting(backend: XenbusState, turns: list[bool]) -> None:
    assert settle(backend, CLOSING, turns)[1] is CLOSED


def test_backend_waits_again_after_the_frontend_has_left() -> None:
    action = backend_action(CONNECTED, CLOSING)
    assert action.states == (CLOSING, CLOSED, INIT_WAIT), "the kernel's frontend polls for InitWait when removed"
    assert backend_action(INIT_WAIT, CLOSED) is BackendAction.NOTHING


@pytest.mark.parametrize("frontend", READ_STATES)
def test_backend_that_has_rested_is_ready_again_wherever_the_frontend_stands(frontend: XenbusState | None) -> None:
    assert backend_action(CLOSED, frontend, stored=CLOSED, rested=True) is BackendAction.ANNOUNCE


@pytest.mark.parametrize("frontend", READ_STATES)
def test_order_to_stay_away_outlasts_a_rest(frontend: XenbusState | None) -> None:
    assert backend_action(CLOSED, frontend, online=False, stored=CLOSED, rested=True) is BackendAction.NOTHING
    assert backend_action(CLOSED, frontend, stored=CLOSING, rested=True) is BackendAction.RELEASE_AND_STAY


def test_ring_in_mid_use_is_never_bound() -> None:
    for own in XenbusState:
        assert backend_action(own, CONNECTED) is not BackendAction.CONNECT

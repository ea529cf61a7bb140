"""The handshake of the two ends through their `state` nodes, as two pure tables: (mine, theirs) -> what to do.

The usual way up, B the backend's state and F the frontend's:

    B 1, F 1 -> B InitWait(2) -> F publishes, Initialised(3) -> B maps and binds, Connected(4) -> F Connected(4)

Rules:

1. `own` is what this end last decided, kept in private memory; `theirs` is read from the store anew each time.  Watches
   may be spurious and merged, so the tables depend on levels, never on changes: asked again after acting, with nothing
   new, they say NOTHING.
2. An action's value is the states to write, in order.  What is released is released before the last of them.
3. A node that is missing or garbage is UNKNOWN, for both ends; it never raises.
4. The frontend is judged as snd_xen_front behaves (the kernel's driver): it starts over, writing 1, whenever the
   backend is seen in 0, 1, 2 or 6; it does nothing at 5; and when it is removed it says Closing and waits one second
   for the backend to be in *InitWait*.  So after a frontend left, the backend goes 5, 6 and on to 2.
5. After a fault, of the guest's or its own, the backend goes 5, 6, rests, and goes on to 2 by itself, wherever the
   frontend stands: nobody has to help it.  Only the toolstack's word keeps it in 6.

The backend's table follows libxenbe, but for one row.  libxenbe also binds to a frontend that is Connected already
while the backend is not.  Such a frontend is left over from an earlier connection, and its ring is in mid-use: we would
answer old slots anew, and the kernel's loop over responses (it trusts the indices) would run 2**32 times.  It is about
to see our state and start over by itself, so we wait for that.
"""

from enum import Enum

from ringproto.abi import XenbusState

__all__ = [
    "STAND_NS",
    "BackendAction",
    "FrontendAction",
    "XenbusState",
    "backend_action",
    "backend_start",
    "frontend_action",
    "parse_state",
]


STAND_NS = 30_000_000
"""How long nothing of the frontend's state may have changed before it is believed to have published for good."""


class BackendAction(Enum):
    """What the backend is to do; the value is the states it writes, in order, the last being its own from then on."""

    NOTHING = ()
    ANNOUNCE = (XenbusState.INIT_WAIT,)
    """Be ready for a frontend."""
    CONNECT = (XenbusState.CONNECTED,)
    """Read what the frontend published, map, bind, serve; when any of it fails: RELEASE_AND_STAY.

    The kernel's frontend publishes anew for every event it reads as InitWait, and each of our writes made one, read
    perhaps only now.  So unless the device is fresh, Initialised must have stood for `STAND_NS` before it is believed.
    """
    RELEASE_AND_WAIT = (XenbusState.CLOSING, XenbusState.CLOSED, XenbusState.INIT_WAIT)
    """Let go of everything of the frontend's, and be ready for it again."""
    RELEASE_AND_STAY = (XenbusState.CLOSING, XenbusState.CLOSED)
    """Let go of everything.  Also the session's own choice after a fault; see rule 5."""

    def __init__(self, *states: XenbusState) -> None:
        self.states = states
        """The states to write, in order."""


class FrontendAction(Enum):
    """What the frontend is to do; the value is the states it writes, in order, the last being its own from then on."""

    NOTHING = ()
    PUBLISH = (XenbusState.INITIALISED,)
    """Take down what is left of an earlier connection; make rings and channels, publish them in one transaction."""
    ATTACH = (XenbusState.CONNECTED,)
    """The backend serves the rings: let applications in."""
    TEAR_DOWN = (XenbusState.INITIALISING,)
    """The backend is gone: end every grant and channel, and wait for it to come back."""
    FINISH = (XenbusState.CLOSED,)
    """We are leaving, and the backend has let go: end every grant and channel."""

    def __init__(self, *states: XenbusState) -> None:
        self.states = states
        """The states to write, in order."""


def parse_state(text: str | None) -> XenbusState | None:
    """The state in a `state` node; None when the node is missing or holds anything but 0..8."""
    if text is None or len(text) != 1 or text not in "012345678":
        return None
    return XenbusState(int(text))


_BACKEND: dict[XenbusState, dict[XenbusState, BackendAction]] = {
    XenbusState.INITIALISING: {
        XenbusState.INITIALISING: BackendAction.ANNOUNCE,
        XenbusState.INITIALISED: BackendAction.CONNECT,
        XenbusState.CLOSING: BackendAction.ANNOUNCE,
        XenbusState.CLOSED: BackendAction.ANNOUNCE,
    },
    XenbusState.INIT_WAIT: {
        XenbusState.INITIALISED: BackendAction.CONNECT,
    },
    XenbusState.CONNECTED: {
        XenbusState.UNKNOWN: BackendAction.RELEASE_AND_STAY,
        XenbusState.INITIALISING: BackendAction.RELEASE_AND_WAIT,
        XenbusState.CLOSING: BackendAction.RELEASE_AND_WAIT,
        XenbusState.CLOSED: BackendAction.RELEASE_AND_WAIT,
    },
    XenbusState.CLOSED: {
        XenbusState.INITIALISING: BackendAction.ANNOUNCE,
        XenbusState.CLOSING: BackendAction.ANNOUNCE,
    },
}

_FRONTEND: dict[XenbusState, dict[XenbusState, FrontendAction]] = {
    XenbusState.INITIALISING: {
        XenbusState.INIT_WAIT: FrontendAction.PUBLISH,
    },
    XenbusState.INITIALISED: {
        XenbusState.UNKNOWN: FrontendAction.TEAR_DOWN,
        XenbusState.INITIALISING: FrontendAction.TEAR_DOWN,
        XenbusState.CONNECTED: FrontendAction.ATTACH,
        XenbusState.CLOSED: FrontendAction.TEAR_DOWN,
    },
    XenbusState.CONNECTED: {
        XenbusState.UNKNOWN: FrontendAction.TEAR_DOWN,
        XenbusState.INITIALISING: FrontendAction.TEAR_DOWN,
        XenbusState.INIT_WAIT: FrontendAction.PUBLISH,
        XenbusState.CLOSED: FrontendAction.TEAR_DOWN,
    },
    XenbusState.CLOSING: {
        XenbusState.UNKNOWN: FrontendAction.FINISH,
        XenbusState.INITIALISING: FrontendAction.FINISH,
        XenbusState.INIT_WAIT: FrontendAction.FINISH,
        XenbusState.CLOSED: FrontendAction.FINISH,
    },
}


def backend_start(stored: XenbusState | None, *, online: bool) -> tuple[XenbusState, ...]:
    """The states a backend writes when it finds a device, given what its own node says (None: missing or garbage).

    A fresh device (1) is taken as it is.  Anything else is an earlier backend's: pass through 5 and 6, so that a
    frontend of that time starts over.
    """
    if not online:
        return () if stored is XenbusState.CLOSED else (XenbusState.CLOSING, XenbusState.CLOSED)
    if stored is XenbusState.INITIALISING:
        return ()
    return (
        (XenbusState.INITIALISING,)
        if stored is XenbusState.CLOSED
        else (XenbusState.CLOSING, XenbusState.CLOSED, XenbusState.INITIALISING)
    )


def backend_action(
    own: XenbusState,
    frontend: XenbusState | None,
    *,
    online: bool = True,
    stored: XenbusState | None = None,
    rested: bool = False,
) -> BackendAction:
    """What the backend does in state `own`.

    `stored` is what its own node says now, if read: the toolstack gives orders by writing there.  5 or 6 asks to let go
    and stay away, together with `online` = "0" when a device is detached; 1 asks to start over.  `online` counts alone
    too, since a 5 may be lost to a state that we write at the same moment.  When the node is gone altogether, so is the
    device: let go, and write nothing, for that would bring the node back.  `rested` is whether a fault has brought us
    where we are, long enough ago.
    """
    if stored is XenbusState.CLOSING or (stored is XenbusState.CLOSED and own is not XenbusState.CLOSED):
        return BackendAction.RELEASE_AND_STAY
    if not online:
        return BackendAction.NOTHING if own is XenbusState.CLOSED else BackendAction.RELEASE_AND_STAY
    if stored is XenbusState.INITIALISING and own is not XenbusState.INITIALISING:
        return BackendAction.RELEASE_AND_WAIT
    if rested and own is XenbusState.CLOSED:
        return BackendAction.ANNOUNCE
    return _BACKEND.get(own, {}).get(frontend or XenbusState.UNKNOWN, BackendAction.NOTHING)


def frontend_action(own: XenbusState, backend: XenbusState | None) -> FrontendAction:
    """What the frontend does in state `own` when the backend's node says `backend` (None: missing or garbage)."""
    return _FRONTEND.get(own, {}).get(backend or XenbusState.UNKNOWN, FrontendAction.NOTHING)

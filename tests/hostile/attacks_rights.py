"""S, continued: what is not the guest's.  Others' nodes, the backend's, Dom0's requests, an earlier domain's rights."""

from hosts.xswire import Kind
from tests.hostile.attacks_store import home
from tests.hostile.bare import ask, write
from tests.hostile.cases import case
from tests.hostile.guest import Hostile, words
from tests.hostile.wire import MS

OTHERS = (
    "/local/domain/1/device/vsnd/0",
    "/local/domain/1/device/vsnd/0/state",
    "/local/domain/2/data",
    "/local/domain/0/backend/vsnd/1/0/state",
)


@case("EACCES")
def s8_others_nodes(hostile: Hostile) -> str:
    """It reads, lists, writes, removes and takes over its neighbours' nodes."""
    connection = hostile.store_socket()
    outcomes = set[str]()
    for path in OTHERS:
        for kind in (Kind.READ, Kind.DIRECTORY, Kind.GET_PERMS, Kind.RM, Kind.MKDIR):
            outcomes.add(ask(connection, kind, f"{path}/new" if kind == Kind.MKDIR else path))
        outcomes.add(write(connection, path, "6"))
        outcomes.add(ask(connection, Kind.SET_PERMS, path, f"b{hostile.host.domid}"))
    return words(outcomes)


@case("EACCES", "EPERM")
def s8_the_backends_nodes(hostile: Hostile) -> str:
    """It writes what the backend says of itself, which it may only read, and gives its own nodes away."""
    connection = hostile.store_socket()
    own = f"/local/domain/0/backend/vsnd/{hostile.host.domid}/0"
    outcomes = {write(connection, f"{own}/{key}", "0") for key in ("state", "online", "frontend", "new")}
    outcomes.add(ask(connection, Kind.RM, own))
    outcomes.add(write(connection, "/tool/mine", "x"))
    outcomes.add(ask(connection, Kind.SET_PERMS, home(hostile), "n0"))
    return words(outcomes)


@case("ok")
def s8_watches_of_others_nodes(hostile: Hostile) -> str:
    """It watches everything; of its neighbours' changes it must not hear: "-1" if it does (XSA-115)."""
    connection = hostile.store_socket()
    ask(connection, Kind.WATCH, "/", "all")
    guest = hostile.connected()  # others' states change when others connect; ours does now, and a new domain comes
    hostile.accomplice_host().close()
    guest.set_state("4")
    guest.settle(50 * MS)
    connection.settimeout(0.2)
    heard = b""
    try:
        while part := connection.recv(1 << 16):
            heard += part
    except TimeoutError:
        pass
    theirs = (f"/local/domain/{domid}/".encode() for domid in (1, 2, hostile.accomplice))
    return "-1" if any(path in heard for path in theirs) else "ok"


@case("EACCES")
def s9_domid_used_again(hostile: Hostile) -> str:
    """It leaves its accomplice a right; the next domain of the accomplice's number must not have it (XSA-322)."""
    node = f"{home(hostile)}/secret"
    hostile.store.write(node, "for the old one only")
    hostile.store.set_perms(node, (f"n{hostile.host.domid}", f"r{hostile.accomplice}"))
    first = hostile.accomplice_host()
    readable = first.store.read(node) is not None
    first.close()
    hostile.host.loop.run_until(lambda: False, hostile.now_ns() + 100 * MS)
    second = hostile.accomplice_host()
    connection = hostile.store_socket(hostile.accomplice)
    outcome = ask(connection, Kind.READ, node)
    second.close()
    return outcome if readable else "-1"


@case("ENOSYS", "EACCES", "EINVAL", "EPERM")
def s12_requests_that_are_not_its_to_make(hostile: Hostile) -> str:
    """It asks for what there is not, and for what only Dom0 may."""
    connection = hostile.store_socket()
    kinds = (Kind.CONTROL, Kind.INTRODUCE, Kind.RELEASE, Kind.WATCH_EVENT, Kind.ERROR, Kind.RESUME, Kind.SET_TARGET,
             20, 25, 26, 27, 255, 2**32 - 1)  # fmt: skip
    arguments = {Kind.INTRODUCE: ("9", "1", "1"), Kind.RELEASE: ("1",), Kind.RESUME: ("1",)}
    return words(ask(connection, kind, *arguments.get(Kind(kind) if kind in set(Kind) else Kind.READ, ("x",)))
                 for kind in kinds)  # fmt: skip

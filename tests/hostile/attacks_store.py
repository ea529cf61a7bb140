"""S: the xenstore server, spoken to bare.  Messages that are none, clients that do not read, quotas."""

import socket
from collections.abc import Callable

from hosts.xswire import HEADER, PAYLOAD_OCTETS_MAX, Kind, pack_strings
from tests.hostile import bare
from tests.hostile.bare import ask, came, message, tell, write
from tests.hostile.cases import case, variants
from tests.hostile.guest import Hostile, still, words
from tests.hostile.wire import MS

FLOOD_NS = 700 * MS


def home(hostile: Hostile) -> str:
    """Where it may write."""
    return f"/local/domain/{hostile.host.domid}/data"


def _s1_length(hostile: Hostile, length: int) -> str:
    """It announces a payload longer than any may be."""
    connection = hostile.store_socket()
    tell(connection, HEADER.pack(Kind.READ, 1, 0, length) + bytes(64))
    return came(connection)


variants(_s1_length, {"4097": PAYLOAD_OCTETS_MAX + 1, "all_ones": 2**32 - 1}, "dropped")


@case("ok")
def s2_half_a_header(hostile: Hostile) -> str:
    """It sends half a header on one connection and stalls; its others are served."""
    stalled, other = hostile.store_socket(), hostile.store_socket()
    tell(stalled, HEADER.pack(Kind.WRITE, 1, 0, 100)[:7])
    return ask(other, Kind.READ, "domid")


@case("ok")
def s2_octet_by_octet(hostile: Hostile) -> str:
    """It sends a message octet by octet."""
    connection = hostile.store_socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    for octet in message(Kind.READ, pack_strings("domid")):
        tell(connection, bytes((octet,)))
    return came(connection)


@case("nothing")
def s3_replies_never_read(hostile: Hostile) -> str:
    """It asks and asks and never reads what it is answered."""
    connection = hostile.store_socket()
    write(connection, f"{home(hostile)}/long", "x" * 1900)
    request = message(Kind.READ, pack_strings(f"{home(hostile)}/long")) * 50
    return _push_until_dropped(hostile, connection, lambda _: request)


@case("dropped")
def s3_events_never_read(hostile: Hostile) -> str:
    """It watches its own nodes, has another connection change them without end, and never reads of it."""
    watching, changing = hostile.store_socket(), hostile.store_socket()
    data = home(hostile)
    for token in range(100):
        ask(watching, Kind.WATCH, data, f"{token}" + "t" * 900)
    for number in range(200):
        write(changing, f"{data}/n{number}", "x")
    tell(watching, message(Kind.READ, pack_strings("domid")) * 2)
    watching.settimeout(0.5)
    try:
        while watching.recv(1 << 16):
            pass
    except TimeoutError:
        return "nothing"
    except ConnectionError:
        pass
    return "dropped"


def _push_until_dropped(hostile: Hostile, connection: socket.socket, burst: Callable[[int], bytes]) -> str:
    """Send without reading until the other side ends the connection; "nothing" when it just does not listen."""
    connection.settimeout(2)
    number = 0
    try:
        while tell(connection, burst(number)):
            number += 1
    except TimeoutError:
        return "nothing"
    return "dropped"


@case("ok", "E2BIG", "ENOSPC")
def s4_a_hundred_thousand_watches(hostile: Hostile) -> str:
    """It watches as much as it may, and goes on asking for more."""
    connection = hostile.store_socket()
    outcomes = {ask(connection, Kind.WATCH, home(hostile), str(token)) for token in range(5000)}
    return words(outcomes)


@case("ok", "EINVAL", "ENOSPC")
def s5_depth_1500(hostile: Hostile) -> str:
    """It makes a node 1,000 levels deep and removes all of it at once (XSA-418), and asks for 1,500."""
    connection = hostile.store_socket()
    outcomes = set[str]()
    for depth in (400, 900, 1500):
        outcomes.add(write(connection, home(hostile) + "/d" * depth, "x"))
        outcomes.add(ask(connection, Kind.RM, f"{home(hostile)}/d"))
    return words(outcomes)


@case("ENOENT")
def s6_dead_transactions(hostile: Hostile) -> str:
    """It reads, writes and ends in transactions that there are not."""
    connection = hostile.store_socket()
    kinds = ((Kind.READ, "domid"), (Kind.MKDIR, home(hostile) + "/x"), (Kind.TRANSACTION_END, "T"))
    return words(ask(connection, kind, path, tx=tx) for kind, path in kinds for tx in (1, 77, 2**32 - 1))


@case("ok", "ENOSPC", "EBUSY")
def s6_transactions_never_ended(hostile: Hostile) -> str:
    """It begins transactions without end, nested and not."""
    connection = hostile.store_socket()
    plain = {ask(connection, Kind.TRANSACTION_START, "") for _ in range(500)}
    return words(plain | {ask(connection, Kind.TRANSACTION_START, "", tx=1)})


@case("ok", "EAGAIN")
def s7_conflicts_without_end(hostile: Hostile) -> str:
    """It commits a hundred transactions whose nodes another connection has changed meanwhile."""
    one, other = hostile.store_socket(), hostile.store_socket()
    node = f"{home(hostile)}/contested"
    outcomes = set[str]()
    for number in range(100):
        tell(one, message(Kind.TRANSACTION_START, b"\0"))
        begun = bare.reply(one)
        if begun is None:
            return "dropped"
        tx = int(begun.payload.rstrip(b"\0"))
        ask(one, Kind.READ, node, tx=tx)
        write(other, node, str(number))
        write(one, node, "mine", tx)
        outcomes.add(ask(one, Kind.TRANSACTION_END, "T", tx=tx))
    return words(outcomes)


@case("EINVAL", "EACCES")
def s10_paths_that_are_none(hostile: Hostile) -> str:
    """It reads and writes at paths that are none (XSA-481)."""
    connection = hostile.store_socket()
    paths = ("/local/domain/", "//", "", "/local//domain", "a b", "@introduceDomain", "/\xff", "x" * 3000, "data/",
             "..", "/" + "a/" * 1500, "/local/domain/1/device/../..", "data/\n",
             "/local/domain/99999999999999999999/")  # fmt: skip
    outcomes = {ask(connection, Kind.READ, path) for path in paths}
    return words(outcomes | {write(connection, path, "x") for path in paths})


@case("ok", "ENOSYS", "EINVAL")
def s11_reset_watches_in_a_transaction(hostile: Hostile) -> str:
    """It resets its watches inside a transaction (CVE-2026-23557)."""
    connection = hostile.store_socket()
    ask(connection, Kind.WATCH, home(hostile), "1")
    ask(connection, Kind.TRANSACTION_START, "")
    return words([ask(connection, Kind.RESET_WATCHES, "", tx=1), ask(connection, Kind.READ, "domid")])


@case("EINVAL")
def s12_payloads_that_are_none(hostile: Hostile) -> str:
    """It sends every kind of request with no payload, and with one that does not end."""
    connection = hostile.store_socket()
    kinds = (Kind.DIRECTORY, Kind.READ, Kind.GET_PERMS, Kind.WATCH, Kind.UNWATCH, Kind.GET_DOMAIN_PATH, Kind.WRITE,
             Kind.MKDIR, Kind.RM, Kind.SET_PERMS, Kind.DIRECTORY_PART)  # fmt: skip
    outcomes = set[str]()
    for kind in kinds:
        for payload in (b"", b"no end", b"\xff\xfe"):
            tell(connection, message(kind, payload))
            outcomes.add(came(connection))
    return words(outcomes)


@case("ok", "ENOSPC")
def s14_nodes_without_end(hostile: Hostile) -> str:
    """It makes as many nodes as it may, and tries for more."""
    connection = hostile.store_socket()
    outcomes = {write(connection, f"{home(hostile)}/n/{number}", "x" * 500) for number in range(3000)}
    ask(connection, Kind.RM, f"{home(hostile)}/n")
    return words(outcomes)


@case("ok", "ENOSPC", "E2BIG")
def s15_the_longest_values(hostile: Hostile) -> str:
    """It writes values as long as a message, and permissions as many as fit one."""
    connection = hostile.store_socket()
    path = f"{home(hostile)}/v"
    outcomes = {write(connection, path, "x" * size) for size in (0, 2000, 2048, 4000, 4096 - len(path) - 1)}
    outcomes.add(
        ask(connection, Kind.SET_PERMS, path, f"n{hostile.host.domid}", *[f"r{domid}" for domid in range(700)])
    )
    return words(outcomes)


@case("ok", "dropped")
def s16_connections_without_end(hostile: Hostile) -> str:
    """It connects to the store two hundred times at once."""
    connections: list[socket.socket] = []
    for _ in range(200):
        try:
            connections.append(hostile.store_socket())
        except BlockingIOError:  # more wait to be let in than may
            break
    return words(ask(connection, Kind.READ, "domid") for connection in connections)


@case("connected")
def s17_floods_on_every_connection(hostile: Hostile) -> str:
    """It fills all the connections that it may have with requests, and reads no answer before all are sent."""
    guest = hostile.connected()
    burst = message(Kind.READ, pack_strings("domid")) * 40
    connections = [hostile.store_socket() for _ in range(24)]
    until_ns = hostile.now_ns() + FLOOD_NS
    while hostile.now_ns() < until_ns:
        for connection in connections:
            tell(connection, burst)
        for connection in connections:
            for _ in range(40):
                came(connection)
    return still(guest)

"""What each kind of xenstore request means: the table from the wire to `StoreClient`.

One small function per kind takes the request apart and returns the payload of its reply.
"""

from collections.abc import Callable
from errno import EBUSY, EINVAL, ENOSYS

from hosts.api import HostError
from hosts.xenstore.client import StoreClient
from hosts.xenstore.control import control
from hosts.xenstore.domains import WATCH_DEPTH
from hosts.xenstore.paths import home_of
from hosts.xenstore.perms import parse_domid
from hosts.xenstore.quota import Quota
from hosts.xswire import PAYLOAD_OCTETS_MAX, Kind, Message, decode_text, pack_strings, split_strings

OK = pack_strings("OK")


def answer(client: StoreClient, request: Message) -> bytes:
    """Do what the request asks and return the payload of the reply.

    Raises HostError, or ProtocolError for a malformed payload; a kind that nobody knows is HostError(ENOSYS).
    """
    handler = _HANDLERS.get(request.kind)
    if handler is None:
        raise HostError(ENOSYS, f"request {request.kind} is not known")
    return handler(client, request)


def _strings(request: Message, least: int, most: int | None = None) -> tuple[str, ...]:
    """The strings of a request, as many as it should have; HostError(EINVAL) otherwise."""
    strings = split_strings(request.payload)
    if not least <= len(strings) <= (most or least):
        raise HostError(EINVAL, f"request {request.kind} with {len(strings)} strings")
    return strings


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise HostError(EINVAL, "not a number", text[:20])
    return int(text)


def _directory(client: StoreClient, request: Message) -> bytes:
    (path,) = _strings(request, 1)
    return pack_strings(*client.children(path, request.tx_id))


def _directory_part(client: StoreClient, request: Message) -> bytes:
    path, offset_text = _strings(request, 2)
    head = pack_strings(str(client.generation(path, request.tx_id)))
    names = pack_strings(*client.children(path, request.tx_id))
    offset = _decimal(offset_text)
    room = PAYLOAD_OCTETS_MAX - len(head) - 1
    part = names[offset : offset + room]
    if offset + len(part) >= len(names):
        return head + part + b"\0"
    return head + part[: part.rfind(b"\0") + 1]


def _read(client: StoreClient, request: Message) -> bytes:
    (path,) = _strings(request, 1)
    return client.read(path, request.tx_id)


def _get_perms(client: StoreClient, request: Message) -> bytes:
    (path,) = _strings(request, 1)
    return pack_strings(*client.get_perms(path, request.tx_id))


def _watch(client: StoreClient, request: Message) -> bytes:
    path, token, *depth = _strings(request, 2, 3 if client.features & WATCH_DEPTH else 2)
    client.watch(path, token, _decimal(depth[0]) if depth else None)
    return OK


def _unwatch(client: StoreClient, request: Message) -> bytes:
    client.unwatch(*_strings(request, 2))
    return OK


def _reset_watches(client: StoreClient, _request: Message) -> bytes:
    client.close()  # transactions too, also the one that this request may be in
    return OK


def _transaction_start(client: StoreClient, request: Message) -> bytes:
    if request.tx_id:
        raise HostError(EBUSY, "transactions do not nest")
    return pack_strings(str(client.start()))


def _transaction_end(client: StoreClient, request: Message) -> bytes:
    (verdict,) = _strings(request, 1)
    if verdict not in ("T", "F"):
        raise HostError(EINVAL, "neither T nor F")
    client.end(request.tx_id, commit=verdict == "T")
    return OK


def _introduce(client: StoreClient, request: Message) -> bytes:
    domid, _gfn, _port = _strings(request, 3)
    client.privileged_store().introduce(parse_domid(domid))
    return OK


def _release(client: StoreClient, request: Message) -> bytes:
    store, (domid,) = client.privileged_store(), _strings(request, 1)
    store.domains.check_guest(parse_domid(domid))
    store.release(parse_domid(domid))
    return OK


def _resume(client: StoreClient, request: Message) -> bytes:
    store, (domid,) = client.privileged_store(), _strings(request, 1)
    store.domains.check_guest(parse_domid(domid))  # nothing to do: with us a domain dies once
    return OK


def _is_domain_introduced(client: StoreClient, request: Message) -> bytes:
    store, (domid,) = client.privileged_store(), _strings(request, 1)
    return pack_strings("T" if parse_domid(domid) in store.domains else "F")


def _set_target(client: StoreClient, request: Message) -> bytes:
    store, (domid, target) = client.privileged_store(), _strings(request, 2)
    store.domains.set_target(parse_domid(domid), parse_domid(target))
    return OK


def _get_domain_path(_client: StoreClient, request: Message) -> bytes:
    (domid,) = _strings(request, 1)
    return pack_strings(home_of(parse_domid(domid)))


def _write(client: StoreClient, request: Message) -> bytes:
    path, nul, value = request.payload.partition(b"\0")
    if not nul:
        raise HostError(EINVAL, "no NUL after the path")
    client.write(decode_text(path), value, request.tx_id)
    return OK


def _mkdir(client: StoreClient, request: Message) -> bytes:
    (path,) = _strings(request, 1)
    client.mkdir(path, request.tx_id)
    return OK


def _rm(client: StoreClient, request: Message) -> bytes:
    (path,) = _strings(request, 1)
    client.remove(path, request.tx_id)
    return OK


def _set_perms(client: StoreClient, request: Message) -> bytes:
    path, *perms = _strings(request, 2, PAYLOAD_OCTETS_MAX)
    client.set_perms(path, perms, request.tx_id)
    return OK


def _get_feature(client: StoreClient, request: Message) -> bytes:
    if not request.payload:
        return pack_strings(str(client.features))
    store, (domid,) = client.privileged_store(), _strings(request, 1)
    return pack_strings(str(store.domains.features(parse_domid(domid))))


def _set_feature(client: StoreClient, request: Message) -> bytes:
    store, (domid, features) = client.privileged_store(), _strings(request, 2)
    store.domains.set_features(parse_domid(domid), _decimal(features))
    return OK


def _get_quota(client: StoreClient, request: Message) -> bytes:
    usage = client.privileged_store().usage
    if not request.payload:
        return pack_strings(" ".join(quota.wire_name for quota in Quota))
    *domid, name = _strings(request, 1, 2)
    return pack_strings(str(usage.limit(Quota.named(name), parse_domid(domid[0]) if domid else None)))


def _set_quota(client: StoreClient, request: Message) -> bytes:
    usage = client.privileged_store().usage
    *domid, name, most = _strings(request, 2, 3)
    usage.set_limit(Quota.named(name), _decimal(most), parse_domid(domid[0]) if domid else None)
    return OK


def _control(client: StoreClient, request: Message) -> bytes:
    return pack_strings(control(client.privileged_store(), *_strings(request, 1, PAYLOAD_OCTETS_MAX)))


_HANDLERS: dict[int, Callable[[StoreClient, Message], bytes]] = {
    Kind.CONTROL: _control,
    Kind.DIRECTORY: _directory,
    Kind.READ: _read,
    Kind.GET_PERMS: _get_perms,
    Kind.WATCH: _watch,
    Kind.UNWATCH: _unwatch,
    Kind.TRANSACTION_START: _transaction_start,
    Kind.TRANSACTION_END: _transaction_end,
    Kind.INTRODUCE: _introduce,
    Kind.RELEASE: _release,
    Kind.GET_DOMAIN_PATH: _get_domain_path,
    Kind.WRITE: _write,
    Kind.MKDIR: _mkdir,
    Kind.RM: _rm,
    Kind.SET_PERMS: _set_perms,
    Kind.IS_DOMAIN_INTRODUCED: _is_domain_introduced,
    Kind.RESET_WATCHES: _reset_watches,
    Kind.DIRECTORY_PART: _directory_part,
    Kind.RESUME: _resume,
    Kind.SET_TARGET: _set_target,
    Kind.GET_FEATURE: _get_feature,
    Kind.SET_FEATURE: _set_feature,
    Kind.GET_QUOTA: _get_quota,
    Kind.SET_QUOTA: _set_quota,
}

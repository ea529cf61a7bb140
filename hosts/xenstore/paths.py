"""Names of nodes: which are valid, and what a client means by a relative one.

A path is absolute, relative to the client's home directory, or one of the special names that may only be watched.
After `resolve` every path in this package is absolute, valid, and has no trailing slash except the root itself.
Hostile names end here: a fuzzer's favourite, `/local/domain/`, once crashed a real daemon (XSA-481).
"""

import re
from errno import EINVAL

from hosts.api import HostError

#: XENSTORE_ABS_PATH_MAX and XENSTORE_REL_PATH_MAX of public/io/xs_wire.h, in octets.
ABSOLUTE_OCTETS_MAX = 3072
RELATIVE_OCTETS_MAX = 2048

INTRODUCE_DOMAIN = "@introduceDomain"
RELEASE_DOMAIN = "@releaseDomain"

_PATH = re.compile(r"/|(?:/[A-Za-z0-9_-]+)+")
_SPECIAL = re.compile(rf"({INTRODUCE_DOMAIN}|{RELEASE_DOMAIN})(/[0-9]{{1,5}})?")
_HOME = re.compile(r"/local/domain/[0-9]+/")


def home_of(domid: int) -> str:
    """The directory that a domain's relative paths start from."""
    return f"/local/domain/{domid}"


def resolve(path: str, home: str) -> str:
    """The absolute path of a node that a client named; HostError(EINVAL) when it is no valid name."""
    if path.startswith("/"):
        limit, absolute = ABSOLUTE_OCTETS_MAX, path
    else:
        limit, absolute = RELATIVE_OCTETS_MAX, f"{home}/{path}"
    if len(path) > limit or _PATH.fullmatch(absolute) is None:
        raise HostError(EINVAL, "not a valid xenstore path", path[:80])
    return absolute


def special_of(path: str) -> str | None:
    """`@introduceDomain` or `@releaseDomain`, if the path is that, maybe with one domain's number behind; else None."""
    matched = _SPECIAL.fullmatch(path)
    return None if matched is None else matched[1]


def relative_octets(path: str) -> int:
    """How long an absolute path is, not counting the home of the domain whose it is."""
    home = _HOME.match(path)
    return len(path) - (home.end() if home else 0)


def parent_of(path: str) -> str:
    """The path one level up; the root's is the root."""
    return path.rpartition("/")[0] or "/"


def names_of(path: str) -> list[str]:
    """The names from the root down; none for the root."""
    return [] if path == "/" else path[1:].split("/")


def below(path: str, name: str) -> str:
    """The path of a child."""
    return f"/{name}" if path == "/" else f"{path}/{name}"

"""Reading text that a guest may have written: bounded, and every error names the node.

Nodes come as a snapshot, a mapping of relative paths to values, so that what was checked is what is used.  A path may
stand for a value, for a directory, or for both; a directory is also there when only something below it is.
"""

from collections.abc import Mapping

from ringproto.errors import Errno, ProtocolError
from ringproto.hwparams import Interval

#: Characters of a list: all 25 formats take fewer.
LIST_MAX = 1024
#: Digits of a number: those of 2**32.
DIGITS_MAX = 10
#: Characters of a bad value that an error shows.
SHOWN_MAX = 32


class NodeReader:
    """A snapshot of nodes no deeper than two directories."""

    def __init__(self, nodes: Mapping[str, str]) -> None:
        self.nodes = nodes
        self._directories = set(nodes)
        for path in nodes:
            outer, _, below = path.partition("/")
            self._directories |= {outer, f"{outer}/{below.partition('/')[0]}"}

    def number(self, path: str, allowed: Interval, default: int | None = None) -> int:
        """The number at `path`, one of `allowed`; without a default, a missing node is an error too.

        Raises ProtocolError(EINVAL).
        """
        text = self.nodes.get(path)
        if text is None and default is not None:
            return default
        return number(path, text or "", allowed)

    def name(self, path: str, length_max: int) -> str:
        """The text at `path`, fit to be shown and logged; "" when there is none.  Raises ProtocolError(EINVAL)."""
        text = self.nodes.get(path, "")
        if len(text) > length_max or not text.isprintable():
            raise ProtocolError(Errno.EINVAL, f"{path}: {clip(text)} is not {length_max} printable characters at most")
        return text

    def items(self, path: str) -> list[str]:
        """The items of the list at `path`; libxl ends lists with a comma, so empty items mean nothing.

        Raises ProtocolError(EINVAL) when the list is longer than `LIST_MAX`.
        """
        text = self.nodes.get(path, "")
        if len(text) > LIST_MAX:
            raise ProtocolError(Errno.EINVAL, f"{path}: more than {LIST_MAX} characters")
        return [item.strip() for item in text.split(",") if item.strip()]

    def indices(self, at: str, count_max: int) -> range:
        """The indices of the directories `at`0, `at`1, ... up to the first that is missing.

        Raises ProtocolError: ENODEV when there is none, E2BIG when there are more than `count_max`.
        """
        count = 0
        while f"{at}{count}" in self._directories:
            count += 1
            if count > count_max:
                raise ProtocolError(Errno.E2BIG, f"{at}{count_max}: there may be {count_max} at most")
        if count == 0:
            raise ProtocolError(Errno.ENODEV, f"{at}0: missing; there must be one at least")
        return range(count)


def number(path: str, text: str, allowed: Interval) -> int:
    """The number that `text` says, one of `allowed`.  Raises ProtocolError(EINVAL) naming `path`."""
    is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
    if not is_number or int(text) not in allowed:
        raise ProtocolError(Errno.EINVAL, f"{path}: {clip(text)} is no number from {allowed.min} to {allowed.max}")
    return int(text)


def clip(text: str) -> str:
    """The beginning of `text`, quoted, fit to be logged."""
    return repr(text[:SHOWN_MAX]) if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]!r}..."

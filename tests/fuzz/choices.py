"""A fuzzer's octets as a series of choices, each of which one octet or a few decide."""


class Choices:
    """Reads octets in order; when they are used up every choice is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Octets not yet used."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next octets, filled up with zeroes."""
        taken = self._data[self._at : self._at + count]
        self._at = min(self._at + count, len(self._data))
        return taken.ljust(count, b"\0")

    def number(self, octets: int = 1) -> int:
        """An unsigned number."""
        return int.from_bytes(self.take(octets), "little")

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return self.number(1 if limit <= 256 else 4) % limit

    def piece(self) -> bytes:
        """A few octets, their count being a choice as well."""
        return self.take(self.number())

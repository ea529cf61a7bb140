"""What is said of local applications besides what is said of guests, in a line each, for the console."""

from collections.abc import Iterator

from backend.latency.clientfacts import ClientFacts
from backend.latency.result import Guest, Result


def client_lines(result: Result) -> Iterator[str]:
    """One for each application."""
    for guest in result.guests:
        if guest.client is not None:
            yield f"{guest.title}: {'; '.join(_parts(guest, guest.client))}"


def _parts(guest: Guest, client: ClientFacts) -> Iterator[str]:
    if client.ended is not None:
        yield f"gone before its time, {client.ended}"
    directions = {stream.direction for stream in guest.streams}
    if client.missed_blocks is not None and "playback" in directions:
        unposted = f", {client.unposted_blocks} through no fault of its" if client.unposted_blocks else ""
        yield f"{client.missed_blocks} blocks missed{unposted}"
    if client.lost_blocks is not None and "capture" in directions:
        yield f"{client.lost_blocks} recorded blocks lost"
    if client.calls_late is not None and client.calls_late_max_ns is not None:
        worst = f", by {client.calls_late_max_ns / 1e6:.1f} ms at most" if client.calls_late else ""
        yield f"{client.calls_late} calls late{worst}"
    if client.control is not None:
        yield f"commands over {client.control}"

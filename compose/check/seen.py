"""What a frontend was seen to do, as far as rules are about it."""

from dataclasses import dataclass, field

from ringproto.abi import XenbusState
from ringproto.card import Transport
from ringproto.messages import RangeRequest, Request


@dataclass(slots=True)
class Seen:
    """Written by the raw backend, read by the rules."""

    states: list[str] = field(default_factory=list[str])
    published_at_once: bool | None = None
    """Whether all nodes of all transports came together; None when that could not be seen."""
    transports: list[Transport] = field(default_factory=list[Transport])
    headers: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """req_prod, req_event, rsp_prod, rsp_event of each ring when it was mapped."""
    requests: list[Request] = field(default_factory=list[Request])
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Of which kind, and what was wrong."""
    most_in_flight: int = 0
    buffers: int = 0
    """Page directories that were walked to their end."""
    negotiated: int = 0
    """OPENs that came after an answer to HW_PARAM_QUERY."""
    closed: int = 0
    """CLOSEs of open streams."""
    events_sent: int = 0
    events_taken: int = 0
    """How many there were when last none was unread."""
    came_through: dict[str, bool] = field(default_factory=dict[str, bool])
    """How the trials ended that there were."""
    gave_up: bool = False
    """Whether it did something else, or left, when nothing was answered any more."""

    @property
    def transfers(self) -> int:
        """How many READs and WRITEs came."""
        return sum(isinstance(request, RangeRequest) for request in self.requests)

    @property
    def is_connected(self) -> bool:
        """Whether it says Connected."""
        return self.states[-1:] == [str(int(XenbusState.CONNECTED))]

    def fault(self, kind: str, what: object) -> None:
        """Write down what was wrong."""
        self.faults.append((kind, str(what)))

    def faults_of(self, kind: str) -> list[str]:
        """What was wrong of that kind."""
        return [what for of, what in self.faults if of == kind]

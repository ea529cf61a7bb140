"""What a backend has for all its guests alike: the machine, the devices, and the means to measure and to be quick."""

from dataclasses import dataclass

from backend.gather import Gather
from backend.patchbay import Patchbay
from hosts.api import Host
from hosts.complaints import Complaints
from ringproto.eventids import EventIdRule
from ringproto.trace import Tracer


@dataclass(frozen=True, slots=True)
class Facilities:
    """One for all sessions of a backend."""

    host: Host
    patchbay: Patchbay
    gather: Gather
    complaints: Complaints
    tracer: Tracer
    event_ids: EventIdRule

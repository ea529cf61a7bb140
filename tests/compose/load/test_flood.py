"""A guest that floods is a nuisance, and no offender."""

from compose.load.flood import Flooder
from compose.toolstack import Attachment, attach
from tests.backend.rawguest import MS, card, machine_with_backend


def test_it_asks_without_end_is_answered_and_stays_connected() -> None:
    machine, dom0, backend = machine_with_backend()
    host = machine.host(1)
    attach(dom0.store, Attachment(1, card()))
    guest = Flooder(host, rings=3)
    guest.connect()
    for _ in range(50):
        guest.pour()
        machine.run_until(lambda: False, machine.timeline.now_ns + MS)
    assert guest.answered >= 40 * 32
    assert guest.backend_state == "4"
    (session,) = backend.sessions.values()
    assert sum(counted.requests for counted in session.counters.values()) >= guest.answered
    assert not backend.patchbay.ports or all(port.device.underruns == 0 for port in backend.patchbay.ports.values())
    guest.close()
    backend.close()

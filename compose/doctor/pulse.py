"""PulseAudio's protocol: the library, the binding, and a server that lets us in.

Where libpulse looks for its server: PULSE_SERVER, `default-server` in client.conf, then a socket named `native` in
PULSE_RUNTIME_PATH, in XDG_RUNTIME_DIR/pulse, and in /run/pulse.  The server lets in who owns the same user id, or shows
it the cookie (256 octets).  In a container all three are missing until they are passed in.
"""

import re
from collections.abc import Iterator

from compose.devices.asking import NoAnswerError
from compose.devices.pulse import START
from compose.doctor.finding import Answer, Area, Finding
from compose.doctor.machine import Machine

PULSE = Area("pulse", "PulseAudio")
COOKIE_OCTETS = 256

IN_A_CONTAINER = (
    'docker run -u "$(id -u)" -v "$XDG_RUNTIME_DIR/pulse/native:/run/pulse/native"'
    " -e PULSE_SERVER=unix:/run/pulse/native"
    ' -v "$HOME/.config/pulse/cookie:/run/pulse/cookie:ro" -e PULSE_COOKIE=/run/pulse/cookie ...'
)


def pulse(machine: Machine) -> Iterator[Finding]:
    """From the library to the server's answer.  Where there is no socket, nobody can answer: that is one thing."""
    libraries = list(_libraries(machine))
    yield from libraries
    can_ask = all(finding.ok is Answer.YES for finding in libraries)
    server = _server(machine) if can_ask else PULSE.note("server", "cannot be asked without these")
    answers = server.ok is Answer.YES
    socket = PULSE.good("socket", socket_of(machine)) if answers else _socket(machine)
    yield socket
    yield PULSE.good("cookie", "the server lets us in") if answers else _cookie(machine)
    if socket.ok is not Answer.NO:
        yield server


def _libraries(machine: Machine) -> Iterator[Finding]:
    if error := machine.probes.load_error("libpulse.so.0"):
        yield PULSE.bad("libpulse", f"cannot be loaded: {error}", "apt install libpulse0")
        return  # the binding cannot be imported without
    yield PULSE.good("libpulse", "libpulse.so.0 is there")
    error, version = machine.probes.import_error("libpulse.libpulse"), machine.probes.version("libpulse")
    if not error:
        yield PULSE.good("binding", f"libpulse {version}")
    elif not version:
        yield PULSE.bad("binding", f"libpulse's Python package: {error}", "pip install 'vsnd[pulse]'")
    else:
        yield PULSE.bad("binding", f"libpulse {version}: {error}", "apt install libc-bin  # ldconfig finds libraries")


def socket_of(machine: Machine) -> str:
    """The path of the server's socket, whether it is there or not; "tcp:..." for a server elsewhere."""
    if address := machine.environ.get("PULSE_SERVER") or _configured(machine):
        first = re.sub(r"^\{.*?\}", "", address.split()[0])
        return first.removeprefix("unix:")
    run = machine.environ.get("XDG_RUNTIME_DIR", f"/run/user/{machine.user_id}")
    own = machine.environ.get("PULSE_RUNTIME_PATH", f"{run}/pulse") + "/native"
    for path in (own, "/run/pulse/native"):
        if machine.has(path):
            return path
    return own


def _configured(machine: Machine) -> str:
    for path in (f"{machine.home}/.config/pulse/client.conf", "/etc/pulse/client.conf"):
        if found := re.search(r"^\s*default-server\s*=\s*(\S.*)$", machine.text(path), re.MULTILINE):
            return found[1]
    return ""


def _socket(machine: Machine) -> Finding:
    path = socket_of(machine)
    if not path.startswith("/"):
        return PULSE.note("socket", f"none: the server is elsewhere, at {path}")
    mend = f"{IN_A_CONTAINER}  # on the host" if machine.in_container else START
    if not machine.has(path):
        return PULSE.bad("socket", f"{path} is not there", mend)
    if why := machine.probes.connect_error(machine.path(path)):
        return PULSE.bad("socket", f"{path}: {why}", mend)
    return PULSE.good("socket", path)


def _cookie(machine: Machine) -> Finding:
    named = machine.environ.get("PULSE_COOKIE")
    usual = (f"{machine.home}/.config/pulse/cookie", f"{machine.home}/.pulse-cookie")
    path = next((path for path in ([named] if named else usual) if machine.has(path)), "")
    if path:
        return _cookie_at(machine, path)
    text = f"{named or usual[0]} is not there; servers of another user, or outside of a container, want it"
    return PULSE.note("cookie", text, f"{IN_A_CONTAINER}  # on the host" if machine.in_container else "")


def _cookie_at(machine: Machine, path: str) -> Finding:
    try:
        octets = len(machine.path(path).read_bytes())
    except OSError as error:
        text = f"{path}: {error.strerror}"
        return PULSE.bad("cookie", text, f'sudo chown "$(id -un)" {path}; chmod 600 {path}')
    if octets != COOKIE_OCTETS:
        text = f"{path} has {octets} octets, not {COOKIE_OCTETS}"
        return PULSE.bad("cookie", text, f"rm {path}  # the server makes a new one when it starts")
    return PULSE.good("cookie", path)


def _server(machine: Machine) -> Finding:
    try:
        return PULSE.good("server", f"{machine.probes.server()} answers")
    except NoAnswerError as error:
        return PULSE.bad("server", error.why, error.mend)

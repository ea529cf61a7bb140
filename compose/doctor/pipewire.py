"""PipeWire: whether it is what answers, and its three programs, without which nothing is ever heard."""

from collections.abc import Iterator

from compose.devices.asking import NoAnswerError
from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine

PIPEWIRE = Area("pipewire", "PipeWire")
PROGRAMS = {
    "pipewire": "the server",
    "pipewire-pulse": "speaks PulseAudio's protocol, which vsnd uses",
    "wireplumber": "the session manager: without one, streams connect and never get a request",
}
START = "systemctl --user start pipewire pipewire-pulse wireplumber"


def pipewire(machine: Machine) -> Iterator[Finding]:
    """From the programs to the answer."""
    answer = _answer(machine)
    for program, what in PROGRAMS.items():
        if machine.program(program):
            yield PIPEWIRE.good(program, what)
        elif answer.ok.value == "yes":  # it runs outside of this container
            yield PIPEWIRE.good(program, "not here, but a server answers")
        else:
            yield PIPEWIRE.bad(program, f"is missing: {what}", f"apt install {program}")
    yield answer


def _answer(machine: Machine) -> Finding:
    try:
        name = machine.probes.server()
    except NoAnswerError as why:
        return PIPEWIRE.bad("server", why.why, START)
    if "PipeWire" in name:
        return PIPEWIRE.good("server", f"{name} answers")
    text = f"{name} answers in its place, which will do as well"
    return PIPEWIRE.bad("server", text, f"systemctl --user stop pulseaudio.socket pulseaudio; {START}")

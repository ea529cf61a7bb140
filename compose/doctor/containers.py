"""Docker: a client, an engine that answers us, and Compose: 1.29, or 2 and later."""

import re
from collections.abc import Iterator

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine

CONTAINERS = Area("containers", "containers")
SOCKET = "/var/run/docker.sock"
OLDEST = (1, 29)
"""Of Compose: what compose.yaml is tested with."""


def containers(machine: Machine) -> Iterator[Finding]:
    """Nothing but the client is looked at where there is none."""
    if not machine.program("docker"):
        yield CONTAINERS.bad("client", "docker is missing", "apt install docker.io docker-compose")
        return
    yield CONTAINERS.good("client", "docker is there")
    yield _engine(machine)
    yield _compose(machine)


def _engine(machine: Machine) -> Finding:
    answered, said = machine.probes.run(["docker", "version", "--format", "{{.Server.Version}}"])
    if answered:
        return CONTAINERS.good("engine", f"{said} answers")
    if "permission denied" in said.lower() or _is_closed(machine):
        docker = machine.group_id("docker")
        groups = "we are not in the group docker" if docker not in machine.group_ids else "denied"
        return CONTAINERS.bad("engine", groups, 'sudo usermod -aG docker "$USER"  # and log in again')
    return CONTAINERS.bad("engine", f"does not answer: {said}", "sudo systemctl start docker  # or: sudo dockerd &")


def _is_closed(machine: Machine) -> bool:
    """Whether the engine's socket is there and not for us."""
    return machine.has(SOCKET) and "denied" in machine.probes.connect_error(machine.path(SOCKET))


def _compose(machine: Machine) -> Finding:
    plugin, said = machine.probes.run(["docker", "compose", "version", "--short"])
    if not plugin:
        _, said = machine.probes.run(["docker-compose", "version", "--short"])
    found = re.match(r"v?(\d+)\.(\d+)", said)
    if found is None:
        return CONTAINERS.bad("compose", "is missing", "apt install docker-compose  # version 2 since Debian 13")
    if (int(found[1]), int(found[2])) < OLDEST:
        text = f"{found[0]} is old; 1.29 and 2 are tested"
        return CONTAINERS.note("compose", text, "apt install docker-compose-plugin  # Docker's own packages")
    return CONTAINERS.good("compose", said)

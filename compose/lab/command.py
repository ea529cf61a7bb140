"""`vsnd lab up | status | down | shell | play`: a machine and its guests that stay until they are taken down."""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from backend.config import ConfigError
from compose.clients.spec import refuse_clients
from compose.facts import Block
from compose.fleet.spec import refuse_hosts
from compose.lab.beside import play_file, play_scenario
from compose.lab.cgroup import LOGS
from compose.lab.engine import Engine, connect, each, engine_errors
from compose.lab.image import ready_image
from compose.lab.lab import Lab, keep_logs
from compose.lab.labels import remove_run, sweep
from compose.lab.plans import guest_leaves
from compose.lab.specs import OUT
from compose.lab.standing import LAB, SCENARIO, Part, doing, find_part, find_parts, need_lab
from compose.run import find_scenario, make_folder, say_settled
from compose.scenario import read_scenario


def up(scenario: Path, out: Path, *, playing: bool) -> None:
    """Start one.  Raises ConfigError, RunError."""
    path = find_scenario(scenario)
    what = say_settled(read_scenario(path))
    refuse_hosts(what.hosts, str(path))
    refuse_clients(what.clients, str(path))
    if what.sound_server is not None:
        raise ConfigError(
            f"{path}: sound_server: it ends with the command that starts it; a lab that stays can have none"
        )
    engine = connect()
    there = find_parts(engine)
    if there:
        raise ConfigError(f"a lab is up already ({there[0].container.labels.get(SCENARIO, '?')}); first: vsnd lab down")
    make_folder(out)
    image = ready_image(engine, _say)
    block = Block(what, path.parent, what.pacing[0], what.seed, out, datetime.now(UTC), what.load[0])
    with engine_errors("removing what killed runs left"):
        sweep(engine.client)
    with Lab(engine, str(image.id), block, run=LAB, kept=True) as lab:
        lab.start()
    if playing:
        for part in find_parts(engine):
            if part.guest is not None:
                play_scenario(part, what.duration_s)
    Console().print(_table(engine, find_parts(engine)))


def status() -> None:
    """Say what runs.  Raises ConfigError when nothing does."""
    engine = connect()
    Console().print(_table(engine, need_lab(engine)))


def down(out: Path) -> None:
    """End it, and save what it leaves.  Raises RunError."""
    engine = connect()
    parts = find_parts(engine)
    if parts:
        make_folder(out)
        try:
            _save(parts, out)
        finally:
            with engine_errors("removing the lab"):
                remove_run(engine.client, LAB)
        _say(f"The lab is down.  What it left is in {out}.")
    with engine_errors("removing what killed runs left"):
        stale = sweep(engine.client)
    if stale:
        _say(f"Removed what {len(stale)} killed runs left.")
    elif not parts:
        _say(f"No lab is up on {engine.address}.")


def _save(parts: list[Part], out: Path) -> None:
    """End the guests, then Dom0, as in a run; take what they left."""
    with engine_errors("ending the lab"):
        guests = [part for part in parts if part.guest is not None]
        each(lambda part: part.box.end(), guests)
        each(lambda part: part.box.end(), [part for part in parts if part.guest is None])
        for part in parts:
            if part.guest is not None:
                wanted = guest_leaves(part.guest)
                part.box.take(str(OUT), out, wanted.__contains__)
            elif part.box.name == "dom0":
                part.box.take(str(OUT), out, lambda name: not name.startswith("plan"))
        keep_logs([part.box for part in parts], out / LOGS)


def shell(name: str) -> None:
    """Become a shell inside.  Raises ConfigError."""
    engine = connect()
    part = find_part(need_lab(engine), name)
    docker = shutil.which("docker")
    if docker is None:
        raise ConfigError("a shell inside needs the docker command: apt install docker.io")
    terminal = ["-it"] if sys.stdin.isatty() else ["-i"]
    command = [docker, "-H", engine.address, "exec", *terminal, str(part.container.id), "sh"]
    os.execv(docker, command)  # noqa: S606  # to be it


def play(name: str, file: Path) -> None:
    """Have a guest play a file.  Raises ConfigError, RunError, OSError."""
    engine = connect()
    part = find_part(need_lab(engine), name)
    if part.guest is None:
        raise ConfigError(f"{name!r} is no guest")
    with engine_errors("asking the guest"):
        busy = doing(engine, part)
    if busy:
        raise ConfigError(f"{part.guest.title} is busy: {busy}")
    play_file(engine, part, part.guest, file)


def _table(engine: Engine, parts: list[Part]) -> Table:
    scenario = parts[0].container.labels.get(SCENARIO, "")
    table = Table(title=f"{scenario} on {engine.address}", box=None, title_justify="left")
    for heading in ("", "id", "container", "state", "memory MB", "of", "CPU", "does"):
        table.add_column(heading, justify="right" if heading in {"id", "memory MB", "of", "CPU"} else "left")
    rows: dict[str, list[str]] = {}

    def ask(part: Part) -> None:
        rows[part.box.name] = _row(engine, part)

    with engine_errors("asking the lab"):
        each(ask, parts)
    for part in parts:
        table.add_row(*rows[part.box.name])
    return table


def _row(engine: Engine, part: Part) -> list[str]:
    guest, limit_octets = part.guest, part.container.attrs["HostConfig"]["Memory"]
    octets = _memory_octets(engine, part) if part.container.status == "running" else None
    return [
        guest.title if guest else part.box.name,
        str(guest.id) if guest else "",
        str(part.container.name),
        part.container.status,
        "-" if octets is None else f"{octets / 1e6:.0f}",
        f"{limit_octets / 1e6:.0f}",
        f"{guest.cpu_limit:g}" if guest and guest.cpu_limit is not None else "-",
        (doing(engine, part) or "idle") if guest else "",
    ]


def _memory_octets(engine: Engine, part: Part) -> int | None:
    """What it uses, by the engine's newest word, which may be a second old."""
    stats = cast("Any", engine.client.api.stats(str(part.container.id), stream=False, one_shot=True))  # untyped
    used: int | None = stats["memory_stats"].get("usage")
    return used


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201

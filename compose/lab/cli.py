"""`vsnd lab`: a machine in containers that is left running."""

from pathlib import Path
from typing import Annotated

import typer

from compose.lab.needs import need_sdk

lab = typer.Typer(help="Keep guests and Dom0 running in containers (docs/lab.md).", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="Folder for logs and what Dom0 played.", file_okay=False)]
Guest = Annotated[str, typer.Argument(help="A guest's name or number, as `vsnd lab status` says it.")]


@lab.callback()
def with_docker() -> None:
    """Keep guests and Dom0 running in containers (docs/lab.md)."""
    need_sdk()


@lab.command()
def up(
    scenario: Annotated[Path, typer.Argument(help="A scenario, or one of vsnd's own.")] = Path("lab"),
    out: Out = Path("out/lab"),
    playing: Annotated[bool, typer.Option("--playing", help="Have guests play what it says, once.")] = False,
) -> None:
    """Start the scenario's machine and guests, and leave them running."""
    from compose.lab import command

    command.up(scenario, out, playing=playing)


@lab.command()
def status() -> None:
    """Say what runs, and what it does."""
    from compose.lab import command

    command.status()


@lab.command()
def down(out: Out = Path("out/lab")) -> None:
    """End the lab, save what it leaves, and remove all of it; also what killed runs left."""
    from compose.lab import command

    command.down(out)


@lab.command()
def shell(guest: Guest) -> None:
    """Open a shell inside a guest's container, or inside `dom0`."""
    from compose.lab import command

    command.shell(guest)


@lab.command()
def play(
    guest: Guest, file: Annotated[Path, typer.Argument(help="A sound file.", exists=True, dir_okay=False)]
) -> None:
    """Have a guest play a file."""
    from compose.lab import command

    command.play(guest, file)

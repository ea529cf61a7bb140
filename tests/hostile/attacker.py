"""The hostile guest's process: `python -m tests.hostile.attacker MACHINE CASE...`.

It says what it is about to do before each case and what came of it afterwards, a line of JSON each.  Before the first
case and after the last it keeps quiet for a while, so that there is something to compare the neighbours' sound with.
"""

import os
import sys
from pathlib import Path

import msgspec

from tests.hostile.arena import ACCOMPLICE, ATTACHMENTS, ATTACKER
from tests.hostile.cases import CASES, Record
from tests.hostile.classes import CLASSES
from tests.hostile.guest import Hostile
from tests.hostile.wire import MS, NoAnswer

QUIET_NS = 1_500 * MS
NICENESS = 10
"""How a hypervisor shares out CPUs is not what is tried: the attacker may have what the others leave."""

assert CLASSES


def say(message: object) -> None:
    """Tell the arena."""
    print(msgspec.json.encode(message).decode(), flush=True)


def ask_toolstack(wish: str, devid: int) -> None:
    """Have the arena do what is Dom0's to do."""
    say({"toolstack": wish, "devid": devid})
    sys.stdin.readline()


def commit(guest: Hostile, name: str) -> Record:
    """Commit one case."""
    began_ns = guest.now_ns()
    say({"begins": name, "at_ns": began_ns})
    try:
        came = CASES[name].attack(guest)
    except NoAnswer as silence:
        came = f"silence: {silence}"
    ended_ns = guest.now_ns()
    try:
        guest.recover()
        answers = True
    except NoAnswer as silence:
        print(f"{name}: afterwards {silence}", file=sys.stderr)
        answers = False
    return Record(name, came, answers, began_ns, ended_ns)


def keep_quiet(guest: Hostile) -> None:
    """Let time pass."""
    guest.host.loop.run_until(lambda: False, guest.now_ns() + QUIET_NS)


def main() -> None:
    """Be the hostile guest."""
    machine, *names = sys.argv[1:]
    os.nice(NICENESS)
    cards = [attachment.card for attachment in ATTACHMENTS if attachment.guest == ATTACKER]
    guest = Hostile(Path(machine), ATTACKER, ACCOMPLICE, cards, ask_toolstack)
    guest.recover()
    print("ready", flush=True)
    sys.stdin.readline()
    keep_quiet(guest)
    say({"rests": True})
    sys.stdin.readline()
    for name in names:
        say(commit(guest, name))
    keep_quiet(guest)
    say({"done": True})
    sys.stdin.readline()
    guest.leave()


if __name__ == "__main__":
    main()

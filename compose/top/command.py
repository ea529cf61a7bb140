"""`vsnd top`: look, draw, wait for a key or for the next picture."""

import sys
import time
from pathlib import Path

from rich.console import Console

from backend.config import ConfigError
from backend.live.follower import Follower
from backend.live.memory import live_path, live_path_of_run
from backend.live.snapshot import IDLE_NS
from compose.top.figures import History, Picture
from compose.top.screen import shown, whole
from compose.top.terminal import Ended, Terminal
from compose.top.view import View

FIRST_LIMIT_S = 2 * IDLE_NS / 1e9
"""A backend that is there has written its second snapshot after so long."""
GLANCE_S = 0.05


class Watch:
    """Follows the backend of a machine, or of a run, in its folder."""

    def __init__(self, directory: Path) -> None:
        self._follower = Follower([live_path(directory), live_path_of_run(directory)])
        self.history = History()

    @property
    def problem(self) -> str:
        """Why there is no picture."""
        return self._follower.problem

    def look(self) -> Picture | None:
        """The picture of now; None without a backend."""
        snapshot = self._follower.look()
        if snapshot is None:
            self.history.forget()
            return None
        return self.history.picture(snapshot)


def run_top(directory: Path, delay_s: float, pictures: int | None) -> None:
    """Show the backend in `directory` until told to end, or print so many pictures.

    Raises ConfigError where there is no terminal to draw on, or, when pictures are asked for, no backend.
    """
    watch = Watch(directory)
    if pictures is not None:
        print_pictures(watch, delay_s, pictures)
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("top: this is no terminal; -b N prints N pictures")
    terminal = Terminal()
    try:
        with terminal.taken():
            _interact(terminal, watch, delay_s)
    except Ended as ended:
        sys.exit(128 + ended.number)


def print_pictures(watch: Watch, delay_s: float, pictures: int) -> None:
    """One each `delay_s`, the first after that time too: rates take two looks."""
    if watch.look() is None:
        raise ConfigError(f"--dir: {watch.problem}")
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    picture = watch.look()
    for number in range(pictures):
        picture = _next(watch, picture, delay_s)
        lines = whole(picture, watch.problem, time.monotonic_ns())
        console.print(*([""] if number else []), *lines, sep="\n")


def _next(watch: Watch, before: Picture | None, delay_s: float) -> Picture | None:
    """The picture after the delay, and after the backend has written again."""
    time.sleep(delay_s)
    deadline_s = time.monotonic() + FIRST_LIMIT_S
    while (picture := watch.look()) is before and before is not None and time.monotonic() < deadline_s:
        time.sleep(GLANCE_S)
    return picture


def _interact(terminal: Terminal, watch: Watch, delay_s: float) -> None:
    view = View()
    picture = watch.look()
    due_s = time.monotonic() + delay_s
    while not view.done:
        terminal.draw(shown(picture, watch.problem, view, time.monotonic_ns(), terminal.size))
        for key in terminal.keys(due_s - time.monotonic()):
            view.press(key)
        if view.clear:
            picture = watch.history.clear()
            view.clear = False
        if time.monotonic() >= due_s:
            picture = watch.look()
            due_s = time.monotonic() + delay_s

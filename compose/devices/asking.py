"""Asking a library that may be missing, or that asks a server which may hang.

Every answer comes in time or not at all: the question is put in a thread of its own, which is left behind when it takes
too long and ends with the process.  Whatever goes wrong is one line that says what to install or start.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NoReturn, TypeVar

AnswerT = TypeVar("AnswerT")

PATIENCE_S = 2.0


class NoAnswerError(Exception):
    """Why there is no answer, and the command that would mend that: one line together."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(f"{why}: {mend}")
        self.why = why
        self.mend = mend


def within(limit_s: float, question: Callable[[], AnswerT], late: NoAnswerError) -> AnswerT:
    """The answer, or the question's own exception; raises `late` if there is neither after so long."""
    answers: SimpleQueue[Callable[[], AnswerT]] = SimpleQueue()

    def ask() -> None:
        try:
            answer = question()
        except Exception as error:  # it is raised where somebody waits for it
            answers.put(_raising(error))
        else:
            answers.put(lambda: answer)

    Thread(target=ask, name="question", daemon=True).start()
    try:
        return answers.get(timeout=limit_s)()
    except Empty:
        raise late from None


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def again() -> NoReturn:
        raise error

    return again

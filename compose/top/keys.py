"""From what a terminal sends to the names of keys.  What is not known is dropped, whole."""

import re

ESCAPE = "\x1b"
PENDING_MAX = 32
"""Characters of a sequence that does not end."""

NAMES = {
    "[A": "up", "OA": "up", "[B": "down", "OB": "down", "[C": "right", "OC": "right", "[D": "left", "OD": "left",
    "[5~": "pgup", "[6~": "pgdn", "[H": "home", "OH": "home", "[1~": "home", "[7~": "home",
    "[F": "end", "OF": "end", "[4~": "end", "[8~": "end",
    "OP": "f1", "[11~": "f1", "[[A": "f1", "OS": "f4", "[14~": "f4", "[[D": "f4", "[17~": "f6", "[21~": "f10",
}  # fmt: skip
"""Of xterm, rxvt, the Linux console and whoever copies them."""
PLAIN = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", "\x0c": "redraw"}
SEQUENCE = re.compile(r"\x1b(\[\[[A-E]|\[[0-?]*[ -/]*[@-~]|O[ -~])")
UNFINISHED = re.compile(r"\x1b(\[\[?|\[[0-?]*[ -/]*|O)?")


class Keys:
    """Takes octets in whatever pieces they come."""

    def __init__(self) -> None:
        self._octets = b""
        self._pending = ""

    @property
    def waiting(self) -> bool:
        """A sequence has begun; or somebody has pressed Escape."""
        return bool(self._pending)

    def feed(self, octets: bytes) -> list[str]:
        """The keys that are complete."""
        self._octets += octets
        text = self._octets.decode(errors="ignore")
        self._octets = b"" if text or len(self._octets) >= 4 else self._octets  # a character in the making
        return self._parse(self._pending + text)

    def flush(self) -> list[str]:
        """Nothing more came for a while: what was waited for is Escape."""
        pending, self._pending = self._pending, ""
        return ["esc"] if pending == ESCAPE else []

    def _parse(self, text: str) -> list[str]:
        keys: list[str] = []
        self._pending = ""
        at = 0
        while at < len(text):
            if text[at] != ESCAPE:
                keys.append(PLAIN.get(text[at], text[at]))
                at += 1
                continue
            sequence = SEQUENCE.match(text, at)
            if sequence is not None:
                keys.append(NAMES.get(sequence[1], ""))
                at = sequence.end()
            elif UNFINISHED.fullmatch(text, at) and len(text) - at <= PENDING_MAX:
                self._pending = text[at:]
                break
            else:
                keys.append("esc")
                at += 1
        return [key for key in keys if key and (len(key) > 1 or key.isprintable())]

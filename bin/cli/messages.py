"""Messages for the person at the terminal: one line each, on standard error, safe to show.

Example: `flowtrap: logs/a.json:7: not a record: … (it was left out)`.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from flowtrap.output.text import sanitise, shorten

MOST_REPORTS = 200
MOST_CHARACTERS = 2_000


class Messages:
    """Writes to standard error, above a progress bar if one is shown; `lines` is what was said."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self.lines: list[str] = []
        self._reports = 0

    def say(self, text: str) -> None:
        """Write one line."""
        line = shorten(sanitise(text), MOST_CHARACTERS)
        self.lines.append(line)
        self.console.print(Text(f"flowtrap: {line}"), soft_wrap=True)

    def report(self, error: Exception) -> None:
        """Write an error about the input, but not the thousandth."""
        self._reports += 1
        if self._reports <= MOST_REPORTS:
            self.say(str(error))
        elif self._reports == MOST_REPORTS + 1:
            self.say(f"{MOST_REPORTS} messages shown, the rest is only counted")

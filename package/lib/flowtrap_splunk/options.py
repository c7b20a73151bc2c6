"""The arguments of a search command: `name=value` words, checked against a table.

Example: `Options(["window=10m", "by=user"], OPTIONS).span_ms("window") == 600_000`.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from flowtrap.model.errors import FlowtrapError
from flowtrap.model.window import span_ms

from .errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SWITCH = {
    "true": True, "t": True, "1": True, "yes": True, "false": False, "f": False, "0": False,
    "no": False,
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class Option(NamedTuple):
    """One option: its name, its default (None: it must be given), and an example for messages."""

    name: str
    default: str | None
    example: str


class Options:
    """What was written behind the command, over the defaults."""

    def __init__(self, words: Iterable[str], known: Sequence[Option]) -> None:
        self._examples = {option.name: option.example for option in known}
        self._values = {o.name: o.default for o in known if o.default is not None}
        given: set[str] = set()
        for word in words:
            name, equals, value = word.partition("=")
            name, value = name.strip(), _unquoted(value.strip())
            if not equals or name not in self._examples:
                raise OptionError(f"{word!r} is not known", cure=self._advice(name))
            if name in given:
                raise OptionError(f"{name} is given twice", cure="keep one of them")
            given.add(name)
            self._values[name] = value
        for option in known:
            if option.name not in self._values:
                raise OptionError(f"{option.name} is missing", cure=f"write {option.example}")

    def _advice(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._examples, n=1, cutoff=0.6)
        if near:
            return f"did you mean {self._examples[near[0]]}?"
        return "known are " + " ".join(self._examples.values())

    def _wrong(self, name: str, what: str) -> OptionError:
        return OptionError(f"{self._values[name]!r} is not {what}", place=name,
                           cure=f"write {self._examples[name]}")  # fmt: skip

    def text(self, name: str) -> str:
        """Return an option as it was written."""
        return str(self._values[name])

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a list, separated by commas or blanks."""
        return tuple(dict.fromkeys(re.findall(r"[^,\s]+", self.text(name))))

    def name(self, name: str) -> str:
        """Return an option that names something, empty where it was left empty."""
        value = self.text(name)
        if value and not _NAME.fullmatch(value):
            raise self._wrong(name, "a name of letters, digits, _ . and -, 64 at most")
        return value

    def switch(self, name: str) -> bool:
        """Return a true or false."""
        value = _SWITCH.get(self.text(name).lower())
        if value is None:
            raise self._wrong(name, "true or false")
        return value

    def span_ms(self, name: str) -> int:
        """Return a time span."""
        try:
            return span_ms(self.text(name))
        except FlowtrapError:
            raise self._wrong(name, "a time span such as 30s, 10m, 2h or 1d") from None

    def number(self, name: str, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self.text(name)
        if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
            raise self._wrong(name, f"a whole number from {least:,} to {most:,}")
        return int(value)


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value

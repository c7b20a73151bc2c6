"""What the evidence inputs run with in tests: delivery, checkpoints, health and log in memory."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

from flowtrap_inputs.stop import Stop


class Room:
    """A runtime; `events` are what is out, `sourcetypes` theirs, `saved` the checkpoints."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.sourcetypes: Counter[str] = Counter()
        self.saved: dict[str, Any] = {}
        self.figures: Counter[str] = Counter()
        self.stop, self.log = Stop(sleep=lambda seconds: None), logging.getLogger("evidence")
        self.log.propagate = True
        self._buffer: list[tuple[bytes, str]] = []

    delivery = checkpoints = health = property(lambda self: self)

    def write(self, event: bytes, **about: Any) -> None:
        """Take an event."""
        assert set(about) == {"time_s", "sourcetype", "index", "source", "host"}
        self._buffer.append((event, about["sourcetype"]))

    def flush(self) -> None:
        """Bring out what was taken."""
        for event, sourcetype in self._buffer:
            self.events.append(json.loads(event))
            self.sourcetypes[sourcetype] += 1
        self._buffer = []

    def load(self, name: str) -> Any:
        """Return a checkpoint."""
        return self.saved.get(name)

    def save(self, name: str, record: dict[str, Any]) -> None:
        """Keep a checkpoint, as text would."""
        assert not self._buffer, "a checkpoint runs ahead of the events"
        self.saved[name] = json.loads(json.dumps(record))

    def add(self, figure: str, amount: int = 1) -> None:
        """Count."""
        self.figures[figure] += amount

    def error(self, code: str) -> None:
        """Count an error."""
        self.figures[code] += 1


class Tokens:
    """Gives a token; another one for one that was refused."""

    def __init__(self, name: str = "token of an application") -> None:
        self.name, self.given = name, 0

    def get(self) -> str:
        """Return the token."""
        return self.name

    def replace(self, refused: str) -> str:
        """Return the next."""
        self.given += 1
        return self.name

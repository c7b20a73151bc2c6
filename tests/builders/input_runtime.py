"""What an input works with, in files: events as lines, checkpoints as JSON, counts in memory.

Files, because a run that is killed leaves them as a real one would leave Splunk's index and KV store.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

from flowtrap_inputs.stop import Stop


class Delivery:
    """Appends events to a file; they stay in a buffer until flushed, and a killed run loses it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=1 << 16)
        self.meta: list[dict[str, Any]] = []

    def write(self, event: bytes, **meta: Any) -> None:
        self._file.write(event + b"\n")
        self.meta.append(meta)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Checkpoints:
    """Keeps a record for each input in a folder; replaces it at once or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: list[int] = []

    def load(self, name: str) -> dict[str, Any] | None:
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def save(self, name: str, record: dict[str, Any]) -> None:
        text = json.dumps(record, separators=(",", ":"))
        self.sizes.append(len(text))
        new = self.folder / f"{name}.new"
        new.write_text(text)
        new.replace(self.folder / f"{name}.json")


class Health:
    def __init__(self) -> None:
        self.figures: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.behind_s = float("inf")

    def add(self, figure: str, amount: int = 1) -> None:
        self.figures[figure] += amount

    def error(self, code: str) -> None:
        self.errors[code] += 1

    def read_until(self, time_s: float) -> None:
        self.behind_s = min(time_s, self.behind_s)


class Runtime:
    """One run's; `folder` is what outlives it."""

    def __init__(self, folder: Path, stop: Stop | None = None) -> None:
        self.folder = folder
        self.delivery = Delivery(folder / "events")
        self.checkpoints = Checkpoints(folder)
        self.health = Health()
        self.stop = stop or Stop()
        self.log = logging.getLogger("flowtrap_inputs.test")

    def close(self) -> None:
        """Lose what is in no file, as the end of a process does, but for what a buffer holds."""
        self.delivery.close()

    def lines(self) -> list[bytes]:
        """Return the events that are out."""
        return (self.folder / "events").read_bytes().splitlines()

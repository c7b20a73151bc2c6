"""Events on their way out: in order of arrival, each once, their bytes as they came."""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, Any

from .activity_api import seconds_of
from .progress import Recent, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrap_inputs.runtime import Delivery, Health
    from flowtrap_inputs.stop import Stop

    from .settings import Settings

BATCH = 500  # events: a content of fewer goes out whole or not at all


class Emitter:
    """Writes the events of contents; threads may share it."""

    def __init__(
        self, settings: Settings, delivery: Delivery, health: Health, stop: Stop, recent: Recent
    ) -> None:
        self._settings, self._delivery, self._health = settings, delivery, health
        self._stop, self._recent = stop, recent
        self._lock = threading.Lock()

    def emit(self, records: Iterator[tuple[bytes, dict[str, Any]]], created_s: int) -> None:
        """Write a content's events. `created_s` is the time of one that has none of its own."""
        while batch := list(islice(records, BATCH)):
            with self._lock:
                self._stop.check()
                for text, record in batch:
                    self._write(text, record, created_s)

    def recent(self) -> str:
        """Return the ids of what was written last, as text; all of it was written before."""
        with self._lock:
            return self._recent.plain()

    def _write(self, text: bytes, record: dict[str, Any], created_s: int) -> None:
        if not self._recent.is_new(_identity(text, record)):
            self._health.add("duplicates")
            return
        time_s = seconds_of(record.get("CreationTime"))
        if time_s is None:
            self._health.error("no_CreationTime")
            time_s = created_s
        settings = self._settings
        self._delivery.write(
            text,
            time_s=time_s,
            sourcetype=settings.sourcetype,
            index=settings.index,
            source=f"m365:{settings.account.tenant}",
            host=settings.account.cloud.root.partition("//")[2],
        )


def _identity(text: bytes, record: dict[str, Any]) -> int:
    """Return what copies of an event share.

    Time and operation count too: an Id of zeros stands in records that are not the same.
    """
    if "Id" not in record:
        return key_of(text.decode("utf-8", "surrogateescape"))
    parts = (record["Id"], record.get("CreationTime"), record.get("Operation"))
    return key_of("\n".join(map(str, parts)))

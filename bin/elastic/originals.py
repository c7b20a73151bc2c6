"""What is read of documents before they are taken apart: the record that they kept, their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap.model.errors import RecordError
from flowtrap.normalise.times import time_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .paging import Hit


def original_of(hit: Hit) -> bytes | None:
    """Return `event.original` where it is JSON on one line; None where the rest must be read."""
    event = hit.get("_source", {}).get("event")
    text = event.get("original") if isinstance(event, dict) else None
    if not isinstance(text, str) or text[:1] != "{" or "\n" in text:
        return None
    return text.encode("utf-8", "surrogatepass")


def latest_ms(hits: Iterable[Hit]) -> int | None:
    """Return the latest time that documents tell, in milliseconds; None where one tells none.

    It counts when they happened (`@timestamp`) and when they came (`event.ingested`).
    """
    latest = 0
    for hit in hits:
        source = hit.get("_source", {})
        event = source.get("event")
        came = event.get("ingested") if isinstance(event, dict) else None
        try:
            latest = max(latest, time_ms(source.get("@timestamp")), time_ms(came) if came else 0)
        except RecordError:
            return None
    return latest

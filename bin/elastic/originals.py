"""The native record that a document of an integration kept, as the bytes that are sifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .paging import Hit


def original_of(hit: Hit) -> bytes | None:
    """Return `event.original` where it is JSON on one line; None where the rest must be read."""
    event = hit.get("_source", {}).get("event")
    text = event.get("original") if isinstance(event, dict) else None
    if not isinstance(text, str) or text[:1] != "{" or "\n" in text:
        return None
    return text.encode("utf-8", "surrogatepass")

"""What an input is given to work with: where events go, where progress is kept, who counts.

The inputs know these shapes alone; Splunk's side (and a test's) fills them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import logging

    from .errors import TransientError
    from .stop import Stop


class Delivery(Protocol):
    """Takes events; blocks while the other side is slow. One thread at a time."""

    def write(
        self, event: bytes, *, time_s: float, sourcetype: str, index: str, source: str, host: str
    ) -> None:
        """Take one event; it may stay in a buffer until `flush`."""

    def flush(self) -> None:
        """Return when all that was written is out."""


class Checkpoints(Protocol):
    """Keeps one record for each input."""

    def load(self, name: str) -> dict[str, Any] | None:
        """Return the record of an input, None where there is none."""

    def save(self, name: str, record: dict[str, Any]) -> None:
        """Replace the record of an input."""


class Health(Protocol):
    """Counts; threads may share it."""

    def add(self, figure: str, amount: int = 1) -> None:
        """Add to requests, throttles, retries or duplicates."""

    def error(self, code: str) -> None:
        """Count an error under its code."""

    def read_until(self, time_s: float) -> None:
        """Take the moment up to which a part of the input was read, in seconds since 1970."""


class Runtime(Protocol):
    """All of it."""

    @property
    def delivery(self) -> Delivery:
        """Where events go."""

    @property
    def checkpoints(self) -> Checkpoints:
        """Where progress is kept."""

    @property
    def health(self) -> Health:
        """Who counts."""

    @property
    def stop(self) -> Stop:
        """Who tells when to end."""

    @property
    def log(self) -> logging.Logger:
        """Where to write what a person should know."""


def tell_retry(runtime: Runtime, error: TransientError, wait_s: float) -> None:
    """Count that a request is tried again, and log why; what `Retry` takes as `on_retry`."""
    runtime.health.add("retries")
    runtime.log.debug("again in %.1f s: %s", wait_s, error)

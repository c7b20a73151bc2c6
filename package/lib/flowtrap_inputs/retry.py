"""Another try after a while, when that may help.

Example: `Retry(stop).call(lambda: fetch(url))` runs it again after each TransientError, at most six
times in all, after about 1, 2, 4, 8 and 16 seconds, or as long as the server's Retry-After says.

Waits are spread at random, so that threads that failed together do not come back together.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Callable, TypeVar

from .errors import TransientError

if TYPE_CHECKING:
    from .stop import Stop

MOST_RETRY_AFTER_S = 3600.0

Result = TypeVar("Result")


class Retry:
    """A rule for tries; without state, so that threads may share it."""

    def __init__(
        self,
        stop: Stop,
        *,
        tries: int = 6,
        first_s: float = 1.0,
        most_s: float = 60.0,
        chance: Callable[[], float] = random.random,
        on_retry: Callable[[TransientError, float], None] = lambda error, wait_s: None,
    ) -> None:
        self._stop, self._tries = stop, tries
        self._first_s, self._most_s, self._chance = first_s, most_s, chance
        self._on_retry = on_retry

    def call(self, attempt: Callable[[], Result]) -> Result:
        """Return what `attempt` returns; raise its last TransientError, any other at once.

        `on_retry(error, wait_s)` is told before each wait. Raises StoppedError while it waits.
        """
        tried = 1
        while True:
            try:
                return attempt()
            except TransientError as error:
                wait_s = self.wait_s(tried, error.retry_after_s)
                if tried >= self._tries or wait_s > MOST_RETRY_AFTER_S:
                    raise
                self._on_retry(error, wait_s)
            self._stop.pause(wait_s)
            tried += 1

    def wait_s(self, tried: int, retry_after_s: float | None) -> float:
        """Return how long to wait after so many tries: never less than Retry-After."""
        if retry_after_s is not None:
            return retry_after_s + self._first_s * self._chance()
        longest_s = min(self._most_s, self._first_s * 2.0 ** (tried - 1))
        return longest_s * (0.5 + self._chance() / 2)

"""GET of a JSON object with a bearer token: refreshed once, tried again, refusals in plain words.

Example: `JsonApi(http, limiter, retry, words, health).get(address, tokens)`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

from .errors import RefusedError, TransientError

if TYPE_CHECKING:
    from typing import Protocol

    from .http import Answer, HttpClient
    from .limiter import Limiter
    from .retry import Retry
    from .runtime import Health

    class TokenSource(Protocol):
        """Gives a token, and another one for one that was refused; raises RefusedError."""

        def get(self) -> str: ...
        def replace(self, refused: str) -> str: ...


MOST_BYTES = 64 * 1024 * 1024  # of one answer

# status and body of a refusal -> problem, cure
Words = Callable[[int, bytes], "tuple[str, str]"]


class JsonApi:
    """An API that answers with JSON objects; threads may share it."""

    def __init__(
        self, http: HttpClient, limiter: Limiter, retry: Retry, words: Words, health: Health
    ) -> None:
        self._http, self._limiter, self._retry = http, limiter, retry
        self._words, self._health = words, health

    def get(self, address: str, tokens: TokenSource) -> dict[str, Any]:
        """Return what is at an address; raise RefusedError, TransientError, ElsewhereError."""

        def attempt() -> dict[str, Any]:
            with self._open(address, tokens) as answer:
                return _object(answer)

        return self._retry.call(attempt)

    def _open(self, address: str, tokens: TokenSource) -> Answer:
        token = tokens.get()
        answer = self._send(address, token)
        if answer.status == 401:
            answer.__exit__(None, None, None)
            answer = self._send(address, tokens.replace(token))
        if answer.status < 300:
            return answer
        with answer:
            raise self._refusal(answer)

    def _send(self, address: str, token: str) -> Answer:
        self._http.check(address)
        self._limiter.take()
        self._health.add("requests")
        return self._http.open("GET", address, headers={"Authorization": f"Bearer {token}"})

    def _refusal(self, answer: Answer) -> RefusedError | TransientError:
        wait_s = answer.retry_after_s()
        self._health.error(f"HTTP {answer.status}")
        if answer.status in (408, 429) or answer.status >= 500:
            if answer.status == 429:
                self._health.add("throttles")
                self._limiter.hold(wait_s or 0.0)
            return TransientError(
                f"the service does not answer now (HTTP {answer.status})",
                status=answer.status,
                retry_after_s=wait_s,
                place=answer.place,
            )
        problem, cure = self._words(answer.status, answer.read())
        return RefusedError(
            f"{problem} (HTTP {answer.status})",
            status=answer.status,
            place=answer.place,
            cure=cure,
        )


def _object(answer: Answer) -> dict[str, Any]:
    """Return what an answer says; one that is cut off or no object is worth another try."""
    try:
        said = json.loads(answer.read(MOST_BYTES))
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise TransientError("the answer is not a JSON object", place=answer.place)
    return said

"""The calls of the Activity API: subscriptions, listings, contents.

An answer is read as a stream; pages are followed to addresses that the client has pinned; the
address of a content is built from its id, because the service has named foreign ones.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import quote, urlencode

from flowtrap_inputs.errors import ElsewhereError, MalformedError, RefusedError, TransientError
from flowtrap_inputs.json_stream import records

from .codes import CODE, Meaning, meaning, words

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from flowtrap_inputs.http import Answer, HttpClient
    from flowtrap_inputs.limiter import Limiter
    from flowtrap_inputs.retry import Retry
    from flowtrap_inputs.runtime import Health

    from .clouds import Cloud
    from .token import Tokens

MOST_PAGES = 10_000


class Blob(NamedTuple):
    """A content: its id, and when it was made, in seconds since 1970. It expires after 7 days."""

    content_id: str
    created_s: int


class ActivityApi:
    """The Activity API of one tenant; threads may share it."""

    def __init__(
        self,
        http: HttpClient,
        tokens: Tokens,
        cloud: Cloud,
        tenant: str,
        *,
        limiter: Limiter,
        retry: Retry,
        health: Health,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http, self._tokens, self._limiter, self._retry = http, tokens, limiter, retry
        self._health, self._clock, self._skew_s = health, clock, 0.0
        self._feed, self._tenant = cloud.feed(tenant), tenant

    def now_s(self) -> float:
        """Return the time by the service's clock, as far as its last answer told."""
        return self._clock() + self._skew_s

    def subscriptions(self) -> dict[str, bool]:
        """Return the content types that have a subscription, and whether it is enabled."""
        rows = self._retry.call(lambda: self._rows("GET", self._address("subscriptions/list")))
        return {str(row.get("contentType")): row.get("status") == "enabled" for row in rows}

    def start(self, content_type: str) -> None:
        """Start a subscription; one that is there already will do."""
        address = self._address("subscriptions/start", contentType=content_type)
        try:
            self._retry.call(lambda: self._open("POST", address).__exit__(None, None, None))
        except RefusedError as error:
            if meaning(error.status, error.code) is not Meaning.ENABLED:
                raise

    def blobs(self, content_type: str, start_s: int, end_s: int) -> Iterator[Blob]:
        """Yield what became available from start to before end, page by page.

        Both are whole seconds, at most 24 hours apart and at most 7 days back.
        """
        address: str | None = self._address(
            "subscriptions/content",
            contentType=content_type,
            startTime=_iso(start_s),
            endTime=_iso(end_s),
        )
        seen: set[str] = set()
        while address is not None:
            if address in seen or len(seen) >= MOST_PAGES:
                raise MalformedError("the listing's pages go round in a circle", place=content_type)
            seen.add(address)
            rows, address = self._page(address)
            for row in rows:
                yield self._blob(row, start_s, end_s)

    def records(self, blob: Blob) -> Generator[tuple[bytes, dict[str, Any]], None, None]:
        """Yield the events of a content, each with its own bytes; one try, nothing kept."""
        address = self._address(f"audit/{quote(blob.content_id, safe='$')}")
        with self._open("GET", address) as answer:
            yield from records(answer.chunks())

    # -- requests --------------------------------------------------------------------------------

    def _address(self, path: str, **query: str) -> str:
        query["PublisherIdentifier"] = self._tenant
        return f"{self._feed}{path}?{urlencode(query)}"

    def _rows(self, method: str, address: str) -> list[dict[str, Any]]:
        with self._open(method, address) as answer:
            return _whole(answer)

    def _page(self, address: str) -> tuple[list[dict[str, Any]], str | None]:
        def attempt() -> tuple[list[dict[str, Any]], str | None]:
            with self._open("GET", address) as answer:
                return _whole(answer), answer.headers.get("NextPageUri")

        rows, following = self._retry.call(attempt)
        if following and "publisheridentifier=" not in following.lower():
            following += f"{'&' if '?' in following else '?'}PublisherIdentifier={self._tenant}"
        return rows, following or None

    def _blob(self, row: dict[str, Any], start_s: int, end_s: int) -> Blob:
        content_id = row.get("contentId")
        if not isinstance(content_id, str) or not content_id:
            raise MalformedError("a listing without a contentId", place=self._feed)
        try:
            self._http.check(str(row.get("contentUri")))
        except ElsewhereError:
            self._health.error("foreign_contentUri")  # not used; told, because it should not be
        created_s = seconds_of(row.get("contentCreated"))
        created_s = start_s if created_s is None else min(max(created_s, start_s), end_s - 1)
        return Blob(content_id, created_s)

    def _open(self, method: str, address: str) -> Answer:
        """Return an answer that is no error; raise TransientError, RefusedError, ElsewhereError."""
        token = self._tokens.get()
        answer = self._send(method, address, token)
        if answer.status == 401:
            answer.__exit__(None, None, None)
            answer = self._send(method, address, self._tokens.replace(token))
        if answer.status < 300:
            return answer
        with answer:
            raise self._refusal(answer)

    def _send(self, method: str, address: str, token: str) -> Answer:
        self._http.check(address)
        self._limiter.take()
        self._health.add("requests")
        headers = {"Authorization": f"Bearer {token}"}
        body = b"" if method == "POST" else None
        answer = self._http.open(method, address, headers=headers, body=body)
        server_s = answer.server_time_s()
        if server_s is not None:
            self._skew_s = server_s - self._clock()
        return answer

    def _refusal(self, answer: Answer) -> RefusedError | TransientError:
        found = CODE.search(answer.read(1024 * 1024).decode("utf-8", "replace"))
        code = found.group() if found else ""
        problem, cure = words(answer.status, code)
        self._health.error(code or f"HTTP {answer.status}")
        if meaning(answer.status, code) is not Meaning.RETRY:
            return RefusedError(
                problem, status=answer.status, code=code, place=answer.place, cure=cure
            )
        wait_s = answer.retry_after_s(self._clock)
        if answer.status == 429 or code == "AF429":
            self._health.add("throttles")
            self._limiter.hold(wait_s or 0.0)
        return TransientError(
            problem, status=answer.status, code=code, retry_after_s=wait_s, place=answer.place
        )


def _whole(answer: Answer) -> list[dict[str, Any]]:
    """Return the rows of an answer; a malformed one is worth another try."""
    try:
        return [row for _, row in records(answer.chunks())]
    except MalformedError as error:
        raise TransientError(error.problem, status=answer.status, place=answer.place) from None


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def seconds_of(text: object) -> int | None:
    """Return seconds since 1970 of a time, which is UTC with or without its Z."""
    found = _TIME.match(text) if isinstance(text, str) else None
    if not found:
        return None
    try:
        return int(datetime.fromisoformat(found.group()).replace(tzinfo=timezone.utc).timestamp())
    except (ValueError, OverflowError):
        return None

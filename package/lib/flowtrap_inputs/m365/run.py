"""From where the checkpoint is to now, content type by content type.

    list a window -> skip what is done -> fetch in a pool -> emit -> flush -> checkpoint

A content is done when its events are out. The watermark moves over a window when every content
in it is done or parked. So a run may be killed anywhere: the next one fetches again what was on
its way since the last checkpoint, and nothing is missed. Windows are as long as they may be
(24 hours) and halved where they hold too much; content types take turns, so that one with a long
backlog does not keep the others waiting.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from flowtrap_inputs import pool
from flowtrap_inputs.errors import (
    FetchError,
    MalformedError,
    RefusedError,
    TransientError,
)

from .codes import Meaning, meaning
from .emit import Emitter
from .progress import (
    MOST_DONE,
    MOST_PARKED,
    VERSION,
    WEEK_S,
    Progress,
    Recent,
    oldest_s,
    unpack,
)

if TYPE_CHECKING:
    from flowtrap_inputs.retry import Retry
    from flowtrap_inputs.runtime import Runtime

    from .activity_api import ActivityApi, Blob
    from .settings import Settings

DAY_S = 86_400
SUBSCRIBE_AGAIN_S = 15 * 60
MOST_LEFT = 20  # contents of a window that fail; more is an outage, not bad contents
SAVE_CONTENTS, SAVE_S = 250, 10.0
CLOCKS_DIFFER_S = 3600  # between two runs; a watermark beyond that is no time


class Run:
    """One run; use it once."""

    def __init__(
        self, settings: Settings, runtime: Runtime, api: ActivityApi, retry: Retry
    ) -> None:
        self._settings, self._runtime, self._api, self._retry = settings, runtime, api, retry
        self._health, self._log = runtime.health, runtime.log
        self._most_done = MOST_DONE // len(settings.content_types)
        self._span_s = dict.fromkeys(settings.content_types, DAY_S)
        self._unsaved, self._saved_at_s = 0, time.monotonic()

    def go(self) -> None:
        """Fetch all that is new; raise StoppedError, RefusedError, TransientError."""
        subscribed = self._api.subscriptions()
        self._now_s = int(self._api.now_s())
        plain = self._runtime.checkpoints.load(self._settings.name)
        self._progress, recent = self._restored(plain)
        self._emitter = Emitter(
            self._settings, self._runtime.delivery, self._health, self._runtime.stop, recent
        )
        try:
            for name in self._settings.content_types:
                if not subscribed.get(name):
                    self._guarded(name, partial(self._subscribe, name))
            for name, progress in self._progress.items():
                self._guarded(name, partial(self._fetch, name, progress.due(self._now_s)))
            self._take_turns()
        finally:
            self._save()
            for progress in self._progress.values():
                self._health.read_until(progress.watermark_s)

    def _take_turns(self) -> None:
        turns = deque((name, self._begin_s(name)) for name in self._settings.content_types)
        while turns:
            name, at_s = turns.popleft()
            reached_s = self._guarded(name, partial(self._window, name, at_s))
            if reached_s is not None and reached_s < self._now_s:
                turns.append((name, reached_s))

    def _guarded(self, name: str, step: Callable[[], int | None]) -> int | None:
        """Return what a step does; None where this content type cannot go on in this run.

        What is not about the vendor (a closed pipe, a checkpoint that is not taken) ends the run.
        """
        try:
            return step()
        except (FetchError, MalformedError) as error:
            if isinstance(error, RefusedError):
                if meaning(error.status, error.code) is Meaning.FATAL:
                    raise
            else:
                self._health.error(type(error).__name__)
            self._log.warning("%s: %s; it is tried again in the next run", name, error)
            return None

    # -- subscriptions ---------------------------------------------------------------------------

    def _subscribe(self, name: str) -> None:
        """Start a subscription, at most once in 15 minutes: more often is answered by 429."""
        progress = self._progress[name]
        if self._now_s - progress.subscribed_s < SUBSCRIBE_AGAIN_S:
            return
        progress.subscribed_s = self._now_s
        self._save()
        self._api.start(name)
        self._log.info("%s: subscription started; content follows within 12 hours", name)

    # -- windows ---------------------------------------------------------------------------------

    def _begin_s(self, name: str) -> int:
        progress = self._progress[name]
        offered_s = oldest_s(self._now_s)
        if progress.watermark_s < offered_s:
            self._health.error("gap")
            self._log.error(
                "%s: what was made from %d to %d (epoch) is older than the 7 days that Microsoft "
                "keeps, and lost to this input", name, progress.watermark_s, offered_s,
            )  # fmt: skip
        return progress.begin_s(self._now_s, self._settings.rescan_s)

    def _window(self, name: str, at_s: int) -> int:
        """Fetch one window; return where the next one begins: here again if it held too much."""
        if at_s >= self._now_s:
            return self._now_s
        end_s = min(self._now_s, at_s + self._span_s[name])
        try:
            found = self._listed(name, at_s, end_s)
        except RefusedError as error:
            wanted = meaning(error.status, error.code)
            if wanted is Meaning.RESUBSCRIBE:
                self._subscribe(name)
            if wanted not in (Meaning.WINDOW, Meaning.LIST_AGAIN):
                raise
            self._now_s = int(self._api.now_s())
            at_s, end_s = max(at_s, oldest_s(self._now_s)), min(end_s, self._now_s)
            found = self._listed(name, at_s, end_s)
        if found is None:
            self._span_s[name] = max(1, (end_s - at_s) // 2)
            return at_s
        self._fetch(name, found)
        progress = self._progress[name]
        progress.advance(end_s)
        progress.forget(progress.begin_s(self._now_s, self._settings.rescan_s), self._most_done)
        return end_s

    def _listed(self, name: str, at_s: int, end_s: int) -> list[Blob] | None:
        """Return the contents of a window that are not done, None where they are too many."""
        progress = self._progress[name]
        found: dict[str, Blob] = {}
        for blob in self._api.blobs(name, at_s, end_s):
            if not progress.is_done(blob):
                found[blob.content_id] = blob
                if len(found) > self._most_done // 2 and end_s - at_s > 1:
                    return None
        return list(found.values())

    # -- contents --------------------------------------------------------------------------------

    def _fetch(self, name: str, blobs: list[Blob]) -> None:
        """Fetch contents and emit their events; park the few that fail.

        Raises what makes the others hopeless too: a refusal that is not about the content, more
        failures than a few, a delivery that does not take events.
        """
        progress = self._progress[name]
        left: list[Blob] = []
        outcomes = pool.run(
            blobs, self._content, threads=self._settings.threads, stop=self._runtime.stop
        )
        with closing(outcomes):
            for blob, error in outcomes:
                if error is None or self._is_gone(name, blob, error):
                    progress.finish(blob)
                elif not isinstance(error, FetchError) or len(left) >= MOST_LEFT:
                    raise error
                else:
                    left.append(blob)
                self._save_now_and_then()
        for blob in left:
            self._park(name, blob)

    def _content(self, blob: Blob) -> None:
        """Fetch a content and emit it; what a cut-off try has emitted is not emitted again."""

        def attempt() -> None:
            try:
                with closing(self._api.records(blob)) as records:
                    self._emitter.emit(records, blob.created_s)
            except MalformedError as error:
                raise TransientError(error.problem, place=blob.content_id) from None

        self._retry.call(attempt)

    def _is_gone(self, name: str, blob: Blob, error: Exception) -> bool:
        """Return whether the service says that a content is not there any more; raise if fatal."""
        if not isinstance(error, RefusedError):
            return False
        wanted = meaning(error.status, error.code)
        if wanted is Meaning.FATAL or error.code == "AF10001":
            raise error
        if wanted is Meaning.GONE:
            self._log.warning("%s: content %s: %s", name, blob.content_id, error)
        return wanted is Meaning.GONE

    def _park(self, name: str, blob: Blob) -> None:
        progress = self._progress[name]
        if blob.created_s + WEEK_S < self._now_s:
            progress.finish(blob)
            self._health.error("lost_content")
            self._log.error("%s: content %s failed for 7 days, and is lost", name, blob.content_id)
            return
        if blob.content_id not in progress.parked and len(progress.parked) >= MOST_PARKED:
            raise TransientError(f"more than {MOST_PARKED} contents cannot be fetched", place=name)
        progress.park(blob, self._now_s)
        self._health.error("parked_content")

    # -- the checkpoint --------------------------------------------------------------------------

    def _restored(self, plain: dict[str, Any] | None) -> tuple[dict[str, Progress], Recent]:
        """Return progress and recent events; a checkpoint that cannot be used is told, and left."""
        offered_s = oldest_s(self._now_s)
        start_s = self._settings.start_s
        first_s = self._now_s - DAY_S if start_s is None else max(start_s, offered_s)
        kept: dict[str, Progress] = {}
        recent = Recent()
        if plain is not None:
            try:
                kept, recent = self._read(plain)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                self._health.error("checkpoint")
                first_s = offered_s if start_s is None else first_s
                self._log.error(
                    "the checkpoint cannot be used; reading again from %d (epoch), which repeats "
                    "events but misses none", first_s,
                )  # fmt: skip
        names = self._settings.content_types
        return {name: kept.get(name) or Progress(first_s, first_s) for name in names}, recent

    def _read(self, plain: dict[str, Any]) -> tuple[dict[str, Progress], Recent]:
        if plain["version"] != VERSION or plain["tenant"] != self._settings.account.tenant:
            raise ValueError("another version's, or another tenant's")
        kept = {name: Progress.from_plain(one) for name, one in plain["types"].items()}
        for progress in kept.values():
            if max(progress.watermark_s, progress.complete_s) > self._now_s + CLOCKS_DIFFER_S:
                raise ValueError("from the future")
        return kept, Recent(unpack(plain["recent"]))

    def _save_now_and_then(self) -> None:
        self._unsaved += 1
        if self._unsaved >= SAVE_CONTENTS or time.monotonic() - self._saved_at_s >= SAVE_S:
            self._save()

    def _save(self) -> None:
        """Save what is out: what the checkpoint names was written before it is flushed."""
        plain = {
            "version": VERSION,
            "tenant": self._settings.account.tenant,
            "types": {name: progress.plain() for name, progress in self._progress.items()},
            "recent": self._emitter.recent(),
        }
        self._runtime.delivery.flush()
        self._runtime.checkpoints.save(self._settings.name, plain)
        self._unsaved, self._saved_at_s = 0, time.monotonic()

"""One run of the Workspace input.

    windows -> page -> events not seen yet -> out -> seen keys saved -> next page -> checkpoint

Keys are saved after their events are out and before the next page is asked for. So a run may be
killed anywhere: nothing is missed, and what may come twice is one page. Applications take turns,
window by window, so that one with a long backlog does not keep the others waiting; what goes wrong
with one is counted and logged, and the others go on.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from flowtrap_inputs.errors import RefusedError, TransientError

from .reports_api import StalePageError
from .seen import Seen
from .settings import DAY_S, late_s
from .windows import Progress, is_recent_due, is_whole_due, new_windows, old_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrap_inputs.modular_input import Runtime
    from flowtrap_inputs.retry import Retry

    from .activities import Event
    from .reports_api import ReportsApi
    from .settings import Settings
    from .windows import Window

VERSION = 1
MOST_REDOS = 5  # of one window in a run, after stale page tokens


class Run:
    """One run; use it once."""

    def __init__(self, settings: Settings, runtime: Runtime, api: ReportsApi, retry: Retry) -> None:
        self._settings, self._runtime, self._api, self._retry = settings, runtime, api, retry
        self._health, self._log = runtime.health, runtime.log

    def go(self) -> None:
        """Deliver all that is new; raise StoppedError, RefusedError if nobody can sign in."""
        self._now_s = self._retry.call(self._api.now_s)
        self._load()
        turns = deque((name, self._steps(name)) for name in self._settings.applications)
        while turns:
            name, steps = turns.popleft()
            if self._is_more(name, steps):
                turns.append((name, steps))
        for progress in self._progress.values():
            self._health.read_until(progress.read_until_s)

    def _is_more(self, name: str, steps: Iterator[None]) -> bool:
        """Do an application's next step; tell whether there is another."""
        try:
            next(steps)
        except StopIteration:
            return False
        except (RefusedError, TransientError) as error:
            if isinstance(error, TransientError):
                self._health.error(error.code or "no_answer")
            self._log.warning("%s: %s; it is tried again in the next run", name, error)
            return False
        return True

    def _steps(self, name: str) -> Iterator[None]:
        """Read an application's windows, one a step."""
        progress = self._progress[name]
        seen = Seen(self._runtime.rows, self._settings.name, name, self._health, self._log)
        for window in new_windows(name, progress, self._now_s):
            self._read(name, window, seen)
            progress.read_until_s = window.end_s
            self._save()
            yield
        if is_whole_due(progress, self._now_s):
            span_s = self._settings.rescan_s
        elif is_recent_due(name, progress, self._now_s):
            span_s = min(late_s(name), self._settings.rescan_s)
        else:
            return
        for window in old_windows(name, progress, span_s, self._now_s):
            self._read(name, window, seen)
            yield
        if span_s == self._settings.rescan_s:
            progress.whole_s = self._now_s
            seen.forget_before(self._now_s - max(self._settings.rescan_s, late_s(name)))
        progress.recent_s = self._now_s
        self._save()

    # -- a window --------------------------------------------------------------------------------

    def _read(self, name: str, window: Window, seen: Seen) -> None:
        """Deliver what is new in a window, to its last page."""
        token, redos = "", 0
        while True:
            self._runtime.stop.check()
            ask = partial(self._api.page, name, window.start_s, window.end_s, token)
            try:
                page = self._retry.call(ask)
            except StalePageError as error:
                redos += 1
                if redos > MOST_REDOS:
                    raise TransientError(
                        "page tokens go stale again and again", code="stale", place=name
                    ) from error
                token = ""
                continue
            self._deliver(name, window, page.events, seen)
            token = page.next_token
            if not token:
                return

    def _deliver(self, name: str, window: Window, events: list[Event], seen: Seen) -> None:
        for event in events:
            time_s = window.start_s if event.time_s is None else event.time_s
            if not seen.add(event.key, time_s):
                self._health.add("duplicates")
                continue
            self._runtime.delivery.write(
                event.content,
                time_s=event.time_s,
                sourcetype=f"{self._settings.sourcetype}:{name}",
                index=self._settings.index,
            )
        self._runtime.delivery.flush()
        seen.save()

    # -- the checkpoint --------------------------------------------------------------------------

    def _load(self) -> None:
        saved = self._runtime.checkpoints.load(self._settings.name) or {}
        rows = saved.get("applications")
        self._kept: dict[str, Any] = rows if isinstance(rows, dict) else {}
        self._progress = {name: self._restored(name) for name in self._settings.applications}

    def _restored(self, name: str) -> Progress:
        row = self._kept.get(name)
        if row is not None:
            progress = Progress.from_dict(row, self._now_s) if isinstance(row, dict) else None
            if progress:
                return progress
            self._health.error("checkpoint")
            self._log.error(
                "%s: the checkpoint cannot be used; it is read from the start again, and what was "
                "delivered in the time of re-scan is known", name,
            )  # fmt: skip
        start_s = self._settings.start_s or self._now_s - DAY_S
        return Progress(start_s, recent_s=self._now_s, whole_s=self._now_s, first_s=start_s)

    def _save(self) -> None:
        told = {name: progress.as_dict() for name, progress in self._progress.items()}
        record = {"version": VERSION, "applications": {**self._kept, **told}}
        self._runtime.checkpoints.save(self._settings.name, record)

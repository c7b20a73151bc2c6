"""Search jobs: each is done at once, with the rows that the test gives for its query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .answer import NOT_FOUND, Answer, Entry, named

Rows = list[dict[str, Any]]


class Jobs:
    """The jobs that were started, by sid."""

    def __init__(self) -> None:
        self._done: dict[str, Rows] = {}

    def answer(
        self, search: Callable[[str], Rows], method: str, rest: list[str], words: dict[str, str]
    ) -> Answer:
        """Answer a call at search/jobs[/SID[/results]], or at search/jobs/export."""
        if method == "POST" and (not rest or rest == ["export"]):
            rows = search(words.get("search", ""))
            if rest or words.get("exec_mode") == "oneshot":
                return _results(rows)
            sid = f"model.{len(self._done) + 1}"
            self._done[sid] = rows
            return named(201, "sid", sid)
        if not rest and "id" in words:  # UCC's pages ask so for theirs
            rest = [words["id"]]
        if not rest or rest[0] not in self._done:
            return NOT_FOUND
        if rest[1:] in (["results"], ["events"], ["results_preview"]):
            return _results(self._done[rest[0]])
        told = {"isDone": True, "dispatchState": "DONE", "resultCount": len(self._done[rest[0]])}
        return Answer(200, [Entry(rest[0], {"sid": rest[0], **told})], "search/jobs", alone=True)


def _results(rows: Rows) -> Answer:
    return Answer(200, {"preview": False, "messages": [], "results": rows})

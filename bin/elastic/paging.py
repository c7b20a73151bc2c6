"""Reads all that a query selects, as it was at one moment: point in time, slices, search_after.

Each slice has one page asked for while the last is worked on, so that the cluster, the wire and
Python are busy at once and no more than two pages a slice are in memory.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from .client import gaps_of
from .errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .client import Cluster

PAGE = 1_000
KEEP_ALIVE = "5m"  # between two pages, and for a run that was killed
Hit = dict[str, Any]


class Reading:
    """One pass; `problems` says afterwards what it could not see."""

    def __init__(
        self,
        cluster: Cluster,
        pattern: str,
        query: Mapping[str, Any],
        fields: Sequence[str],
        *,
        slices: int = 2,
        page: int = PAGE,
    ) -> None:
        self._cluster = cluster
        self._pattern = pattern
        self._query = query
        self._fields = fields
        self._slices = slices
        self._page = page
        self._pit = ""
        self.problems: list[str] = []

    def pages(self) -> Iterator[list[Hit]]:
        """Yield pages of hits, in no order; raise ClusterError where the reading cannot go on."""
        self._pit = self._open()
        try:
            with ThreadPoolExecutor(self._slices, "slice") as pool:
                yield from self._sliced(pool)
        finally:
            self._close()

    def _open(self) -> str:
        answer = self._cluster.ask(
            lambda client: client.open_point_in_time(
                index=self._pattern, keep_alive=KEEP_ALIVE, ignore_unavailable=True
            )
        )
        return str(answer["id"])

    def _close(self) -> None:
        """Give the point in time back; one that is not dies of itself."""
        with contextlib.suppress(ClusterError):
            self._cluster.ask(lambda client: client.close_point_in_time(id=self._pit))

    def _sliced(self, pool: ThreadPoolExecutor) -> Iterator[list[Hit]]:
        pending: dict[Future[list[Hit]], int] = {
            pool.submit(self._ask, number, None): number for number in range(self._slices)
        }
        try:
            while pending:
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    number = pending.pop(future)
                    hits = future.result()
                    if len(hits) == self._page:
                        pending[pool.submit(self._ask, number, hits[-1]["sort"])] = number
                    yield hits
        except BaseException:
            for future in pending:
                future.cancel()
            raise

    def _ask(self, number: int, after: list[Any] | None) -> list[Hit]:
        """Return one page of a slice, and note what is missing of it."""
        request: dict[str, Any] = {
            "size": self._page,
            "query": self._query,
            "pit": {"id": self._pit, "keep_alive": KEEP_ALIVE},
            "sort": ["_shard_doc"],
            "source_includes": list(self._fields),
            "track_total_hits": False,
        }
        if self._slices > 1:
            request["slice"] = {"id": number, "max": self._slices}
        if after is not None:
            request["search_after"] = after
        answer = self._cluster.ask(lambda client: client.search(**request))
        self._pit = answer.get("pit_id", self._pit)
        self._note(answer.body)
        hits: list[Hit] = answer["hits"]["hits"]
        return hits

    def _note(self, answer: Mapping[str, Any]) -> None:
        self.problems += [gap for gap in gaps_of(answer) if gap not in self.problems]

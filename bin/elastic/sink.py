"""Findings as ECS alert documents in an index of their own, one document a case.

The document's id is the `finding_id` and its version the revision: a case seen again takes the
place of what was said before, and an older revision never that of a newer one. Writing a finding
twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .client import BUSY, reason_of
from .documents import finding_document, superseded_document
from .errors import ClusterError
from .templates import FINDINGS_INDEX, findings_template, marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowtrap.model.finding import Finding, Superseded

    from .client import Cluster

BATCH = 200
MOST_TRIES = 8


class Written(NamedTuple):
    """What became of findings: new documents, changed ones, and those already said better."""

    created: int = 0
    updated: int = 0
    older: int = 0

    def plus(self, other: Written) -> Written:
        """Return the sums."""
        return Written(*(a + b for a, b in zip(self, other, strict=True)))


class _Version(NamedTuple):
    """A document, and how new what it says is."""

    id: str
    revision: int
    document: dict[str, Any]


class Sink:
    """Writes findings into one index, whose template it brings at the first."""

    def __init__(self, cluster: Cluster, index: str = FINDINGS_INDEX) -> None:
        self._cluster = cluster
        self._index = index
        self._prepared = False

    def write(self, findings: Sequence[Finding], superseded: Sequence[Superseded]) -> Written:
        """Write all, or raise ClusterError; `superseded` were told before and are none any more."""
        versions = [_Version(f.finding_id, f.revision, finding_document(f)) for f in findings]
        versions += [_Version(g.finding_id, g.revision, superseded_document(g)) for g in superseded]
        written = Written()
        for batch in _batches(versions):
            written = written.plus(self._write(batch))
        return written

    def _prepare(self) -> None:
        if not self._prepared:
            self._cluster.ask(
                lambda client: client.indices.put_index_template(
                    name=self._index, **_arguments(marked(findings_template(self._index)))
                )
            )
            self._prepared = True

    def _write(self, batch: Sequence[_Version]) -> Written:
        self._prepare()
        left, written = list(batch), Written()
        for _ in range(MOST_TRIES):
            answer = self._send(left)
            busy = []
            for one, row in zip(left, answer["items"], strict=True):
                item = row["index"]
                if item["status"] in BUSY:
                    busy.append(one)
                elif item["status"] == 409:  # a newer revision is there
                    written = written.plus(Written(older=1))
                elif "error" in item:
                    raise ClusterError(
                        f"a finding was refused: {reason_of(item)}", place=self._index
                    )
                else:
                    created = item["result"] == "created"
                    written = written.plus(Written(created, not created))
            if not busy:
                return written
            left = busy
            self._cluster.pause()
        raise ClusterError(
            "the cluster is too busy to take the findings: it kept answering 429",
            place=self._index,
            cure="the next run writes them again",
        )

    def _send(self, versions: Sequence[_Version]) -> Any:
        operations: list[dict[str, Any]] = []
        for one in versions:
            head = {
                "_index": self._index,
                "_id": one.id,
                "version": one.revision,
                "version_type": "external_gte",
            }
            operations += [{"index": head}, one.document]
        return self._cluster.ask(lambda client: client.bulk(operations=operations))


def _arguments(body: dict[str, Any]) -> dict[str, Any]:
    return {name.lstrip("_"): value for name, value in body.items()}


def _batches(versions: Sequence[_Version]) -> Iterator[Sequence[_Version]]:
    for begin in range(0, len(versions), BATCH):
        yield versions[begin : begin + BATCH]

"""Index templates and the lookup index of the lists, as shelves of a cluster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from elasticsearch import NotFoundError

from .client import reason_of
from .errors import ClusterError
from .shelf import MARK, digest
from .templates import (
    FINDINGS_INDEX,
    LISTS_INDEX,
    STATE_INDEX,
    findings_template,
    lists_index,
    marked,
    state_template,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch

    from .client import Cluster
    from .shelf import Body

BULK = 1_000  # an even number: a row is two operations
PAGE = 1_000


class Templates:
    """The index templates of findings and states."""

    kind = "index template"

    def __init__(
        self, cluster: Cluster, findings: str = FINDINGS_INDEX, state: str = STATE_INDEX
    ) -> None:
        self._cluster = cluster
        self.wanted: Mapping[str, Body] = {
            findings: findings_template(findings),
            state: state_template(state),
        }

    def installed(self) -> dict[str, str]:
        """Return ours; raise ClusterError where a name is taken by somebody else's."""
        names = ",".join(self.wanted)
        found = _unless_missing(
            self._cluster, lambda client: client.indices.get_index_template(name="*")
        )
        ours = {}
        for row in found["index_templates"] if found else ():
            meta = row["index_template"].get("_meta", {})
            if meta.get("managed_by") == MARK and row["name"] in self.wanted:
                ours[row["name"]] = str(meta.get("digest", ""))
            elif row["name"] in self.wanted:
                raise ClusterError(
                    f"has an index template {row['name']} that Flowtrap did not make",
                    place=self._cluster.place,
                    cure=f"rename or delete it: {names} are Flowtrap's",
                )
        return ours

    def put(self, names: Sequence[str]) -> None:
        """Create or replace templates; indices that exist keep their mapping."""
        for name in names:
            self._cluster.ask(partial(_put_template, name, marked(self.wanted[name])))

    def remove(self, names: Sequence[str]) -> None:
        """Delete templates; the indices that they made stay."""
        for name in names:
            _unless_missing(self._cluster, partial(_delete_template, name))


class Lists:
    """The lookup index; its digest is written last, so that a deploy that was stopped is redone."""

    kind = "lookup index"

    def __init__(
        self, cluster: Cluster, rows: Mapping[str, Body], index: str = LISTS_INDEX
    ) -> None:
        self._cluster = cluster
        self._rows = rows
        self._index = index
        self.wanted: Mapping[str, Body] = {index: {**lists_index(), "rows": dict(rows)}}

    def installed(self) -> dict[str, str]:
        """Return the digest that the index bears."""
        found = _unless_missing(
            self._cluster, lambda client: client.indices.get_mapping(index=self._index)
        )
        if found is None:
            return {}
        meta = found[self._index]["mappings"].get("_meta", {})
        if meta.get("managed_by") != MARK:
            raise ClusterError(
                f"has an index {self._index} that Flowtrap did not make",
                place=self._cluster.place,
                cure="rename or delete it",
            )
        return {self._index: str(meta.get("digest", ""))}

    def put(self, names: Sequence[str]) -> None:
        """Make the index if it is not there, write the rows, take stale ones away."""
        body = lists_index()
        meta = {"managed_by": MARK}
        if not self._cluster.ask(lambda client: client.indices.exists(index=self._index)):
            mappings = {**body["mappings"], "_meta": meta}
            self._cluster.ask(
                lambda client: client.indices.create(
                    index=self._index, settings=body["settings"], mappings=mappings
                )
            )
        self._write()
        done = {**meta, "digest": digest(dict(self.wanted[self._index]))}
        self._cluster.ask(lambda client: client.indices.put_mapping(index=self._index, meta=done))

    def _write(self) -> None:
        operations: list[Body] = []
        for key, row in self._rows.items():
            operations += [{"index": {"_id": key}}, row]
        self._send(operations)
        self._send([{"delete": {"_id": key}} for key in self._stale()])

    def _stale(self) -> Iterator[str]:
        """Yield the ids of rows that are no longer wanted."""
        others = {"bool": {"must_not": {"ids": {"values": list(self._rows)}}}}
        after: list[Any] | None = None
        while True:
            self._cluster.ask(lambda client: client.indices.refresh(index=self._index))
            hits = self._cluster.ask(partial(_page, self._index, others, after))["hits"]["hits"]
            yield from (hit["_id"] for hit in hits)
            if len(hits) < PAGE:
                return
            after = hits[-1]["sort"]

    def _send(self, operations: Sequence[Body]) -> None:
        for begin in range(0, len(operations), BULK):
            part = operations[begin : begin + BULK]
            answer = self._cluster.ask(partial(_bulk, self._index, part))
            refused = [row for item in answer["items"] for row in item.values() if "error" in row]
            if refused:
                raise ClusterError(f"a row was refused: {reason_of(refused[0])}", place=self._index)

    def remove(self, names: Sequence[str]) -> None:
        """Delete the index."""
        _unless_missing(self._cluster, lambda client: client.indices.delete(index=self._index))


def _put_template(name: str, body: Body, client: Elasticsearch) -> Any:
    return client.indices.put_index_template(
        name=name,
        index_patterns=body["index_patterns"],
        priority=body["priority"],
        template=body["template"],
        meta=body["_meta"],
    )


def _delete_template(name: str, client: Elasticsearch) -> Any:
    return client.indices.delete_index_template(name=name)


def _bulk(index: str, operations: Sequence[Body], client: Elasticsearch) -> Any:
    return client.bulk(index=index, operations=operations, refresh=True)


def _page(index: str, query: Body, after: list[Any] | None, client: Elasticsearch) -> Any:
    return client.search(
        index=index,
        query=query,
        size=PAGE,
        sort=["detection", "list", "pattern", "_doc"],
        search_after=after,
        source=False,
    )


def _unless_missing(cluster: Cluster, call: Callable[[Elasticsearch], Any]) -> Any:
    """Return what a call returns, None where what it asks for is not there."""
    try:
        return cluster.ask(call)
    except ClusterError as error:
        if isinstance(error.__cause__, NotFoundError):
            return None
        raise

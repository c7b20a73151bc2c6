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
    STATE_INDEX,
    findings_template,
    marked,
    state_template,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from elasticsearch import Elasticsearch

    from .client import Cluster
    from .shelf import Body

MOST_AT_ONCE = 1_000


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


def installed_index(cluster: Cluster, index: str) -> dict[str, str]:
    """Return the digest that an index of ours bears, by its name; nothing where there is none.

    Raises ClusterError where somebody else made it.
    """
    found = _unless_missing(cluster, lambda client: client.indices.get_mapping(index=index))
    if found is None:
        return {}
    meta = found[index]["mappings"].get("_meta", {})
    if meta.get("managed_by") != MARK:
        raise ClusterError(
            f"has an index {index} that Flowtrap did not make",
            place=cluster.place,
            cure="rename or delete it",
        )
    return {index: str(meta.get("digest", ""))}


class Lists:
    """The lookup index; its digest is written last, so that a deploy that was stopped is redone.

    `wanted` has its settings, mappings and rows (documents by id); None where no index is wanted.
    """

    kind = "lookup index"

    def __init__(self, cluster: Cluster, index: str, wanted: Body | None) -> None:
        self._cluster = cluster
        self._index = index
        self.wanted: Mapping[str, Body] = {index: wanted} if wanted else {}

    def installed(self) -> dict[str, str]:
        """Return the digest that the index bears."""
        return installed_index(self._cluster, self._index)

    def put(self, names: Sequence[str]) -> None:
        """Make the index if it is not there, write the rows, take stale ones away."""
        for name in names:
            body = self.wanted[name]
            self._make(body)
            self._write(body["rows"])
            self._map({"_meta": {"managed_by": MARK, "digest": digest(body)}})

    def _make(self, body: Body) -> None:
        mappings = {**body["mappings"], "_meta": {"managed_by": MARK}}
        if self._cluster.ask(lambda client: client.indices.exists(index=self._index)):
            self._map(mappings)
        else:
            self._cluster.ask(
                lambda client: client.indices.create(
                    index=self._index, settings=body["settings"], mappings=mappings
                )
            )

    def _map(self, mappings: Body) -> None:
        """Add fields to the index, and set what it bears."""
        self._cluster.ask(
            lambda client: client.indices.put_mapping(index=self._index, body=mappings)
        )

    def _write(self, rows: Mapping[str, Body]) -> None:
        self._send([part for key in rows for part in ({"index": {"_id": key}}, rows[key])])
        while stale := self._stale(rows):
            self._send([{"delete": {"_id": key}} for key in stale])

    def _stale(self, rows: Mapping[str, Body]) -> list[str]:
        """Return ids of rows that are no longer wanted, as many as one request takes."""
        others = {"bool": {"must_not": {"ids": {"values": list(rows)}}}}
        found = self._cluster.ask(
            lambda client: client.search(
                index=self._index, query=others, size=MOST_AT_ONCE, source=False
            )
        )
        return [hit["_id"] for hit in found["hits"]["hits"]]

    def _send(self, operations: Sequence[Body]) -> None:
        if not operations:
            return
        answer = self._cluster.ask(partial(_bulk, self._index, operations))
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


def _unless_missing(cluster: Cluster, call: Callable[[Elasticsearch], Any]) -> Any:
    """Return what a call returns, None where what it asks for is not there."""
    try:
        return cluster.ask(call)
    except ClusterError as error:
        if isinstance(error.__cause__, NotFoundError):
            return None
        raise

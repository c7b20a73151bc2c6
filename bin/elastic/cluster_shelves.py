"""Index templates and the lookup index of the lists, as shelves of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elasticsearch import NotFoundError

from .client import ClusterError, reason_of
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
    from collections.abc import Callable, Mapping, Sequence

    from elasticsearch import Elasticsearch

    from .client import Cluster
    from .shelf import Body

BULK = 500


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
            body = marked(self.wanted[name])
            self._cluster.ask(
                lambda client, name=name, body=body: client.indices.put_index_template(
                    name=name,
                    index_patterns=body["index_patterns"],
                    priority=body["priority"],
                    template=body["template"],
                    meta=body["_meta"],
                )
            )

    def remove(self, names: Sequence[str]) -> None:
        """Delete templates; the indices that they made stay."""
        for name in names:
            _unless_missing(
                self._cluster,
                lambda client, name=name: client.indices.delete_index_template(name=name),
            )


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
        ids = list(self._rows)
        for begin in range(0, len(ids), BULK):
            operations: list[dict[str, Any]] = []
            for key in ids[begin : begin + BULK]:
                operations += [{"index": {"_id": key}}, self._rows[key]]
            answer = self._cluster.ask(
                lambda client, operations=operations: client.bulk(
                    index=self._index, operations=operations
                )
            )
            if answer["errors"]:
                first = next(i["index"] for i in answer["items"] if "error" in i["index"])
                raise ClusterError(f"a row was refused: {reason_of(first)}", place=self._index)
        stale = {"bool": {"must_not": {"ids": {"values": ids}}}}
        self._cluster.ask(
            lambda client: client.delete_by_query(
                index=self._index, query=stale, refresh=True, conflicts="proceed"
            )
        )

    def remove(self, names: Sequence[str]) -> None:
        """Delete the index."""
        _unless_missing(self._cluster, lambda client: client.indices.delete(index=self._index))


def _unless_missing(cluster: Cluster, call: Callable[[Elasticsearch], Any]) -> Any:
    """Return what a call returns, None where what it asks for is not there."""
    try:
        return cluster.ask(call)
    except ClusterError as error:
        if isinstance(error.__cause__, NotFoundError):
            return None
        raise

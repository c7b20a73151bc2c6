"""Runtime fields on the integrations' data streams: rules read by them what lies flattened.

A runtime field without a script reads the document's source at its own name, so that nothing is
stored or indexed anew, and documents that are there already are read as well. They are set on the
indices that exist, and for those to come in the component template `TYPE-DATASET@custom`, which
Fleet leaves to the user; what else stands there stays.

Source: Elasticsearch reference, "Define runtime fields in a search request" and "Map a runtime
field"; Fleet guide, "Edit the Elasticsearch index template".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from elasticsearch import NotFoundError

from compiler.elastic import native

from .errors import ClusterError
from .shelf import MARK, digest
from .templates import runtime_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from elasticsearch import Elasticsearch

    from .client import Cluster
    from .shelf import Body


class RuntimeFields:
    """The runtime fields of each index pattern; the template with their digest is written last."""

    kind = "runtime fields of"

    def __init__(self, cluster: Cluster, fields: Mapping[str, Iterable[str]] | None = None) -> None:
        self._cluster = cluster
        given = native.runtime_fields() if fields is None else fields
        self.wanted: Mapping[str, Body] = {
            pattern: runtime_mapping(names) for pattern, names in given.items()
        }

    def installed(self) -> dict[str, str]:
        """Return the digests that the component templates bear."""
        found = {}
        for pattern in self.wanted:
            ours = _meta(self._template(pattern)).get(MARK)
            if ours:
                found[pattern] = str(ours["digest"])
        return found

    def put(self, names: Sequence[str]) -> None:
        """Set the fields of these patterns, those that were ours and are no longer wanted off."""
        for pattern in names:
            wanted = self.wanted[pattern]
            mark = {"digest": digest(wanted), "fields": sorted(wanted)}
            self._set(pattern, wanted, mark)

    def remove(self, names: Sequence[str]) -> None:
        """Take our fields off; the templates stay, with what else is in them."""
        for pattern in names:
            self._set(pattern, {}, None)

    def _set(self, pattern: str, wanted: Body, mark: Body | None) -> None:
        template = self._template(pattern)
        meta = _meta(template)
        stale = dict.fromkeys(set(meta.get(MARK, {}).get("fields", ())) - wanted.keys())
        self._cluster.ask(partial(_put_mapping, pattern, {**stale, **wanted}))
        body = dict(template.get("template", {}))
        mappings = dict(body.get("mappings", {}))
        kept = {k: v for k, v in mappings.get("runtime", {}).items() if k not in stale}
        mappings["runtime"] = {**kept, **wanted}
        marked = {key: value for key, value in meta.items() if key != MARK}
        if mark:
            marked[MARK] = mark
        whole = {**template, "template": {**body, "mappings": mappings}, "_meta": marked}
        self._cluster.ask(partial(_put_template, _custom(pattern), whole))

    def _template(self, pattern: str) -> Body:
        """Return the component template of a pattern, {} where there is none."""
        name = _custom(pattern)
        try:
            answer = self._cluster.ask(
                lambda client: client.cluster.get_component_template(name=name)
            )
        except ClusterError as error:
            if isinstance(error.__cause__, NotFoundError):
                return {}
            raise
        found: Body = answer["component_templates"][0]["component_template"]
        return found


def _custom(pattern: str) -> str:
    """Return the template's name: `logs-gcp.audit@custom` for `logs-gcp.audit-*`."""
    return f"{pattern.removesuffix('-*')}@custom"


def _meta(template: Body) -> Body:
    return dict(template.get("_meta", {}))


def _put_mapping(pattern: str, runtime: Body, client: Elasticsearch) -> Any:
    return client.indices.put_mapping(
        index=pattern, runtime=runtime, allow_no_indices=True, ignore_unavailable=True
    )


def _put_template(name: str, body: Body, client: Elasticsearch) -> Any:
    return client.cluster.put_component_template(
        name=name, template=body["template"], version=body.get("version"), meta=body["_meta"]
    )

"""The index that maps every column of the rules' queries, as a shelf of a cluster.

It holds no document. A query fails over a column that no index maps, and the integrations map many
a field only when the first document has it: `event.original`, where it is never kept, not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.elastic.native import COLUMNS_INDEX

from .cluster_shelves import installed_index
from .shelf import MARK, digest
from .templates import SETTINGS, columns_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .client import Cluster
    from .shelf import Body


class Columns:
    """The index of columns; it is made anew where its mapping differs, for it holds nothing."""

    kind = "index of columns"

    def __init__(self, cluster: Cluster, index: str = COLUMNS_INDEX) -> None:
        self._cluster = cluster
        self._index = index
        self.wanted: Mapping[str, Body] = {index: columns_mapping()}

    def installed(self) -> dict[str, str]:
        """Return the digest that the index bears."""
        return installed_index(self._cluster, self._index)

    def put(self, names: Sequence[str]) -> None:
        """Make the index, or make it anew."""
        self.remove(names)
        body = self.wanted[self._index]
        meta = {"managed_by": MARK, "digest": digest(body)}
        self._cluster.ask(
            lambda client: client.indices.create(
                index=self._index, settings=SETTINGS, mappings={**body, "_meta": meta}
            )
        )

    def remove(self, names: Sequence[str]) -> None:
        """Delete the index."""
        self._cluster.ask(
            lambda client: client.indices.delete(index=self._index, ignore_unavailable=True)
        )

"""The documents of one KV store collection, by key and by query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import SplunkdError

if TYPE_CHECKING:
    from .splunkd import Splunkd


class KVRows:
    """One collection of the add-on. Its calls raise SplunkdError."""

    def __init__(self, splunkd: Splunkd, collection: str) -> None:
        self._splunkd = splunkd
        self._path = f"storage/collections/data/{collection}"

    def insert(self, row: dict[str, Any]) -> bool:
        """Insert a row, which has a `_key` and a `token`; tell whether its key was free."""
        try:
            self._splunkd.post(self._path, row)
        except SplunkdError as error:
            if error.status != 409:
                raise
            found = self.read(row["_key"])  # an answer that was lost, and sent again
            return found is not None and found.get("token") == row["token"]
        return True

    def put(self, *rows: dict[str, Any]) -> None:
        """Write rows, each in the place of the one with its key, if there is one."""
        self._splunkd.post(f"{self._path}/batch_save", list(rows))

    def read(self, key: str) -> dict[str, Any] | None:
        """Return a row, None where there is none."""
        try:
            row: dict[str, Any] = self._splunkd.get(f"{self._path}/{quote(key, safe='')}")
        except SplunkdError as error:
            if error.status != 404:
                raise
            return None
        return row

    def find(self, **query: Any) -> list[dict[str, Any]]:
        """Return the rows that a query of the KV store finds."""
        rows: list[dict[str, Any]] = self._splunkd.get(self._path, query=query)
        return rows

    def delete(self, **query: Any) -> None:
        """Delete the rows that a query finds."""
        self._splunkd.delete(self._path, query=query)

"""How far each input has come: one record each in the KV store, written after its events are out.

A record tells its version, the input it belongs to and a checksum. One that is damaged, of a later
version or another input's is reported and set aside as `<input>:unusable`; the input then goes on
as if it were new. So events may come twice, and none is missed: never fatal, never silent.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import StateError
from flowtrap_splunk.kv_rows import KVRows
from flowtrap_splunk.splunkd import Splunkd

if TYPE_CHECKING:
    import logging

    from .health import Health

COLLECTION = "flowtrap_checkpoints"
VERSION = 1
MOST_BYTES = 1_000_000


class Checkpoints:
    """The records; `name` is an input's, such as flowtrap_workspace://corp. Raises SplunkdError."""

    def __init__(self, rows: KVRows, health: Health, log: logging.Logger) -> None:
        self._rows, self._health, self._log = rows, health, log

    def load(self, name: str) -> dict[str, Any] | None:
        """Return an input's record, None where there is none that can be used."""
        row = self._rows.read(key_of(name))
        if row is None:
            return None
        problem = _problem(row, name)
        if not problem:
            record: dict[str, Any] = json.loads(row["content"])
            return record
        self._health.error("checkpoint")
        self._log.error(
            "%s: the checkpoint %s; it is set aside, and events since the input's start are "
            "fetched again", name, problem,
        )  # fmt: skip
        self._rows.put({**row, "_key": f"{key_of(name)}:unusable"})
        return None

    def save(self, name: str, record: dict[str, Any]) -> None:
        """Replace an input's record, at once or not at all; raise StateError beyond 1 MB."""
        content = json.dumps(record, separators=(",", ":"))
        if len(content) > MOST_BYTES:
            raise StateError(f"is {len(content):,} bytes", place=f"checkpoint of {name}")
        self._rows.put(
            {
                "_key": key_of(name),
                "input": name,
                "version": VERSION,
                "sha256": _checksum(content),
                "content": content,
                "saved_at": time.time(),
            }
        )


def key_of(name: str) -> str:
    """Return the key of an input's record, which has no slash: it is a part of an address."""
    return name.replace("://", ":")


def forget(uri: str, session_key: str, kind: str, name: str) -> None:
    """Delete all that is kept of an input, as the input itself is deleted. Raises SplunkdError."""
    KVRows(Splunkd(uri, session_key), COLLECTION).delete(input=f"{kind}://{name}")


def _problem(row: dict[str, Any], name: str) -> str:
    """Return why a row cannot be used, "" if it can."""
    version, content = row.get("version"), row.get("content")
    if not isinstance(version, int) or not isinstance(content, str):
        return "is damaged"
    if version > VERSION:
        return f"was written by a later version of the add-on ({version})"
    if row.get("input") != name:
        return f"belongs to {str(row.get('input'))[:200]!r}"
    return "" if row.get("sha256") == _checksum(content) else "is damaged"


def _checksum(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()

"""A mapping as data: which native field is which field of a document, read in both directions.

Example: `Row("eventSource", "event.provider")`. Where several rows name one native field, a
document gets all of theirs and a record is read from the first that is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .paths import EMPTY, at, pruned, put, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    Record = dict[str, Any]


def same(value: Any) -> Any:
    """Return the value as it is."""
    return value


def nothing(value: Any) -> None:
    """Say that this direction cannot be taken."""


class Row(NamedTuple):
    """One field in both places. `forth` makes the document's value, `back` the record's.

    Either returns None where it has none to give. Paths are joined by dots.
    """

    native: str
    document: str
    forth: Callable[[Any], Any] = same
    back: Callable[[Any], Any] = same


class Mapped(NamedTuple):
    """How the records of a feed look in one data set of an integration.

    `base` is where the pipeline puts the whole record before it renames members of it ("": it
    keeps nothing but the rows). `is_ours(record)` tells which native records go to this data set.
    `finish(document, record)` and `restore(record, document)` do what is no matter of one field.
    `lost` names what no field bears. `sign` is the field that only such documents have, where it is
    not the data set's name.
    """

    dataset: str
    feed: str
    base: str
    rows: tuple[Row, ...]
    is_ours: Callable[[Mapping[str, Any]], bool]
    lost: tuple[str, ...] = ()
    finish: Callable[[Record, Mapping[str, Any]], None] = lambda document, record: None
    restore: Callable[[Record, Mapping[str, Any]], None] = lambda record, document: None
    sign: str = ""


def to_document(mapped: Mapped, record: Mapping[str, Any]) -> Record:
    """Return the document that the integration makes of a native record, without the original."""
    kept = pruned(dict(record))
    document: Record = {}
    moved = []
    for row in mapped.rows:
        value = _there(record, row.native)
        if value not in EMPTY:
            value = row.forth(value)
            if value is not None:
                moved.append((row.document, value))
    if mapped.base:
        for row in mapped.rows:
            take(kept, row.native)
        put(document, mapped.base, kept)
    for path, value in moved:
        put(document, path, value)
    mapped.finish(document, record)
    put(document, "event.dataset", mapped.dataset)
    put(document, "data_stream.dataset", mapped.dataset)
    return pruned(document)  # type: ignore[no-any-return]


def to_record(mapped: Mapped, document: Mapping[str, Any]) -> Record:
    """Return the native record that a document tells; fields that it lacks are absent."""
    record: Record = {}
    if mapped.base:
        base = at(document, mapped.base)
        record = _copied(base) if isinstance(base, dict) else {}
        prefix = f"{mapped.base}."
        for row in mapped.rows:
            if row.document.startswith(prefix):
                take(record, row.document[len(prefix) :])
    for row in mapped.rows:
        if _there(record, row.native) not in EMPTY:
            continue
        value = at(document, row.document)
        value = row.back(value) if value not in EMPTY else None
        if value is not None:
            put(record, row.native, value)
    mapped.restore(record, document)
    return record


def _there(node: Any, path: str) -> Any:
    """Return what lies at a nested path of a native record, else None."""
    for step in path.split("."):
        if not isinstance(node, dict):
            return None
        node = node.get(step)
    return node


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(below) for key, below in value.items()}
    return value

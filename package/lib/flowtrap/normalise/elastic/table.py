"""All data sets that Flowtrap reads, and the two directions over them.

    document = integration_doc(record)                  # what the integration stores of a record
    record = as_native(document)                        # and the record that its fields tell

A document that kept `event.original` is taken apart by `feed.wrappers` before it comes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import aws, azure, gcp, google_workspace, o365
from .paths import at, put
from .rows import Mapped, to_document, to_record

if TYPE_CHECKING:
    from collections.abc import Mapping

MAPPED: tuple[Mapped, ...] = (
    aws.CLOUDTRAIL,
    aws.VPCFLOW,
    gcp.AUDIT,
    azure.GRAPH,
    azure.SIGNINS,
    azure.AUDIT,
    azure.FUNCTIONS,
    azure.PLATFORM,
    azure.ACTIVITY,
    o365.AUDIT,
    google_workspace.REPORTS,
)
_SIGNS = tuple((mapped.sign or mapped.dataset, mapped) for mapped in MAPPED)
_ROOTS = frozenset(sign.partition(".")[0] for sign, _ in _SIGNS)


def data_set_of(document: Mapping[str, Any]) -> Mapped | None:
    """Return the data set that a document is of, told by the fields that only it has."""
    if _ROOTS.isdisjoint(document) and not any(
        key.__class__ is str and key.partition(".")[0] in _ROOTS for key in document
    ):
        return None
    return next((one for sign, one in _SIGNS if at(document, sign) is not None), None)


def as_native(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the native record that a document tells; any other record as it is."""
    mapped = data_set_of(record)
    return to_record(mapped, record) if mapped else record


def integration_doc(record: Mapping[str, Any], *, original: str | None = None) -> dict[str, Any]:
    """Return the `_source` that an integration makes of one native record.

    `original` is kept as `event.original` if given. Raises ValueError for a record that is of no
    data set, RecordError for one without a time.
    """
    for mapped in MAPPED:
        if mapped.is_ours(record):
            document = to_document(mapped, record)
            if original is not None:
                put(document, "event.original", original)
            return document
    raise ValueError("no integration has such a record")

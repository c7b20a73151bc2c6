"""The integration "Microsoft 365": data set o365.audit.

The pipeline puts a record whole under `o365.audit`, makes objects of its lists of names and values,
and renames some members by the kind of record.

Source: elastic/integrations, packages/o365, audit: exported fields and sample event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.normalise import m365_audit

from .aws import moment
from .paths import at, put
from .rows import Mapped, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

_AUDIT = "o365.audit"
_FILES = ("SharePointFileOperation", "SharePointSharingOperation")
_EXCHANGE = ("ExchangeAdmin", "ExchangeItem")
_CODES = {  # RecordType -> event.code, of the records that a stage reads
    "1": "ExchangeAdmin",
    "2": "ExchangeItem",
    "3": "ExchangeItemGroup",
    "4": "SharePoint",
    "6": _FILES[0],
    "8": "AzureActiveDirectory",
    "14": _FILES[1],
    "15": "AzureActiveDirectoryStsLogon",
    "30": "MicrosoftFlow",
    "50": "ExchangeItemAggregated",
}


def _second(value: Any) -> Any:
    """Return a document's time without its zone, as the audit log writes it."""
    return value[:19] if isinstance(value, str) and value[10:11] == "T" else value


def _object_of(rows: Any) -> Any:
    """Return a list of names and values as an object."""
    if not isinstance(rows, list):
        return None
    pairs = [one for one in rows if isinstance(one, dict) and one.get("Value") is not None]
    return {str(one.get("Name")): one["Value"] for one in pairs}


def _changes_of(rows: Any) -> Any:
    """Return changed properties as an object; spaces and dots in names become underscores."""
    if not isinstance(rows, list):
        return None
    return {
        str(one.get("Name")).replace(" ", "_").replace(".", "_"): {
            "NewValue": one["NewValue"],
            "OldValue": one["OldValue"],
        }
        for one in rows
        if isinstance(one, dict)
        and one.get("NewValue") is not None
        and one.get("OldValue") is not None
    }


def _changes_back(rows: Any) -> Any:
    """Return changed properties under the names that hold a dot, as the records write them."""
    if not isinstance(rows, dict):
        return rows
    prefixes = ("ConsentAction_", "ConsentContext_", "ServicePrincipal_", "TargetId_")
    return {
        key.replace("_", ".", 1) if key.startswith(prefixes) else key: value
        for key, value in rows.items()
    }


ROWS = (
    Row("CreationTime", "@timestamp", moment, _second),
    Row("Id", "event.id"),
    Row("Operation", "event.action"),
    Row("Workload", "event.provider"),
    Row("OrganizationId", "organization.id"),
    Row("UserAgent", "user_agent.original"),
    Row("Parameters", f"{_AUDIT}.Parameters", _object_of),
    Row("ExtendedProperties", f"{_AUDIT}.ExtendedProperties", _object_of),
    Row("ModifiedProperties", f"{_AUDIT}.ModifiedProperties", _changes_of, _changes_back),
)
_CLIENTS = ("ClientIPAddress", "ClientIP", "ActorIpAddress")


def _done(document: dict[str, Any], record: Mapping[str, Any]) -> None:
    """Move what the pipeline moves by the kind of record, and tell the caller's address."""
    audit = at(document, _AUDIT)
    audit = audit if isinstance(audit, dict) else {}
    code = _CODES.get(str(record.get("RecordType")), "")
    if code:
        put(document, "event.code", code)
    if audit.get("UserId"):
        put(document, "user.id", audit["UserId"])
    shown = next((audit.pop(name) for name in _CLIENTS if audit.get(name)), None)
    if shown is not None:
        put(document, "client.address", _host(str(shown)))
    if code in _FILES and audit.get("ObjectId"):
        put(document, "url.original", audit.pop("ObjectId"))
    if code == "ExchangeItem" and audit.get("MailboxOwnerUPN"):
        put(document, "user.email", audit.pop("MailboxOwnerUPN"))
    if code in _EXCHANGE and audit.get("OrganizationName"):
        put(document, "organization.name", audit.pop("OrganizationName"))
    put(document, "event.outcome", _outcome(record))
    put(document, "event.kind", "event")


def _host(shown: str) -> str:
    """Return an address without its port: `[2001:db8::1]:443`, `192.0.2.1:443`."""
    if shown.startswith("["):
        return shown[1:].partition("]")[0]
    return shown.partition(":")[0] if shown.count(":") == 1 else shown


def _outcome(record: Mapping[str, Any]) -> str:
    return (
        "failure"
        if str(record.get("ResultStatus", "")).lower() in ("failed", "false")
        else "success"
    )


def _restored(record: dict[str, Any], document: Mapping[str, Any]) -> None:
    """Put back what was moved by the kind of record."""
    code = at(document, "event.code")
    for name, field in (("UserId", "user.id"), ("ClientIP", "client.address")):
        value = at(document, field)
        if not record.get(name) and isinstance(value, str):
            record[name] = value
    shown = at(document, "client.ip") or at(document, "source.ip")
    if "ClientIP" not in record and isinstance(shown, str):
        record["ClientIP"] = shown
    name = at(document, "organization.name")
    if code in _EXCHANGE and "OrganizationName" not in record and isinstance(name, str):
        record["OrganizationName"] = name
    url, mailbox = at(document, "url.original"), at(document, "user.email")
    if code in _FILES and "ObjectId" not in record and isinstance(url, str):
        record["ObjectId"] = url
    if code == "ExchangeItem" and "MailboxOwnerUPN" not in record and isinstance(mailbox, str):
        record["MailboxOwnerUPN"] = mailbox


AUDIT = Mapped(
    _AUDIT,
    "m365_audit",
    _AUDIT,
    ROWS,
    m365_audit.recognise,
    lost=(
        "ModifiedProperties without an old or a new value",
        "dots and spaces in names of ModifiedProperties",
        "the port of an address",
        "the order of Parameters",
    ),
    finish=_done,
    restore=_restored,
)

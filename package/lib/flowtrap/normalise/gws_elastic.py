"""Elastic documents of Workspace activities that kept no original: rebuilt from their fields.

Example: `{"event": {"action": "copy", "provider": "drive"}, "google_workspace": {"drive":
{"copy_type": "external", "file": {"id": "1Example"}}}}` becomes an activity of drive with the
member `copy` and the parameters copy_type and doc_id.

Source: Elastic integration "Google Workspace", exported fields of drive, token, admin, login and
user_accounts; the names of the API's parameters are the last part of a field's name elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILY = "google_workspace"
# parameter of the API -> where the document has it (below google_workspace.APPLICATION)
_RENAMED = {
    "doc_id": "file.id",
    "doc_type": "file.type",
    "doc_title": "file.name",
    "owner": "file.owner.email",
    "target_user": "target",
    "client_id": "client.id",
    "client_type": "client.type",
    "scope": "scope.value",
    "scope_data": "scope.data",
    "API_CLIENT_NAME": "api.client.name",
    "API_SCOPES": "api.scopes",
}
_HEAD = {
    "time": "@timestamp",
    "uniqueQualifier": "event.id",
    "applicationName": "event.provider",
    "customerId": "organization.id",
}
_EMAILS = ("source.user.email", "user.email", f"{_FAMILY}.actor.email")
_PROFILES = ("source.user.id", "user.id", f"{_FAMILY}.actor.profile_id")


def is_document(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is such a document."""
    if isinstance(record.get("id"), dict) or isinstance(record.get("name"), str):
        return False
    known = _FAMILY in record or any(key.startswith(f"{_FAMILY}.") for key in record)
    return known and at(record, "event.action") is not None


def rebuilt(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the activity that a document tells, of one member."""
    provider = str(at(document, "event.provider") or "")
    own = at(document, f"{_FAMILY}.{provider}")
    parameters = dict(own) if isinstance(own, dict) else {}
    for name, path in _RENAMED.items():
        value = at(document, f"{_FAMILY}.{provider}.{path}")
        if value is None and path.startswith("file."):
            value = at(document, path)
        if value is not None:
            parameters[name] = value
    actor = {
        "email": _first(document, _EMAILS),
        "profileId": _first(document, _PROFILES),
        "callerType": at(document, f"{_FAMILY}.actor.type"),
    }
    return {
        "id": {name: at(document, path) for name, path in _HEAD.items()},
        "actor": actor,
        "ipAddress": at(document, "source.ip"),
        "event": {"name": at(document, "event.action"), "parameters": parameters},
    }


def at(node: Any, path: str) -> Any:
    """Return what lies at a path, whether its steps are nested or joined by dots, else None."""
    if not path:
        return node
    if not isinstance(node, dict):
        return None
    if path in node:
        return node[path]
    head, tail = path, ""
    while "." in head:
        head, _, last = head.rpartition(".")
        tail = f"{last}.{tail}" if tail else last
        if head in node:
            return at(node[head], tail)
    prefix = f"{path}."
    below = {key[len(prefix) :]: value for key, value in node.items() if key.startswith(prefix)}
    return below or None


def _first(document: Mapping[str, Any], paths: tuple[str, ...]) -> Any:
    return next((value for value in (at(document, path) for path in paths) if value), None)

"""The shapes in which one act of Google Workspace arrives, read as one.

An activity of the Reports API has up to five members, `events[]`; collectors send one of them as
`event` (Splunk), as `events` (Elastic), or spread it over the record (Panther, gsuite:drive:json).
Parameters are a list of typed values, or a mapping. `Activity` hides all that.

Example: `{"name": "scope", "multiValue": ["openid"]}`, `{"scope": ["openid"]}` and
`{"scope": "openid"}` are one parameter.

Sources: Admin SDK Reports API, activities.list (Activity resource); events.md, sections 8 and 10.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from flowtrap.model.event import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = Union[str, "list[Any]", "dict[str, Any]", None]
_NOTHING: dict[str, Any] = {}  # stands for a part that a record lacks; never written to
_VALUES = (
    "value", "intValue", "boolValue", "multiValue", "multiIntValue", "multiBoolValue",
    "messageValue", "multiMessageValue",
)  # fmt: skip
_TIMES = ("time", "p_event_time", "@timestamp", "timestamp", "_time")
_EMAILS = ("email", "user_email", "userEmail")
# Copies that do not name the application show it by a parameter that only it has.
_APPLICATIONS = {
    "doc_id": "drive",
    "client_id": "token",
    "API_CLIENT_NAME": "admin",
    "email_forwarding_destination_address": "user_accounts",
}
_ADDRESSES = ("ipAddress", "ip_address", "ip")


class Activity(NamedTuple):
    """One member of an activity; texts are "" where the record has no value."""

    time: Any
    customer: str
    owner_domain: str
    qualifier: str
    application: str
    name: str
    email: str
    profile: str
    caller_type: str
    src: str
    app: Mapping[str, Any]
    parameters: dict[str, Any]

    def all(self, *names: str) -> tuple[str, ...]:
        """Return the texts of the first of these parameters that has any, without repeats."""
        for name in names:
            found = tuple(dict.fromkeys(_texts(self.parameters.get(name))))
            if found:
                return found
        return ()

    def one(self, *names: str) -> str:
        """Return the first text of the first of these parameters that has any, else ""."""
        for name in names:
            found = self.parameters.get(name)
            if found.__class__ is str:
                return found
            if found is not None:
                for part in _texts(found):
                    return part
        return ""


def read(record: Mapping[str, Any]) -> Activity:
    """Return what a record tells of one act; parts of an unexpected type are no value."""
    member = member_of(record)
    identity, actor = _part(record, "id"), _part(record, "actor")
    parameters = _parameters(member)
    application = text(identity.get("applicationName")) or text(record.get("applicationName"))
    return Activity(
        time=identity.get("time") or _first(record, _TIMES),
        customer=text(identity.get("customerId")) or text(_first(record, ("customerId",))),
        owner_domain=text(record.get("ownerDomain")).lower(),
        qualifier=text(identity.get("uniqueQualifier")),
        application=application.lower() or _application_of(parameters),
        name=text(member.get("name")),
        email=(text(actor.get("email")) or text(_first(record, _EMAILS))).lower(),
        profile=text(actor.get("profileId")) or text(record.get("profileId")) or _key(actor),
        caller_type=text(actor.get("callerType")).upper(),
        src=text(_first(record, _ADDRESSES)),
        app=_part(actor, "applicationInfo"),
        parameters=parameters,
    )


def member_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the member of `events` that a record is about; the record itself if it is spread."""
    for name in ("event", "events"):
        member = record.get(name)
        if isinstance(member, list):
            member = next((item for item in member if isinstance(item, dict)), None)
        if isinstance(member, dict) and "name" in member:
            return member
    return record


def activity_id(activity: Activity, when_ms: int) -> str:
    """Return the id of an act, equal in every shape and in every application that reports it.

    Copies without the vendor's own qualifier are told apart by who acted as well.
    """
    parts: list[Any] = [activity.customer, when_ms, activity.qualifier]
    if not activity.qualifier:
        parts += [activity.email or activity.profile, activity.src]
    parts += [activity.name.lower(), activity.parameters]
    line = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def text(value: Any) -> str:
    """Return a scalar as text, booleans as JSON writes them, "" for what is no value."""
    if isinstance(value, str):
        value = value.strip()
        return "" if value in NO_VALUE else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else ""


def _application_of(parameters: Mapping[str, Any]) -> str:
    return next((name for own, name in _APPLICATIONS.items() if own in parameters), "")


def _key(actor: Mapping[str, Any]) -> str:
    # Example: {"callerType": "KEY", "key": "SYSTEM"}
    return text(actor.get("key")) if text(actor.get("callerType")).upper() == "KEY" else ""


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part that is a mapping; dotted columns of a table stand for one."""
    part = record.get(name)
    if isinstance(part, dict):
        return part
    dotted = f"{name}."
    found = {key[len(dotted) :]: value for key, value in record.items() if key.startswith(dotted)}
    return found or _NOTHING


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((record[name] for name in names if record.get(name) not in NO_VALUE), None)


def _parameters(member: Mapping[str, Any]) -> dict[str, Any]:
    given: Any = member.get("parameters")
    if isinstance(given, str):
        given = _decoded(given)
    return _mapping(given if given is not None else _part(member, "parameters"))


def _decoded(given: str) -> Any:
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return None


def _mapping(given: Any) -> dict[str, Any]:
    """Return parameters, a list of typed values or a mapping, by name; empty ones left out."""
    found: dict[str, Any] = {}
    if isinstance(given, list):
        for row in given:
            if isinstance(row, dict) and isinstance(row.get("name"), str):
                value = _value(row)
                if value:
                    found[row["name"]] = value
    elif isinstance(given, dict):
        for name, part in given.items():
            value = _plain(part)
            if value:
                found[str(name)] = value
    return found


def _value(row: Mapping[str, Any]) -> Value:
    for name in _VALUES:
        if name in row:
            found = _plain(row[name])
            if found:
                return found
    return None


def _plain(value: Any) -> Value:
    """Return a value without the API's types: text, a list of two or more, or a mapping."""
    if value.__class__ is str:
        return text(value) or None
    if isinstance(value, list):
        items = [item for item in map(_plain, value) if item]
        return items[0] if len(items) == 1 else items
    if isinstance(value, dict):
        # Example: {"parameter": [{"name": "scope_name", "value": "https://mail.google.com/"}]}
        inside = value.get("parameter")
        if isinstance(inside, list):
            return _mapping(inside)
        typed = [name for name in _VALUES if name in value]
        return _value(value) if typed and len(typed) == len(value) else _mapping(value)
    return text(value) or None


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [item for part in value for item in _texts(part)]
    return [value] if isinstance(value, str) else []


def messages(activity: Activity, name: str) -> list[dict[str, Any]]:
    """Return the mappings that a parameter of type message holds."""
    value = activity.parameters.get(name)
    return [item for item in (value if isinstance(value, list) else [value]) if type(item) is dict]


def domains_of(host: str) -> tuple[str, ...]:
    """Return a host and the domains it lies in: a.b.example.com, b.example.com, example.com."""
    parts = host.split(".")
    return tuple(".".join(parts[n:]) for n in range(len(parts) - 1))

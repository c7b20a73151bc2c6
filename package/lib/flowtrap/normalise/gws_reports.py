"""Activities of the Google Workspace Reports API become events: who did what, by which app.

One event is one member of an activity (`feed.wrappers` takes activities apart). Fields that every
act has are read here; those of a kind of act by `gws_drive` and `gws_apps`, from a table.

Example: a `token` activity `authorize` becomes an event with client_id, app, scopes, scope_kind
("mail", "personal", "data", "send") and `summary` "authorize Untitled project (…) for
ann@example.com: https://mail.google.com/".

Sources: Admin SDK Reports API, activities.list and the activity event names of drive, token,
login, user_accounts and admin; events.md, section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec
from flowtrap.model.finding import rfc3339

from . import gws_apps, gws_drive
from .gws_activity import Activity, activity_id, member_of, read
from .times import time_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

NAME = "gws_reports"
_KINDS = ("admin#reports#activity", "reports#activity", "audit#activity")
_PANTHER = "GSuite.ActivityEvent"
# Applications that report acts of the customer's own users only: their domain is a home domain.
# An outsider shows in drive (files shared with him), and a reseller in admin.
_OF_MEMBERS = ("token", "login", "user_accounts")
# name of the act -> what reads it and returns its summary
_ACTS: dict[str, Callable[[Activity, Fields], str]] = {**gws_drive.ACTS, **gws_apps.ACTS}


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is an activity, or one member of it in any collector's shape."""
    if record.get("kind") in _KINDS or record.get("p_log_type") == _PANTHER:
        return True
    identity, actor = record.get("id"), record.get("actor")
    if isinstance(identity, dict):
        return "applicationName" in identity or {"customerId", "time"} <= identity.keys()
    if isinstance(actor, dict) and ("email" in actor or "profileId" in actor):
        member = member_of(record)
        return member is not record and ("parameters" in member or "type" in member)
    # Example: {"name": "view", "email": "ann@example.com", "ip_address": "…", "parameters": {…}}
    # Example (a table's row): {"id.applicationName": "drive", "actor.email": …, "name": "view"}
    flat = isinstance(record.get("name"), str) and "parameters" in record and "email" in record
    return flat or "id.applicationName" in record


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a record tells. Raises RecordError where its time is no good."""
    activity = read(record)
    when = time_ms(activity.time)
    fields: Fields = {}
    _read_actor(fields, activity)
    given = (
        ("action", activity.name),
        ("application", activity.application),
        ("at", rfc3339(when)),
        ("src", activity.src),
        ("user_agent", activity.one("user_agent", "USER_AGENT")),
        (
            "account",
            activity.customer or activity.owner_domain or str(fields.get("actor_domain", "")),
        ),
        ("outcome", _outcome(activity.name)),
    )
    fields.update({name: value for name, value in given if value})
    summary = _ACTS.get(activity.name.lower(), _other)(activity, fields)
    fields["summary"] = summary if summary.isprintable() else " ".join(summary.split())
    return Event(NAME, activity_id(activity, when), when, fields, record)


def is_plain(name: str) -> bool:
    """Tell whether no act of a name writes a script, opens a file or asks for an address."""
    return _ACTS.get(name.lower(), _other) in (_other, gws_drive.any_file)


def _read_actor(fields: Fields, activity: Activity) -> None:
    """Read who acted, and the names by which acts of one person meet.

    `identity` is the act's own side of a join, `identities` what an act asks for. The address
    decides; where one of two records has none, the profile id does.
    """
    email, profile = activity.email, activity.profile
    actor = email or profile
    if not actor:
        return
    fields["actor"] = actor
    if profile:
        fields["actor_id"] = profile
    if activity.caller_type:
        fields["caller_type"] = activity.caller_type
    if email:
        fields["identity"] = (email, f"profile {profile} named") if profile else email
        fields["identities"] = (email, f"profile {profile} unnamed") if profile else email
        _read_domain(fields, activity)
    else:
        fields["identity"] = f"profile {profile} unnamed"
        fields["identities"] = (f"profile {profile} named", f"profile {profile} unnamed")


def _read_domain(fields: Fields, activity: Activity) -> None:
    _, at, domain = activity.email.rpartition("@")
    if not at or not domain:
        return
    fields["actor_domain"] = domain
    if activity.application in _OF_MEMBERS and "EXTERNAL" not in activity.caller_type:
        fields["home_domain"] = domain


def _outcome(name: str) -> str:
    lower = name.lower()
    return "failure" if "failure" in lower or "blocked" in lower else "success"


def _other(activity: Activity, fields: Fields) -> str:
    """Return the summary of an act that nothing special is known of: its first parameter.

    Example: `CREATE_USER USER_EMAIL ann@example.com`
    """
    name = activity.name or "an act"
    for parameter, value in activity.parameters.items():
        if isinstance(value, str) and parameter not in ("primary_event", "billable"):
            return f"{name} {parameter} {value[:200]}"
    return name


SPEC = FeedSpec(NAME, recognise, normalise)

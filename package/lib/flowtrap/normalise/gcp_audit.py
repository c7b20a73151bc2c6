"""Cloud Audit Logs become events: who called, from where, what was done to what, and if it worked.

Fields that every entry has are read at once, the rest by the called service. Entries of other logs
that come in the same export (request logs, flow logs) are events without action, which no stage
matches; Apps Script's own logs are another feed.

Example: an entry with `"methodName": "SetIamPolicy"` and `"serviceName":
"cloudresourcemanager.googleapis.com"` becomes an event with action SetIamPolicy, actor, account,
added and `summary` "SetIamPolicy on projects/p: added roles/owner to user:eve@example.org".

Sources: Cloud Logging, "LogEntry"; Cloud Audit Logs, "AuditLog" and "Understanding audit logs".
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import RecordError
from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from . import gcp_audit_functions as functions
from . import gcp_audit_iam as iam
from . import gcp_audit_targets as targets
from . import gcp_names as names
from .gcp_parts import Part, is_true, mapping, member, payload_of, pick, rows, words
from .times import CURE, time_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

NAME = "gcp_audit"
_SCRIPTS = ("script.googleapis.com", "app_script_function")  # the feed gws_script_logs
_LOG = re.compile(r"(projects|organizations|folders|billingAccounts)/([^/]+)/logs/(.+)")
_TIMES = (
    *("timestamp", "@timestamp", "p_event_time", "eventTime"),
    *("protoPayload.requestMetadata.requestAttributes.time", "receiveTimestamp"),
    "requestMetadata.requestAttributes.time",
)
_NOT_DIGITS = re.compile(r"\D+")
_VERSIONED = re.compile(r"(?:v\d\w*|beta|alpha)\.(?=[a-z])")
_SERVICES = (  # beginning of a method's name -> its service, for copies without serviceName
    ("google.cloud.functions.", "cloudfunctions"),
    ("google.cloud.run.", "run"),
    ("google.iam.admin.", "iam"),
    ("google.iam.credentials.", "iamcredentials"),
    ("google.devtools.cloudbuild.", "cloudbuild"),
    ("google.cloud.secretmanager.", "secretmanager"),
    ("google.cloud.resourcemanager.", "cloudresourcemanager"),
    ("google.api.apikeys.", "apikeys"),
    ("google.logging.", "logging"),
    ("storage.", "storage"),
    ("Generate", "iamcredentials"),
    ("Sign", "iamcredentials"),
)
_OWNERS = (  # what a resource's path ends like -> its service, for policies in such copies
    (re.compile(r"^(projects|organizations|folders)/[^/]+$"), "cloudresourcemanager"),
    (re.compile(r"/functions/[^/]+$"), "cloudfunctions"),
    (re.compile(r"/(services|jobs)/[^/]+$"), "run"),
    (re.compile(r"/serviceAccounts/[^/]+$"), "iam"),
    (re.compile(r"/buckets/[^/]+$"), "storage"),
    (re.compile(r"/secrets/[^/]+$"), "secretmanager"),
)
_CALLS: dict[str, tuple[dict[str, Any], Any]] = {
    "cloudfunctions": (functions.WRITES, functions.call),
    "run": (functions.WRITES, functions.call),
    "iam": (iam.CALLS, targets.other_call),
    "iamcredentials": (iam.TOKEN_CALLS, targets.other_call),
    "secretmanager": ({}, targets.secret_call),
    "storage": ({}, targets.storage_call),
    "cloudbuild": ({"createbuild": targets.build_call}, targets.other_call),
    "compute": ({}, targets.compute_call),
}
_OTHERS: tuple[dict[str, Any], Any] = ({}, targets.other_call)
_REFUSED = {"7": "PERMISSION_DENIED", "16": "UNAUTHENTICATED"}
_FAILED_SEVERITIES = ("ERROR", "CRITICAL", "ALERT", "EMERGENCY")


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is a log entry of Google Cloud, other than Apps Script's."""
    log = words(record, "logName")
    if _SCRIPTS[0] in log or words(record, "resource.type") == _SCRIPTS[1]:
        return False
    if _LOG.match(log):
        return True
    payload = payload_of(record)
    if payload is record or "methodName" in record:
        # Example: an AuditLog alone, {"serviceName": "run.googleapis.com", "methodName": …}
        return isinstance(record.get("serviceName"), str) and "authenticationInfo" in record
    return bool(payload) and (bool(words(payload, "methodName", "serviceName")) or bool(log))


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that an entry tells. Raises RecordError where its time is no good.

    Parts of an unexpected type are no value.
    """
    payload = payload_of(record)
    when, shown_time = _time(record)
    log = words(record, "logName")
    labels = mapping(pick(record, "resource.labels"))
    fields: Fields = {"phase": _phase(member(record, "operation")), "time": shown_time}
    _read_account(fields, payload, labels, log)
    _read_method(fields, payload, words(record, "serviceName"))
    _read_caller(fields, payload)
    operation = words(record, "operation.id")
    insert_id = words(record, "insertId")
    digits = _NOT_DIGITS.sub("", shown_time).rstrip("0")  # the same in every copy
    event_id = f"{log}/{digits}/{insert_id}" if insert_id else _hash(record)
    fields["operation"] = operation or event_id
    found = _LOG.match(log)
    if found:
        fields["log"] = found[3].replace("%2F", "/").replace("%2f", "/").rsplit("/", 1)[-1]
    outcome = fields["outcome"] = _outcome(record, payload)
    region = words(labels, "location", "region")
    if region:
        fields["region"] = region.lower()
    summary = _summary(fields, payload, labels)
    if outcome != "success":
        summary = f"{summary} ({outcome})"
    fields["summary"] = summary if summary.isprintable() else " ".join(summary.split())
    return Event(NAME, event_id, when, fields, record)


def _summary(fields: Fields, payload: Part, labels: Part) -> str:
    action, service = str(fields.get("action", "")), str(fields.get("service", ""))
    if not action:
        return f"an entry of {fields.get('log', 'an unknown log')}"
    if iam.is_policy_change(action):
        if service in ("cloudfunctions", "run"):
            functions.read_function(fields, payload, labels)
            fields["opened_by"] = "policy"
        elif service == "storage":
            targets.storage_call(fields, action, payload, labels)
        return iam.set_policy(fields, payload, _policy_target(payload, labels))
    own, rest = _CALLS.get(service, _OTHERS)
    return str(own.get(action.lower(), rest)(fields, action, payload, labels))


def _policy_target(payload: Part, labels: Part) -> str:
    """Return what a policy is on; a service account by its address rather than its number."""
    path = words(payload, "resourceName", "request.resource")
    account = words(labels, "email_id")
    return account if account and "/serviceAccounts/" in path else path or "unknown"


# --- when, and which event --------------------------------------------------------------------


def _time(entry: Mapping[str, Any]) -> tuple[int, str]:
    """Return when, in milliseconds, and as the entry spells it."""
    problem: RecordError | None = None
    for path in _TIMES:
        value = pick(entry, path)
        if value in (None, ""):
            continue
        try:
            when = time_ms(value)
        except RecordError as error:
            problem = problem or error
            continue
        return when, str(value)
    raise problem or RecordError("no time", cure=CURE)


def _hash(record: Mapping[str, Any]) -> str:
    """Return an id for an entry that bears none: equal entries have equal ids."""
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        raise RecordError(
            "no insertId, and nothing to make one of", cure="the record was left out"
        ) from None
    return blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _phase(operation: Any) -> str:
    """Return first, last or single: which part of a long operation an entry tells."""
    first, last = (is_true(member(operation, key)) for key in ("first", "last"))
    if first == last:
        return "single"
    return "first" if first else "last"


# --- what was called, and whether it worked ---------------------------------------------------


def _read_method(fields: Fields, payload: Part, beside: str) -> None:
    """Set what was called; `beside` is a service's name beside the payload, as in some copies."""
    method = words(payload, "methodName")
    service = (words(payload, "serviceName") or beside).removesuffix(".googleapis.com")
    if method:
        fields["method"] = method
        fields["action"] = _action(method)
    service = service or _service_of(method, words(payload, "resourceName", "request.resource"))
    if service:
        fields["service"] = service.lower()


def _service_of(method: str, resource: str) -> str:
    """Return the service of a method in a copy that leaves it out, "" where it is not plain."""
    if "." not in method and iam.is_policy_change(method):
        return next((known for path, known in _OWNERS if path.search(resource)), "")
    return next((known for head, known in _SERVICES if method.startswith(head)), "")


def _action(method: str) -> str:
    """Return an operation's short name.

    Example: `google.cloud.run.v1.Services.CreateService` is `CreateService`, `v1.compute.firewalls.
    insert` is `compute.firewalls.insert`.
    """
    last = method.rsplit(".", 1)[-1].rsplit("/", 1)[-1]
    if last[:1].isupper():
        return last
    return _VERSIONED.sub("", method.removeprefix("google."), count=1)


def _outcome(entry: Mapping[str, Any], payload: Part) -> str:
    """Return success, or why not: a status that is not OK, or a permission that was not granted."""
    status = member(payload, "status")
    if status is None and entry.get("protoPayload") is not None:
        status = member(entry, "status")  # seen beside the payload in hand-made copies
    code = member(status, "code") if isinstance(status, dict) else None
    if code not in (None, 0, "0", "OK", ""):
        message = words(mapping(status), "message")
        return _REFUSED.get(str(code)) or message[:120] or f"status {code}"
    checks = rows(member(payload, "authorizationInfo"))
    if checks and not any(is_true(member(check, "granted")) for check in checks):
        return "PERMISSION_DENIED"
    if status is None and words(entry, "severity").upper() in _FAILED_SEVERITIES:
        return "error"
    return "success"


def _read_account(fields: Fields, payload: Part, labels: Part, log: str) -> None:
    """Set the project, by its id rather than its number, else the organisation or folder."""
    found = _LOG.match(log)
    logged = found[2] if found and found[1] == "projects" else ""
    named = names.parent_of(words(payload, "resourceName"))[0]
    known = [p for p in (words(labels, "project_id"), logged, named) if p]
    account = next((p for p in known if not p.isdigit()), known[0] if known else "")
    if not account and found:
        account = f"{found[1]}/{found[2]}"
    if account:
        fields["account"] = account.lower()


# --- who called -------------------------------------------------------------------------------


def _read_caller(fields: Fields, payload: Part) -> None:
    identity = mapping(member(payload, "authenticationInfo"))
    chain = [
        found
        for row in rows(member(identity, "serviceAccountDelegationInfo"))
        if (found := _delegate(row))
    ]
    actor = names.email_of(words(identity, "principalEmail")) or _subject(identity)
    if not actor and chain:
        actor, chain = chain[0], chain[1:]
    request = member(payload, "requestMetadata")
    for field, path in (("src", "callerIp"), ("user_agent", "callerSuppliedUserAgent")):
        value = words(request, path)
        if value:
            fields[field] = value
    key = words(identity, "serviceAccountKeyName")
    if key:
        fields["key_id"] = key.rsplit("/", 1)[-1].lower()
    if not actor:
        return
    fields["actor"] = actor
    kind = names.kind_of(actor)
    if kind:
        fields["actor_kind"] = kind
    domain = names.domain_of(actor)
    if kind == "person" and domain not in names.CONSUMER_DOMAINS:
        fields["home_domain"] = domain
    delegates = [d for d in chain if names.kind_of(d) != "agent" and d != actor]
    if delegates:
        fields["delegated_by"] = tuple(dict.fromkeys(delegates))
    elif not key and names.is_account(actor):
        fields["acting_as"] = names.with_alias(actor, str(fields.get("account", "")))


def _subject(identity: Part) -> str:
    # Example: {"principalSubject": "serviceAccount:sync@p.iam.gserviceaccount.com"}
    # Example: {"principalSubject": "principal://iam.googleapis.com/projects/1/locations/global/…"}
    subject = words(identity, "principalSubject", "authoritySelector")
    return subject if "://" in subject else names.email_of(subject)


def _delegate(row: Part) -> str:
    """Return who stood behind a service account: an address, or a federated subject."""
    first = words(row, "firstPartyPrincipal.principalEmail")
    return (
        names.email_of(first)
        or _subject(row)
        or _subject(mapping(pick(row, "thirdPartyPrincipal.thirdPartyClaims")))
    )


SPEC = FeedSpec(NAME, recognise, normalise)

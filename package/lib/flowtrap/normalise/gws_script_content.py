"""Apps Script projects and their runs, as Flowtrap's own input reads them.

No audit log has them. The input wraps what Google gave, unchanged, with what it does not say: when
it was seen, of which customer, asked as which user, and of which script.

Example: `{"kind": "flowtrap#scriptContent", "observedTime": "2026-03-10T10:00:00Z", "customerId":
"C01exampl", "user": "eve@example.com", "scriptId": "1Scr…", "project": {…}, "content": {"files":
[…]}}` gives script, functions, triggers, scopes, addresses; `{"kind": "flowtrap#scriptProcess", …,
"process": {"functionName": "go", "processType": "TRIGGER", "startTime": …}}` gives a run.

Sources: Apps Script API, projects.get, projects.getContent, and the resource Process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from .aws_summary import one_line, some
from .gws_activity import text
from .gws_drive import host_of, is_google
from .gws_scopes import scope_kinds
from .m365_names import digest, domain_of, site_domain
from .script_code import read_code
from .times import time_ms
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    from .script_code import Code

    Fields = dict[str, FieldValue]

NAME = "gws_script_content"
CONTENT, PROCESS = "flowtrap#scriptContent", "flowtrap#scriptProcess"
_KINDS = (CONTENT, PROCESS)
# A run by an installable trigger: of the event-based ones the API does not tell which.
_TRIGGERS = {"TRIGGER": "unspecified", "TIME_DRIVEN": "time-driven"}


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is one of this input's, by the kind that it writes."""
    return record.get("kind") in _KINDS


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a project or a run tells. Raises RecordError for a time of no good."""
    fields = _both(record)
    if record.get("kind") == PROCESS:
        return _run(record, fields)
    when = time_ms(record.get("observedTime"))
    fields.update(action="content", at=text(record.get("observedTime")))
    code = read_code(_part(record, "content"))
    _read_project(fields, _part(record, "project"))
    _read_code(fields, code)
    shown = [f"script {fields.get('script', 'without id')} as read"]
    for word, values in (
        ("functions", code.functions),
        ("it", code.kinds),
        ("triggers", code.triggers),
        ("addresses", fields.get("outside_host", ())),
        ("names", code.addresses),
    ):
        if values and isinstance(values, tuple):
            shown.append(f"{word} {some(values, 8)}")
    fields["summary"] = one_line(", ".join(shown))[:1_000]
    return Event(NAME, digest(record), when, fields, record)


def _both(record: Mapping[str, Any]) -> Fields:
    user, script = text(record.get("user")).lower(), text(record.get("scriptId"))
    given = {
        "account": text(record.get("customerId")),
        "user": user,
        "actor": user,
        "script": script,
        "outcome": "success",
    }
    return {name: value for name, value in given.items() if value}


def _read_project(fields: Fields, project: Mapping[str, Any]) -> None:
    """Read whose a script is, and the file that it is bound to (parentId)."""
    given = {
        "title": text(project.get("title")),
        "modified": text(project.get("updateTime")),
        "creator": text(_part(project, "creator").get("email")).lower(),
    }
    fields.update({name: value for name, value in given.items() if value})
    holders = unique((text(fields.get("script")), text(project.get("parentId"))))
    if holders:
        fields["doc_id"] = holders


def _read_code(fields: Fields, code: Code) -> None:
    hosts = unique(map(host_of, code.urls))
    outside = tuple(host for host in hosts if not is_google(host))
    lists = {
        "function": code.functions,
        "code_kind": code.kinds,
        "trigger_type": code.triggers,
        "simple_trigger": code.simple,
        "scopes": code.scopes,
        "scope_kind": scope_kinds(code.scopes),
        "writer": code.writers,
        "url": tuple(url for url in code.urls if not is_google(host_of(url))),
        "outside_host": outside,
        "outside_domain": unique(map(site_domain, outside)),
        "recipient": code.addresses,
        "recipient_domain": unique(site_domain(domain_of(one)) for one in code.addresses),
    }
    fields.update({name: values for name, values in lists.items() if values})


def _run(record: Mapping[str, Any], fields: Fields) -> Event:
    """Read one run. It counts once, though its status and duration change while it lasts."""
    process = _part(record, "process")
    when = time_ms(process.get("startTime"))
    kind, function = text(process.get("processType")), text(process.get("functionName"))
    given = {
        "action": "process",
        "at": text(process.get("startTime")),
        "title": text(process.get("projectName")),
        "function": function,
        "invocation": kind.lower(),
        "status": text(process.get("processStatus")).lower(),
        "trigger_type": _TRIGGERS.get(kind, ""),
        "simple_trigger": function if kind == "SIMPLE_TRIGGER" else "",
    }
    fields.update({name: value for name, value in given.items() if value})
    named = fields.get("script") or f'"{fields.get("title", "without name")}"'
    what = f"script {named} ran {function or 'a function'} as {kind.lower() or 'unknown'}"
    fields["summary"] = one_line(f"{what} for {fields.get('user', 'a user')}")[:1_000]
    lasting = {
        name: fields.get(name, "")
        for name in ("account", "user", "script", "title", "function", "invocation", "at")
    }
    return Event(NAME, digest(lasting), when, fields, record)


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


SPEC = FeedSpec(NAME, recognise, normalise)

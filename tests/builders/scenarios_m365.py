"""The Microsoft 365 scenarios: attacks M01 to M05, look-alikes B14 to B16, office days and traps.

`build(delay, stranger)`: seconds from the last write to the last act; with `stranger` another user,
application or flow acts than the one before.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from builders import m365
from builders import scenarios_m365_habits as habits
from builders.m365 import FLOW, MAIL_APP, OTHER_FLOW, Person
from builders.scenario import (
    DAY,
    HOUR,
    MINUTE,
    Chain,
    Platform,
    Quiet,
    Record,
    Scenario,
    act,
    at,
    noise,
    optional,
    seconds_after_start,
    setup,
    write,
)
from builders.wrappers import (
    bare_array,
    escaped_lines,
    json_lines,
    spaced_lines,
    splunk_csv,
    splunk_results,
    splunk_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVE = Person("Eve@example.com")
CAROL = Person("carol@example.com", src="203.0.113.11")
ZED = Person("zed@example.com", src="203.0.113.12")
ADMIN = Person("admin@example.com", src="203.0.113.13")
MALLORY = Person("mallory@example.org", src="192.0.2.66", guest_of="example.onmicrosoft.com")
MARIA = Person("maria@example.com", src="203.0.113.14")
NAMESAKE = Person("eve@example.org", src="192.0.2.10")
ABROAD = replace(EVE, tenant=m365.OTHER_TENANT, organisation="other.onmicrosoft.com")
OUTSIDE = "drop@example.net"
OTHER_APP = "27922004-5251-4030-b22d-91ecd9a37ea4"
FILES = tuple(f"budget-{n}.xlsx" for n in range(1, 7))


def _names(*people: Person) -> list[str]:
    return [name for person in people for name in (person.upn, person.src)]


# --- attacks ----------------------------------------------------------------------------------


def _forwards(who: Person, delay: float, count: int = 3, **more: Any) -> list[Record]:
    return [
        m365.graph(who, delay, f"/me/messages/AAMkADE{n}/forward", **more) for n in range(count)
    ]


def m01(delay: float, stranger: bool) -> Chain:
    """A flow with Gmail; the running flow forwards mail through Graph."""
    runner = ZED if stranger else EVE
    return Chain(
        [
            write(m365.flow(EVE, "CreateFlow", 0, connectors="Office 365 Outlook, Gmail")),
            *map(optional, _forwards(runner, delay)),
        ],
        names=[*_names(EVE), m365.ENVIRONMENT, "Office 365 Outlook, Gmail"],
        visible=[EVE.id, "198.51.100.77", "forward"],
        counts=[3],
        automation=[FLOW],
    )


def m01_signin(delay: float, stranger: bool) -> Chain:
    """The same with HTTP; only a sign-in tells the object id, and mail is sent rather than forwarded."""
    runner = ZED if stranger else EVE
    created = m365.flow(
        EVE, "CreateFlow", 0, connectors="Office 365 Outlook, HTTP", UserKey="10032001020A3408"
    )
    return Chain(
        [
            setup(m365.signin(EVE, -5 * MINUTE)),
            noise(m365.signin(ZED, -5 * MINUTE)),
            write(created),
            *(optional(m365.graph(runner, delay, f"/me/sendMail?n={n}")) for n in range(2)),
        ],
        names=[*_names(EVE), m365.ENVIRONMENT, "HTTP"],
        visible=[EVE.id, "sendMail"],
        counts=[2],
        automation=[FLOW],
    )


def m01_session(delay: float, stranger: bool) -> Chain:
    """The same; a session id joins them, Graph comes in columns."""
    mine = m365.key_of("session of eve")
    runner = replace(EVE, name="unknown@example.com")
    session = m365.key_of("another session") if stranger else mine
    created = m365.flow(
        EVE,
        "EditFlow",
        0,
        connectors="shared_office365, shared_gmail",
        UserKey="10032001020A3408",
        AppAccessContext={"AADSessionId": mine.upper()},
    )
    acts = _forwards(runner, delay, session=session)
    return Chain(
        [write(created), *(optional(m365.in_columns(one)) for one in acts)],
        names=[*_names(EVE), m365.ENVIRONMENT, "shared_gmail"],
        visible=["forward"],
        counts=[3],
        automation=[FLOW],
    )


def m01_entra(delay: float, stranger: bool) -> Chain:
    """The same; Entra's sign-in tells the object id."""
    runner = ZED if stranger else EVE
    created = m365.flow(
        EVE, "CreateFlow", 0, connectors="Office 365 Outlook, Gmail", UserKey="10032001020A3408"
    )
    return Chain(
        [
            setup(m365.entra_signin(EVE, -5 * MINUTE)),
            noise(m365.entra_signin(ZED, -5 * MINUTE)),
            write(created),
            *map(optional, _forwards(runner, delay)),
        ],
        names=[*_names(EVE), m365.ENVIRONMENT, "Gmail"],
        visible=[EVE.id, "forward"],
        counts=[3],
        automation=[FLOW],
    )


def m02(delay: float, stranger: bool) -> Chain:
    """A flow that reaches files; many anonymous links."""
    maker = ZED if stranger else EVE
    return Chain(
        [
            write(m365.flow(EVE, "CreateFlow", 0, connectors="SharePoint, OneDrive for Business")),
            *(act(m365.anonymous_link(maker, delay - n, name)) for n, name in enumerate(FILES)),
        ],
        names=[*_names(EVE), m365.ENVIRONMENT, *FILES, "Edit"],
        counts=[len(FILES)],
        automation=[FLOW],
    )


def m02_edit(delay: float, stranger: bool) -> Chain:
    """The same by editing; SharePoint's newer record, on a personal drive."""
    maker = ZED if stranger else EVE
    site = "https://example-my.sharepoint.com/personal/eve_example_com"
    links = [
        m365.anonymous_link(
            maker, delay - n, name, kind="View", operation="SharingLinkCreated", site=site,
            SharingLinkScope="Anyone", Workload="OneDrive",
        )
        for n, name in enumerate(FILES[:3])
    ]  # fmt: skip
    return Chain(
        [
            write(m365.flow(EVE, "EditFlow", 0, connectors="Request, OpenApiConnection")),
            *map(act, links),
        ],
        names=[*_names(EVE), *FILES[:3], "View"],
        counts=[3],
        automation=[FLOW],
    )


def _m03(step: Record, *names: str) -> Chain:
    return Chain(
        [write(m365.flow(EVE, "CreateFlow", 0)), act(step)],
        names=[*_names(EVE), OUTSIDE, *names],
        automation=[FLOW],
    )


def m03(delay: float, stranger: bool) -> Chain:
    """A flow; a rule that forwards to outside and deletes."""
    who = ZED if stranger else EVE
    rule = m365.inbox_rule(who, delay, OUTSIDE, DeleteMessage=True)
    return _m03(rule, "Invoices", "New-InboxRule")


def m03_outlook(delay: float, stranger: bool) -> Chain:
    """The same, by Outlook's own rule."""
    who = ZED if stranger else EVE
    return _m03(m365.outlook_rule(who, delay, OUTSIDE), "Invoices", "UpdateInboxRules")


def m03_mailbox(delay: float, stranger: bool) -> Chain:
    """The same, by the mailbox's forward."""
    who = ZED if stranger else EVE
    forward = {"ForwardingSmtpAddress": f"smtp:{OUTSIDE}", "DeliverToMailboxAndForward": True}
    return _m03(m365.mailbox(who, delay, **forward), "Set-Mailbox")


def m03_for_her(delay: float, stranger: bool) -> Chain:
    """An administrator sets the forward of the user's mailbox."""
    mailbox = ZED if stranger else EVE
    step = m365.cmdlet(
        ADMIN, "Set-Mailbox", delay, "eve", Identity=mailbox.name, ForwardingSmtpAddress=OUTSIDE
    )
    return _m03(step, ADMIN.upn, ADMIN.src)


def m03_transport(delay: float, stranger: bool) -> Chain:
    """A rule of the tenant, by the user who edited a flow."""
    who = ZED if stranger else EVE
    step = m365.cmdlet(
        who, "New-TransportRule", delay, "Copies", Name="Copies", BlindCopyTo=OUTSIDE
    )
    chain = _m03(step, "Copies")
    chain.steps[0] = write(m365.flow(EVE, "EditFlow", 0))
    return chain


def _m04(owner: Person, stranger: bool, *acts: Record) -> Chain:
    edited = OTHER_FLOW if stranger else FLOW
    connectors = "Office 365 Outlook, SharePoint"
    return Chain(
        [
            noise(m365.flow(CAROL, "CreateFlow", -2 * HOUR)),
            setup(m365.share_flow(CAROL, owner.upn, -10 * MINUTE)),
            write(m365.flow(owner, "EditFlow", 0, flow_id=edited, connectors=connectors)),
            *map(act, acts),
        ],
        names=[*_names(CAROL), *_names(owner), "SharePoint"],
        automation=[FLOW],
    )


def m04(delay: float, stranger: bool) -> Chain:
    """Owner granted to a colleague, edited, an anonymous link."""
    return _m04(EVE, stranger, m365.anonymous_link(EVE, delay, FILES[0]))


def m04_guest(delay: float, stranger: bool) -> Chain:
    """The new owner is a guest; SharePoint spells the home address."""
    link = m365.anonymous_link(MALLORY, delay, FILES[0], UserId=MALLORY.name)
    return _m04(MALLORY, stranger, link)


def m04_forward(delay: float, stranger: bool) -> Chain:
    """The new owner's mail goes outside."""
    who = ZED if stranger else EVE
    return _m04(EVE, stranger, m365.inbox_rule(who, delay, OUTSIDE))


def m05(delay: float, stranger: bool) -> Chain:
    """Consent, flow, mail read by that application."""
    app = OTHER_APP if stranger else MAIL_APP
    return Chain(
        [
            setup(m365.consent(EVE, -10 * MINUTE)),
            write(m365.flow(EVE, "CreateFlow", 0)),
            *(act(m365.mail_access(EVE, delay - n, app)) for n in range(2)),
        ],
        names=[EVE.upn, EVE.src, MAIL_APP, "Mail Helper", "Mail.Read", "consent by the user"],
        counts=[2],
        automation=[FLOW],
    )


def m05_graph(delay: float, stranger: bool) -> Chain:
    """An administrator's consent for all; Graph shows the reading."""
    app = OTHER_APP if stranger else MAIL_APP
    read = m365.graph(
        EVE, delay, "/me/messages?$top=50", method="GET", status=200, app=app, agent="python/3"
    )
    return Chain(
        [
            setup(m365.consent(EVE, -10 * MINUTE, everybody=True)),
            write(m365.flow(EVE, "EditFlow", 0)),
            optional(read),
        ],
        names=[EVE.upn, EVE.src],
        visible=[MAIL_APP, "Mail.Read", "admin consent for all users"],
        automation=[FLOW],
    )


def m05_entra(delay: float, stranger: bool) -> Chain:
    """The consent is in Entra's log only."""
    app = OTHER_APP if stranger else MAIL_APP
    return Chain(
        [
            setup(m365.entra_consent(EVE, -10 * MINUTE)),
            write(m365.flow(EVE, "CreateFlow", 0)),
            act(m365.mail_access(EVE, delay, app)),
        ],
        names=[EVE.upn, EVE.src, MAIL_APP, "Mail Helper", "Mail.Read"],
        automation=[FLOW],
    )


_BLIND = {"unlogged": "quiet", "reason": "Graph activity is off: only the flow's making shows"}
ATTACKS = (
    Scenario("M01", "flow with Gmail, the running flow forwards mail", m01, **_BLIND),
    Scenario(
        "M01-signin",
        "the same with HTTP, known by a sign-in",
        m01_signin,
        **_BLIND,
    ),
    Scenario("M01-session", "the same, known by the session", m01_session, **_BLIND),
    Scenario(
        "M01-entra",
        "the same, known by Entra's sign-in",
        m01_entra,
        **_BLIND,
    ),
    Scenario("M02", "flow that reaches files, many anonymous links", m02),
    Scenario("M02-edit", "the same by editing, on a personal drive", m02_edit),
    Scenario("M03", "flow, then a rule that forwards and deletes", m03),
    Scenario("M03-outlook", "the same by Outlook's own rule", m03_outlook),
    Scenario("M03-mailbox", "the same by the mailbox's forward", m03_mailbox),
    Scenario("M03-for-her", "an administrator forwards the user's mailbox", m03_for_her),
    Scenario("M03-transport", "a rule of the tenant", m03_transport),
    Scenario("M04", "flow handed to a colleague, edited, a link", m04),
    Scenario("M04-guest", "flow handed to a guest, edited, a link", m04_guest),
    Scenario("M04-forward", "flow handed over, edited, mail sent on", m04_forward),
    Scenario("M05", "consent, flow, mail read by the application", m05),
    Scenario("M05-entra", "the consent in Entra's log only", m05_entra),
    Scenario(
        "M05-graph",
        "the same, read through Graph",
        m05_graph,
        unlogged="quiet",
        reason="without Graph activity and MailItemsAccessed nobody sees the reading",
    ),
    *habits.ATTACKS,
)


# --- look-alikes ------------------------------------------------------------------------------


def b14() -> list[Record]:
    """An administrator makes an approval flow; one save gives several EditFlow."""
    return [
        m365.signin(ADMIN, -5 * MINUTE),
        m365.flow(ADMIN, "CreateFlow", 0),
        *(m365.flow(ADMIN, "EditFlow", 5 + n) for n in range(4)),
        *(m365.graph(ADMIN, HOUR + n, "/me/sendMail") for n in range(20)),
        m365.share_flow(ADMIN, CAROL.upn, 2 * HOUR, permission=2),
        m365.share_flow(ADMIN, MARIA.upn, 2 * HOUR),
        m365.flow(MARIA, "EditFlow", 3 * HOUR),
    ]


def b15() -> list[Record]:
    """Rules to folders and internal mailboxes; SYSTEM and removals, all beside a flow."""
    system = Person("NT AUTHORITY\\SYSTEM (Microsoft.Exchange.Servicehost)", src="")
    return [
        m365.flow(EVE, "CreateFlow", 0),
        m365.cmdlet(EVE, "New-InboxRule", MINUTE, "eve\\News", Name="News", MoveToFolder="News"),
        m365.inbox_rule(EVE, 2 * MINUTE, "finance@example.com"),
        m365.inbox_rule(EVE, 3 * MINUTE, "Finance@example.onmicrosoft.com", operation="Set-InboxRule"),
        m365.outlook_rule(EVE, 4 * MINUTE, "/o=ExchangeLabs/ou=x/cn=Recipients/cn=finance"),
        m365.outlook_rule(EVE, 5 * MINUTE, OUTSIDE, operation="RemoveMailboxRule"),
        m365.mailbox(EVE, 6 * MINUTE, ForwardingSmtpAddress="", DeliverToMailboxAndForward=False),
        m365.mailbox(EVE, 7 * MINUTE, ForwardingAddress="Finance"),
        *(
            m365.cmdlet(system, "Set-Mailbox", 8 * MINUTE + n, EVE.name, Identity=EVE.name,
                        ForwardingSmtpAddress=OUTSIDE, RecalculateInactiveMailbox=True)
            for n in range(30)
        ),
    ]  # fmt: skip


def b16() -> list[Record]:
    """A marketing user's links, day by day; no flow."""
    return [
        m365.anonymous_link(MARIA, day * DAY + n * MINUTE, f"flyer-{day}-{n}.pdf", kind="View")
        for day in range(-9, 2)
        for n in range(6)
    ]


def b16_flow() -> list[Record]:
    """The same user edits a flow one morning."""
    edit = m365.flow(MARIA, "EditFlow", -HOUR, connectors="SharePoint, Approvals")
    return [*b16(), edit]


def office_domains() -> list[Record]:
    """A tenant of several domains: mail goes to a colleague in another one."""
    paul = Person("paul@example.edu", src="203.0.113.30")
    return [
        m365.mail_access(paul, -3 * HOUR, OTHER_APP, operation="Send"),
        m365.flow(EVE, "CreateFlow", 0),
        m365.inbox_rule(EVE, HOUR, "paul@example.edu"),
        m365.inbox_rule(EVE, HOUR + 1, "desk@help.example.com"),
    ]


def office_consent() -> list[Record]:
    """An administrator lets in a known application, which reads mail; no flow of theirs."""
    return [
        m365.consent(ADMIN, -HOUR, everybody=True, name="Archive"),
        m365.flow(CAROL, "CreateFlow", 0),
        *(m365.mail_access(CAROL, HOUR + n, MAIL_APP) for n in range(5)),
    ]


def office_forward_alone() -> list[Record]:
    """A user lets mail go to a partner; another works on a flow."""
    return [m365.flow(CAROL, "EditFlow", 0), m365.inbox_rule(EVE, HOUR, OUTSIDE)]


def office_outward() -> list[Record]:
    """An integration with HTTP, and a person who sends mail by the browser."""
    return [
        m365.flow(CAROL, "CreateFlow", 0, connectors="HTTP, Office 365 Outlook"),
        *(
            m365.graph(CAROL, HOUR + n, "/me/sendMail", app=OTHER_APP, agent=m365.BROWSER)
            for n in range(9)
        ),
    ]


def office_one_link() -> list[Record]:
    """A user makes a flow, and shares one file openly."""
    return [
        m365.flow(CAROL, "CreateFlow", 0, connectors="SharePoint, Approvals"),
        m365.anonymous_link(CAROL, HOUR, "agenda.docx", kind="View"),
    ]


def office_guest() -> list[Record]:
    """A guest made owner edits the flow as agreed; colleagues share files with named guests."""
    return [
        m365.share_flow(CAROL, MALLORY.upn, 0),
        m365.flow(MALLORY, "EditFlow", HOUR, connectors="SharePoint, Approvals"),
        *(
            m365.anonymous_link(CAROL, 2 * HOUR + n, name, operation="AddedToSecureLink",
                                TargetUserOrGroupType="Guest")
            for n, name in enumerate(FILES)
        ),
    ]  # fmt: skip


def trap_namesakes() -> list[Record]:
    """Equal local parts in two domains."""
    return [
        m365.flow(EVE, "CreateFlow", 0, connectors="SharePoint"),
        m365.inbox_rule(NAMESAKE, HOUR, OUTSIDE),
        *(m365.anonymous_link(NAMESAKE, HOUR + n, name) for n, name in enumerate(FILES)),
    ]


def trap_tenants() -> list[Record]:
    """The same name in another tenant."""
    return [
        m365.flow(EVE, "CreateFlow", 0, connectors="SharePoint, Gmail"),
        m365.inbox_rule(ABROAD, HOUR, OUTSIDE),
        *(m365.anonymous_link(ABROAD, HOUR + n, name) for n, name in enumerate(FILES)),
        *_forwards(ABROAD, 2 * HOUR, 6),
        m365.consent(ABROAD, -HOUR),
        m365.mail_access(ABROAD, 2 * HOUR, MAIL_APP),
    ]


def trap_guest() -> list[Record]:
    """A guest here and the member of that address at home are two tenants' users."""
    home = Person(
        "mallory@example.org", tenant=m365.OTHER_TENANT, organisation="other.onmicrosoft.com"
    )
    return [
        m365.flow(MALLORY, "CreateFlow", 0, connectors="SharePoint"),
        m365.inbox_rule(home, HOUR, OUTSIDE),
    ]


def trap_refused() -> list[Record]:
    """What was refused did not happen."""
    return [
        {**m365.flow(EVE, "CreateFlow", 0, connectors="Gmail"), "ResultStatus": "Failed"},
        m365.inbox_rule(EVE, HOUR, OUTSIDE),
        m365.flow(CAROL, "CreateFlow", 0, connectors="Gmail"),
        {**m365.inbox_rule(CAROL, HOUR, OUTSIDE), "ResultStatus": "False"},
        m365.graph(CAROL, HOUR, "/me/messages/A/forward", status=403),
        m365.graph(CAROL, HOUR + 1, "/me/messages/B/forward", status=429),
    ]


def _apart(tag: str, build: Callable[[], list[Record]]) -> Callable[[], list[Record]]:
    """Return the scenario with people, flows and applications of its own, so that all may meet."""

    def built() -> list[Record]:
        text = json.dumps(build())
        for person in (EVE, CAROL, ZED, ADMIN, MALLORY, MARIA):
            local = person.name.partition("@")[0]
            text = re.sub(rf"\b{local}(?=[@_]example)", f"{local}.{tag}", text, flags=re.IGNORECASE)
            text = text.replace(person.id, m365.key_of(tag, person.id))
        for known in (FLOW, OTHER_FLOW, MAIL_APP, OTHER_APP):
            text = text.replace(known, m365.key_of(tag, known))
        records = json.loads(text)
        for record in records:
            inner = record if "Id" in record else record["properties"]
            name = next(name for name in ("Id", "requestId", "id") if name in inner)
            inner[name] = m365.key_of(tag, inner[name])
        return records

    return built


QUIET = (
    Quiet("B14", "approval flow, several EditFlow of one save", _apart("q01", b14)),
    Quiet("B15", "rules to folders and colleagues, SYSTEM, removals", _apart("q02", b15)),
    Quiet("B16", "a marketing user's links", _apart("q03", b16)),
    Quiet("B16-flow", "the same user edits a flow", _apart("q04", b16_flow)),
    Quiet(
        "office: domains",
        "mail to a colleague in another domain of the tenant",
        _apart("q05", office_domains),
    ),
    Quiet(
        "office: consent",
        "an application let in, another user's flow",
        _apart("q06", office_consent),
    ),
    Quiet(
        "office: forward",
        "forward to a partner, another user's flow",
        _apart("q07", office_forward_alone),
    ),
    Quiet(
        "office: outward",
        "an integration with HTTP, mail by the browser",
        _apart("q08", office_outward),
    ),
    Quiet("office: one link", "a new flow, and one open link", _apart("q09", office_one_link)),
    Quiet(
        "office: guest",
        "a guest works on a flow, files for named guests",
        _apart("q10", office_guest),
    ),
    Quiet("trap: namesakes", "equal local parts in two domains", _apart("q11", trap_namesakes)),
    Quiet("trap: tenants", "the same name in another tenant", _apart("q12", trap_tenants)),
    Quiet("trap: guest", "a guest here, a member at home", _apart("q13", trap_guest)),
    Quiet("trap: refused", "steps that failed", _apart("q14", trap_refused)),
    *habits.QUIET,
)


# --- on disk ----------------------------------------------------------------------------------


def _is_audit(record: Record) -> bool:
    return "Operation" in record


def _parted(folder: Path, records: list[Any], name: str, text: str) -> list[str]:
    """Write audit records as `text`, and Graph's beside them as an Event Hub's document."""
    (folder / name).write_text(text, encoding="utf-8")
    rest = [record for record in records if not _is_audit(record)]
    if rest:
        (folder / "hub.json").write_text(json.dumps({"records": rest}), encoding="utf-8")
    return [str(folder)]


def _search_rows(records: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "RecordType": str(record["RecordType"]),
            "CreationDate": record["CreationTime"],
            "UserIds": record["UserId"],
            "Operations": record["Operation"],
            "AuditData": json.dumps(record),
            "ResultIndex": n,
            "Identity": record["Id"],
        }
        for n, record in enumerate(records, 1)
        if _is_audit(record)
    ]


def purview_csv(folder: Path, records: list[Any]) -> list[str]:
    """Purview's export, and Search-UnifiedAuditLog | Export-Csv."""
    rows = _search_rows(records)
    text = io.StringIO()
    table = csv.DictWriter(text, list(_search_rows([m365.flow(EVE, "CreateFlow", 0)])[0]))
    table.writeheader()
    table.writerows(rows)
    return _parted(folder, records, "audit.csv", text.getvalue())


def search_lines(folder: Path, records: list[Any]) -> list[str]:
    """Search-UnifiedAuditLog as JSON."""
    text = "".join(json.dumps(row) + "\n" for row in _search_rows(records))
    return _parted(folder, records, "audit.jsonl", text)


def audit_query(folder: Path, records: list[Any]) -> list[str]:
    """Graph's auditLogQuery: auditData is an object."""
    rows = [
        {"id": r["Id"], "createdDateTime": r["CreationTime"] + "Z", "operation": r["Operation"],
         "auditLogRecordType": "x", "userPrincipalName": r["UserId"], "auditData": r}
        for r in records if _is_audit(r)
    ]  # fmt: skip
    return _parted(folder, records, "query.json", json.dumps({"value": rows}))


def elastic_lines(folder: Path, records: list[Any]) -> list[str]:
    """Elastic documents with event.original."""
    rows = [
        {"_index": "logs-o365.audit-default", "_id": str(n), "_source": {
            "@timestamp": "2026-03-10T09:00:00Z", "event": {"original": json.dumps(record)}}}
        for n, record in enumerate(records)
    ]  # fmt: skip
    (folder / "hits.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [str(folder)]


def elastic_fields(folder: Path, records: list[Any]) -> list[str]:
    """Elastic documents without it: the record's members under o365.audit, lists made objects."""
    rows = []
    for record in records:
        if _is_audit(record):
            inner = copy.deepcopy(record)
            for name in ("Parameters", "OperationProperties"):
                if name in inner:
                    inner[name] = {pair["Name"]: pair["Value"] for pair in inner[name]}
            source = {"@timestamp": f"{inner['CreationTime']}.000Z", "o365": {"audit": inner},
                      "event": {"action": inner["Operation"], "dataset": "o365.audit"}}  # fmt: skip
            rows.append({"_index": "logs-o365", "_id": record["Id"], "_source": source})
    text = json.dumps({"took": 3, "hits": {"total": {"value": len(rows)}, "hits": rows}})
    return _parted(folder, records, "answer.json", text)


def _seconds(record: Record) -> float:
    for name in ("CreationTime", "time", "TimeGenerated"):
        if name in record:
            return seconds_after_start(record[name])
    raise KeyError("no time")


def _moved(record: Record, seconds: float) -> Record:
    copied = copy.deepcopy(record)
    name = next(n for n in ("CreationTime", "time", "TimeGenerated") if n in copied)
    text = at(seconds).strftime("%Y-%m-%dT%H:%M:%S")
    copied[name] = text if name == "CreationTime" else f"{text}.000Z"
    return copied


PLATFORM = Platform(
    "Microsoft 365",
    ATTACKS,
    QUIET,
    {
        "json lines": json_lines,
        "spaced lines": spaced_lines,
        "escaped lines": escaped_lines,
        "bare array": bare_array,
        "Splunk rows": splunk_rows,
        "Splunk results": splunk_results,
        "Splunk CSV": splunk_csv,
        "Purview CSV": purview_csv,
        "Search-UnifiedAuditLog": search_lines,
        "auditLogQuery": audit_query,
        "Elastic lines": elastic_lines,
        "Elastic fields": elastic_fields,
    },
    _seconds,
    _moved,
)

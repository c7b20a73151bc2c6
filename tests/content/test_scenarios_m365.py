"""The Microsoft 365 scenarios in other spellings and shapes, and amid ordinary office days.

The generic variants (time, order, wrappers) are in test_scenarios.py.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from builders import m365
from builders.hunting import hunt, missing, text_of
from builders.m365 import Person
from builders.scenario import DAY, HOUR, MINUTE
from builders.scenarios_m365 import ATTACKS, EVE, QUIET

if TYPE_CHECKING:
    from collections.abc import Callable

    from builders.scenario import Record

LISTS = ("Parameters", "OperationProperties", "ModifiedProperties", "ExtendedProperties")
KINDS = {1: "ExchangeAdmin", 2: "ExchangeItem", 6: "SharePointFileOperation", 8: "AzureActiveDirectory",
         14: "SharePointSharingOperation", 15: "AzureActiveDirectoryStsLogon", 30: "MicrosoftFlow",
         50: "ExchangeItemAggregated"}  # fmt: skip


def audit(change: Callable[[Record], Record]) -> Callable[[Record], Record]:
    """Return a change of audit records that leaves Graph's alone."""
    return lambda record: change(copy.deepcopy(record)) if "Operation" in record else record


def without(*names: str) -> Callable[[Record], Record]:
    return audit(lambda record: {k: v for k, v in record.items() if k not in names})


def as_text(record: Record, dump: Callable[[Any], str]) -> Record:
    return {k: dump(v) if k in LISTS or k in ("Actor", "Target") else v for k, v in record.items()}


def as_objects(record: Record) -> Record:
    for name in ("Parameters", "OperationProperties"):
        if name in record:
            record[name] = {pair["Name"]: pair["Value"] for pair in record[name]}
    return record


def as_office_activity(record: Record) -> Record:
    """Microsoft Sentinel's table."""
    names = {"CreationTime": "TimeGenerated", "Id": "OfficeId", "Workload": "OfficeWorkload",
             "ObjectId": "OfficeObjectId"}  # fmt: skip
    row = {names.get(key, key): value for key, value in as_text(record, json.dumps).items()}
    return {**row, "TimeGenerated": f"{row['TimeGenerated']}Z", "Type": "OfficeActivity"}


def as_dotted(record: Record) -> Record:
    """A hit of Elasticsearch that gives `fields`."""
    fields: dict[str, Any] = {"@timestamp": [record["CreationTime"]]}
    for key, value in as_objects(record).items():
        if key in ("Parameters", "OperationProperties"):
            fields |= {f"o365.audit.{key}.{name}": [inner] for name, inner in value.items()}
        else:
            fields[f"o365.audit.{key}"] = [value] if not isinstance(value, list) else value
    return {"_index": "logs-o365", "_id": record["Id"], "fields": fields}


def in_claims(record: Record) -> Record:
    if record["Workload"] in ("SharePoint", "OneDrive"):
        record["UserId"] = f"i:0#.f|membership|{record['UserId'].lower()}"
    return record


def reset_dot(record: Record) -> Record:
    return {**record, "Operation": record["Operation"].rstrip(".")}


SHAPES: dict[str, Callable[[Record], Record]] = {
    "capital users": audit(
        lambda r: {**r, "UserId": r["UserId"].upper().replace("#EXT#", "#ext#")}
    ),
    "claims in SharePoint": audit(in_claims),
    "no tenant id": without("OrganizationId"),
    "no status": without("ResultStatus", "Version", "UserType"),
    "no workload": without("Workload", "RecordType"),
    "kinds by name": audit(lambda r: {**r, "RecordType": KINDS.get(r["RecordType"], "x")}),
    "kinds as text": audit(lambda r: {**r, "RecordType": str(r["RecordType"])}),
    "lists as JSON": audit(lambda r: as_text(r, json.dumps)),
    "lists as literals": audit(lambda r: as_text(r, repr)),
    "lists as objects": audit(as_objects),
    "no dot": audit(reset_dot),
    "small operations": audit(lambda r: {**r, "Operation": r["Operation"].lower()}),
    "time with zone": audit(lambda r: {**r, "CreationTime": r["CreationTime"] + ".000Z"}),
    "time with space": audit(lambda r: {**r, "CreationTime": r["CreationTime"].replace("T", " ")}),
    "nulls": audit(
        lambda r: {**r, "ClientAppId": None, "Extra": "<null>", "Actor": r.get("Actor")}
    ),
    "OfficeActivity": audit(as_office_activity),
    "Defender": audit(lambda r: {"ActionType": r["Operation"], "RawEventData": r}),
    "Defender, text": audit(lambda r: {"ActionType": "x", "RawEventData": json.dumps(r)}),
    "Elastic fields": audit(as_dotted),
}


UNTOLD = {
    ("no tenant id", "trap: tenants"),
    ("no tenant id", "trap: guest"),
    ("no status", "trap: refused"),
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
@pytest.mark.parametrize("shape", SHAPES)
def test_attack_in_other_shapes(attack, shape):
    chain = attack.build(attack.delay, False)
    if shape == "no tenant id" and any("Operation" not in r for r in chain.records()):
        pytest.skip("Graph's tenant id meets nothing")
    outcome = hunt([SHAPES[shape](record) for record in chain.records()])
    assert outcome.alarms, [text_of(f) for f in outcome.findings] + outcome.messages
    if shape not in ("capital users", "small operations"):
        gaps = [missing(chain, finding) for finding in outcome.alarms]
        assert not min(gaps, key=len)
    stranger = [SHAPES[shape](record) for record in attack.build(attack.delay, True).records()]
    assert not hunt(stranger).alarms


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
@pytest.mark.parametrize("shape", SHAPES)
def test_look_alike_in_other_shapes_is_quiet(quiet, shape):
    if (shape, quiet.id) in UNTOLD:
        pytest.skip("nothing tells what is trapped")
    outcome = hunt([SHAPES[shape](record) for record in quiet.build()])
    assert not outcome.alarms, "\n".join(map(text_of, outcome.alarms))


# --- tunables ----------------------------------------------------------------------------------


def test_listed_domains_replace_those_inferred():
    rule = m365.inbox_rule(EVE, HOUR, "x@partner.example.net")
    records = [m365.flow(EVE, "CreateFlow", 0), rule]
    assert hunt(records).alarms
    listed = ["example.com", "partner.example.net"]
    assert not hunt(records, values={"internal_domains": listed}).alarms
    home = [m365.flow(EVE, "CreateFlow", 0), m365.inbox_rule(EVE, HOUR, "boss@example.com")]
    assert not hunt(home).alarms
    assert hunt(home, values={"internal_domains": ["example.net"]}).alarms


def test_outsiders_domain_is_not_learnt():
    """A guest who edits, signs in and is sent mail does not make the domain the tenant's own."""
    guest = Person("mallory@example.net", guest_of="example.onmicrosoft.com")
    plain = Person("mallory@example.net")
    records = [
        m365.signin(guest, -HOUR),
        m365.signin(plain, -HOUR, ActorContextId=m365.OTHER_TENANT),
        m365.share_flow(EVE, guest.upn, -HOUR, permission=2),
        m365.flow(guest, "EditFlow", -MINUTE),
        m365.anonymous_link(plain, -MINUTE, "x.docx"),
        m365.flow(EVE, "CreateFlow", 0),
        m365.inbox_rule(EVE, HOUR, "mallory@example.net"),
    ]
    assert hunt(records).alarms


def test_users_who_are_expected_are_quiet():
    for attack in ATTACKS:
        records = attack.build(attack.delay, False).records()
        assert not hunt(records, values={"user_context": ["*@example.com", "*@example.org"]}).alarms


def test_more_connectors_and_shares_can_be_held_suspicious():
    slack = [
        m365.flow(EVE, "CreateFlow", 0, connectors="Slack, Office 365 Outlook"),
        *(m365.graph(EVE, HOUR + n, "/me/sendMail") for n in range(3)),
    ]
    assert not hunt(slack).alarms
    assert hunt(slack, values={"flow_actions": ["slack"]}).alarms
    shared = [
        m365.flow(EVE, "CreateFlow", 0, connectors="SharePoint"),
        *(m365.anonymous_link(EVE, HOUR + n, f"{n}.docx", operation="CompanyLinkCreated") for n in range(4)),
    ]  # fmt: skip
    assert not hunt(shared).alarms
    assert hunt(shared, values={"flow_actions": ["CompanyLinkCreated"]}).alarms


# --- ordinary days -----------------------------------------------------------------------------

APPS = tuple(m365.key_of("app", n) for n in range(4))
CONNECTORS = ("Office 365 Outlook, Approvals", "SharePoint, Office 365 Outlook", "Microsoft Teams, Planner",
              "Microsoft Forms, SharePoint", "Office 365 Outlook", "Request, Response")  # fmt: skip


def office_day(day: int, chance: random.Random) -> list[Record]:
    """Return what forty people do on a day: flows, rules, mail, files, sign-ins, consents."""
    people = [
        Person(f"user{n}@example.{('com', 'de')[n % 2]}", src=f"203.0.113.{n}") for n in range(40)
    ]
    records: list[Record] = []

    def when() -> float:
        return day * DAY + chance.randrange(9 * HOUR)

    for number, who in enumerate(people):
        records.append(m365.signin(who, when()))
        for _ in range(chance.randrange(4)):
            app = chance.choice(APPS)
            records.append(
                m365.mail_access(
                    who, when(), app, operation=chance.choice(("Send", "MailItemsAccessed"))
                )
            )
        if chance.random() < 0.15:
            flow_id = m365.key_of("flow", number, chance.randrange(2))
            connectors = chance.choice(CONNECTORS)
            start = when()
            operation = chance.choice(("CreateFlow", "EditFlow"))
            records += [m365.flow(who, operation, start + 5 * n, flow_id=flow_id, connectors=connectors)
                        for n in range(chance.randrange(1, 4))]  # fmt: skip
            records += [
                m365.graph(who, start + HOUR + n, "/me/sendMail")
                for n in range(chance.randrange(6))
            ]
            if chance.random() < 0.2:
                records.append(
                    m365.share_flow(who, chance.choice(people).upn, start + 60, flow_id=flow_id)
                )
        if chance.random() < 0.1:
            to = chance.choice(people).name
            records.append(chance.choice((m365.inbox_rule, m365.outlook_rule))(who, when(), to))
        if number < 3:  # these share openly every day
            records += [
                m365.anonymous_link(who, when(), f"{day}-{n}.pdf", kind="View") for n in range(4)
            ]
        elif chance.random() < 0.05:
            records.append(m365.anonymous_link(who, when(), f"once-{day}.pdf"))
        if chance.random() < 0.02:
            records.append(m365.consent(who, when(), m365.key_of("new app", day, number)))
    return records


@pytest.mark.parametrize("seed", range(4))
def test_office_days_are_quiet(seed):
    chance = random.Random(seed)
    records = [record for day in range(-10, 1) for record in office_day(day, chance)]
    outcome = hunt(records)
    assert not outcome.alarms, "\n".join(map(text_of, outcome.alarms))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_attack_amid_office_days(attack):
    chance = random.Random(7)
    chain = attack.build(attack.delay, False)
    days = [record for day in range(-10, 1) for record in office_day(day, chance)]
    outcome = hunt([*days, *chain.records()])
    gaps = [missing(chain, finding) for finding in outcome.alarms]
    assert gaps
    assert not min(gaps, key=len)

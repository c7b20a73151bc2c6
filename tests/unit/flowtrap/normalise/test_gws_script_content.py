"""Apps Script projects and runs: functions, triggers, scopes, and where the code leads."""

from __future__ import annotations

import copy

import pytest
from builders.evidence import MENU_CODE, PARTNER, script_content, script_process

from flowtrap.model.errors import RecordError
from flowtrap.normalise.gws_script_content import normalise
from flowtrap.normalise.table import FEEDS

SCRIPT = "1ScriptProjectExample02"


def fields(code, **more):
    return normalise(script_content(0, SCRIPT, code, **more)).fields


def test_project():
    read = fields(MENU_CODE, parent="1TeamSheetExample03")
    assert read["account"] == "C01exampl"
    assert read["doc_id"] == (SCRIPT, "1TeamSheetExample03")
    assert read["function"] == ("onOpen", "fill")
    assert read["simple_trigger"] == ("onOpen",)
    assert read["scopes"] == ("https://www.googleapis.com/auth/drive",)
    assert "files" in read["scope_kind"]
    assert read["writer"] == ("eve@example.com",)
    assert "trigger_type" not in read


def test_addresses_in_comments_lead_nowhere():
    read = fields(MENU_CODE)
    assert read["outside_host"] == (PARTNER,)
    assert read["outside_domain"] == ("example.org",)
    assert "recipient" not in read


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("GmailApp.getInboxThreads(0, 50)", "reads mail"),
        ("Gmail.Users.Messages.list('me')", "reads mail"),
        ("MailApp.sendEmail('x@example.org', 's', 'b')", "sends mail"),
        ("message.forward('x@example.org')", "sends mail"),
        ("Gmail.Users.Settings.updateAutoForwarding({}, 'me')", "forwards mail"),
        ("UrlFetchApp.fetch(u + '/settings/autoForwarding')", "forwards mail"),
        ("Gmail.Users.Settings.Filters.create({}, 'me')", "forwards mail"),
        ("UrlFetchApp.fetch(url)", "fetches"),
        ("DriveApp.getFiles()", "reads files"),
        ("file.setSharing(DriveApp.Access.ANYONE, p)", "shares files"),
        ("Drive.Permissions.create({}, id)", "shares files"),
        ("AdminDirectory.Users.list()", "reads people"),
        ("eval(text)", "runs text as code"),
    ],
)
def test_what_code_can_do(code, kind):
    assert kind in fields(f"function go() {{ {code}; }}")["code_kind"]


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ("ScriptApp.newTrigger('go').forSpreadsheet(s).onOpen().create()", "onOpen"),
        ("ScriptApp.newTrigger('go')\n  .timeBased()\n  .everyHours(1).create()", "timeBased"),
        ("ScriptApp.newTrigger('go').forForm(f).onFormSubmit().create()", "onFormSubmit"),
        (
            "ScriptApp.newTrigger('go').forUserCalendar(e).onEventUpdated().create()",
            "onEventUpdated",
        ),
    ],
)
def test_triggers_that_code_sets(made, kind):
    assert fields(f"function set() {{ {made}; }}")["trigger_type"] == (kind,)


def test_functions_that_google_lists_come_first():
    record = script_content(0, SCRIPT, "var x = 1;")
    record["content"]["files"][1]["functionSet"] = {"values": [{"name": "hidden"}]}
    assert normalise(record).fields["function"] == ("hidden",)


@pytest.mark.parametrize(
    ("kind", "trigger"),
    [("TRIGGER", "unspecified"), ("TIME_DRIVEN", "time-driven"), ("SIMPLE_TRIGGER", None),
     ("EDITOR", None), ("MENU", None), ("WEBAPP", None)],
)  # fmt: skip
def test_runs(kind, trigger):
    event = normalise(script_process(0, SCRIPT, kind, function="go"))
    assert event.fields.get("trigger_type") == trigger
    assert event.fields["script"] == SCRIPT
    assert event.time_ms % 86_400_000 == 9 * 3_600_000
    assert f"script {SCRIPT} ran go" in event.fields["summary"]


def test_a_run_that_lasts_counts_once():
    running = script_process(0, SCRIPT, "TRIGGER")
    running["process"]["processStatus"] = "RUNNING"
    running["observedTime"] = "2026-03-10T09:00:01Z"
    ended = script_process(0, SCRIPT, "TRIGGER")
    assert normalise(running).event_id == normalise(ended).event_id
    other = script_process(0, SCRIPT, "TRIGGER", function="other")
    assert normalise(other).event_id != normalise(ended).event_id


def test_run_of_a_user_s_own_list_names_the_project():
    event = normalise(script_process(0))
    assert "script" not in event.fields
    assert 'script "Untitled project" ran' in event.fields["summary"]


@pytest.mark.parametrize("make", [script_content, script_process])
@pytest.mark.parametrize("lacking", ["customerId", "user", "scriptId", "project", "content"])
def test_sparse_record_is_read_by_this_feed_alone(make, lacking):
    record = copy.deepcopy(make(0, SCRIPT))
    record.pop(lacking, None)
    assert [spec.name for spec in FEEDS if spec.recognise(record)] == ["gws_script_content"]
    assert normalise(record).fields["summary"]


@pytest.mark.parametrize("make", [script_content, script_process])
def test_no_time(make):
    record = make(0, SCRIPT)
    record.pop("observedTime")
    record.get("process", {}).pop("startTime", None)
    with pytest.raises(RecordError):
        normalise(record)

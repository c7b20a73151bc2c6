"""The input for scripts against a mock of the Apps Script API."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from builders import scenarios_workspace as workspace
from builders import workspace as ws
from builders.evidence import script_content, script_process
from builders.evidence_apis import AppsScript
from builders.hunting import hunt
from builders.input_runtime import Runtime
from builders.scenario import DAY, MINUTE, START

from flowtrap_inputs.errors import MalformedError, RefusedError, TransientError
from flowtrap_inputs.evidence import Outlet
from flowtrap_inputs.http import HttpClient
from flowtrap_inputs.json_api import JsonApi
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.retry import Retry
from flowtrap_inputs.script_content.api import ScriptApi, words
from flowtrap_inputs.script_content.collect import Run, Watched

EVE, BOB = "eve@example.com", "bob@example.com"
SCRIPT = workspace.SCRIPT.doc_id
FORWARDS = "function go() { Gmail.Users.Settings.updateAutoForwarding({enabled: true}, 'me'); }"
WATCHED = [Watched("C01exampl", EVE, (SCRIPT,)), Watched("C01exampl", BOB, ())]


@pytest.fixture
def service(api_certificate):
    with AppsScript(api_certificate) as service:
        read = script_content(0, SCRIPT, FORWARDS)
        runs = [script_process(n * MINUTE, SCRIPT, "TRIGGER")["process"] for n in range(5)]
        runs.append(script_process(-5 * DAY, SCRIPT, "TRIGGER")["process"])
        service.scripts[SCRIPT] = {"user": EVE, "processes": runs, **read}
        service.scripts[SCRIPT]["user"] = EVE
        service.runs[BOB] = [script_process(n, "", "MENU")["process"] for n in range(3)]
        yield service


@pytest.fixture
def room(tmp_path):
    runtime = Runtime(tmp_path)
    yield runtime
    runtime.close()


class Tokens:
    """Stands for the sign-in: the token names the user."""

    def __init__(self, user):
        self.name = f"token of {user}"

    def get(self):
        """Return the token."""
        return self.name

    def replace(self, refused):
        """Return it again."""
        return self.name


def run(service, room, certificate, watched=WATCHED):
    outlet = Outlet(
        room, "scripts", index="main", source="t", host="h", clock=lambda: START.timestamp() + 3_600
    )
    web = HttpClient([service.root], ca_file=str(certificate))
    api = JsonApi(
        web, Limiter(1_000, room.stop), Retry(room.stop, tries=3, first_s=0.0), words, room.health
    )
    Run(lambda user: ScriptApi(api, Tokens(user), f"{service.root}v1/"), outlet).go(watched)


def events(room):
    return [json.loads(line) for line in room.lines()]


def kinds(room):
    return dict(Counter(row["sourcetype"] for row in room.delivery.meta))


def test_code_and_runs_of_watched_users_and_of_nobody_else(service, room, api_certificate):
    service.runs["carol@example.com"] = service.runs[BOB]
    run(service, room, api_certificate)
    assert kinds(room) == {"flowtrap:script_content": 1, "flowtrap:script_process": 5 + 3}
    [code] = [event for event in events(room) if "content" in event]
    assert code["content"] == service.scripts[SCRIPT]["content"]
    assert code["project"] == service.scripts[SCRIPT]["project"]
    assert (code["customerId"], code["user"], code["scriptId"]) == ("C01exampl", EVE, SCRIPT)
    assert service.tokens == {f"token of {EVE}", f"token of {BOB}"}


def test_what_was_emitted_is_not_emitted_again(service, room, api_certificate):
    run(service, room, api_certificate)
    run(service, room, api_certificate)
    assert len(events(room)) == 9
    service.scripts[SCRIPT]["content"] = {"files": []}
    service.scripts[SCRIPT]["processes"].append(
        script_process(30 * MINUTE, SCRIPT, "TIME_DRIVEN")["process"]
    )
    run(service, room, api_certificate)
    assert kinds(room) == {"flowtrap:script_content": 2, "flowtrap:script_process": 9}


@pytest.mark.parametrize("fault", [429, 500, "cut off", "no JSON"])
def test_passing_faults_lose_nothing(service, room, api_certificate, fault):
    for path in ("Example02?", "/content", "listScriptProcesses", "v1/processes?"):
        service.faults[path] = [fault, fault]
    run(service, room, api_certificate)
    assert len(events(room)) == 9


def test_a_fault_that_stays_loses_nothing_that_is_out(service, room, api_certificate):
    service.faults["v1/processes?"] = [503] * 3
    with pytest.raises(TransientError):
        run(service, room, api_certificate)
    assert len(events(room)) == 6
    run(service, room, api_certificate)
    assert len(events(room)) == 9


def test_a_user_whose_switch_is_off_is_told_and_the_others_go_on(
    service, room, api_certificate, caplog
):
    service.switched_off.add(EVE)
    run(service, room, api_certificate)
    assert kinds(room) == {"flowtrap:script_process": 8}
    assert "has not switched the Apps Script API on" in caplog.text
    assert f"script {SCRIPT} as {EVE} was left out" in caplog.text


def test_without_delegation_the_reason_is_plain(service, room, api_certificate):
    service.faults["/"] = [403] * 10
    with pytest.raises(RefusedError) as told:
        run(service, room, api_certificate)
    assert "may not read scripts as this user (HTTP 403)" in str(told.value)
    assert "script.projects.readonly" in str(told.value)


def test_a_script_that_is_gone_is_left_out(service, room, api_certificate, caplog):
    run(service, room, api_certificate, [Watched("C01exampl", EVE, ("1Gone", SCRIPT))])
    assert len(events(room)) == 6
    assert "script 1Gone as eve@example.com was left out" in caplog.text


def test_nobody_is_watched(service, room, api_certificate):
    run(service, room, api_certificate, [])
    assert not service.requests
    assert not events(room)


def test_pages_in_a_circle_end(service, room, api_certificate, monkeypatch):
    answer = {"processes": [], "nextPageToken": "again"}
    monkeypatch.setattr("builders.evidence_apis._runs", lambda rows, query: answer)
    with pytest.raises(MalformedError, match="circle"):
        run(service, room, api_certificate)


def test_what_is_no_id_gets_no_request(service, room, api_certificate):
    run(service, room, api_certificate, [Watched("C01exampl", EVE, ("../../x?y=", SCRIPT))])
    assert len(events(room)) == 6
    assert not any(".." in path for path in service.requests)


def test_from_the_service_to_a_finding(service, room, api_certificate):
    """Audit activities and what the input emits, hunted together: the verdict rises, says why."""
    run(service, room, api_certificate)
    audit = [
        ws.create(workspace.EVE, workspace.SCRIPT, 0),
        ws.forward(workspace.EVE, 10 * MINUTE, workspace.OUTSIDE),
    ]
    [plain] = hunt(audit).alarms
    [finding] = hunt(audit, events(room)).alarms
    assert (plain.severity, finding.severity) == ("high", "critical")
    assert finding.verdict == "script_made_to_forward"
    assert finding.evidence_totals["ran"] == 5
    assert "forwards mail" in finding.explanation

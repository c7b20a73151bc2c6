"""The input for flow definitions against a mock of the Power Platform's admin API."""

from __future__ import annotations

import copy
import json
from functools import partial

import pytest
from builders import m365
from builders import scenarios_m365 as office
from builders.evidence import ON_MAIL, flow_definition, http
from builders.evidence_apis import SECRET, PowerPlatform
from builders.hunting import hunt
from builders.input_runtime import Runtime
from builders.scenario import MINUTE, START

from flowtrap_inputs.errors import (
    ElsewhereError,
    FetchError,
    MalformedError,
    RefusedError,
    StoppedError,
    TransientError,
)
from flowtrap_inputs.flow_definitions import input as flow_input
from flowtrap_inputs.flow_definitions.api import Roots, following
from flowtrap_inputs.m365.clouds import CLOUDS, Cloud
from flowtrap_inputs.m365.settings import Account
from flowtrap_inputs.m365.token import Secret
from flowtrap_inputs.retry import Retry

ENVIRONMENTS = ("Default-" + m365.TENANT, "sandbox 1", "empty")


@pytest.fixture
def service(api_certificate):
    with PowerPlatform(api_certificate) as service:
        for environment in ENVIRONMENTS:
            service.environments[environment] = {}
        for n in range(5):
            service.put(ENVIRONMENTS[0], made(n))
        service.put(ENVIRONMENTS[1], made(5))
        yield service


@pytest.fixture
def room(tmp_path):
    runtime = Runtime(tmp_path)
    yield runtime
    runtime.close()


def made(n, **changed):
    flow = copy.deepcopy(flow_definition(0, ON_MAIL, flow_id=f"flow-{n}")["flow"])
    flow["properties"].update(changed)
    return flow


def run(service, room, certificate, secret=SECRET):
    account = Account(
        m365.TENANT, "an-application", Secret(secret), Cloud(service.root, service.root[:-1]),
        ca_file=str(certificate),
    )  # fmt: skip
    flow_input.collect(
        flow_input.Settings("flows", account),
        room,
        retry=partial(Retry, tries=3, first_s=0.0),
        per_minute=1_000,
        roots=Roots(f"{service.root}bap/", f"{service.root}flow/"),
        clock=lambda: START.timestamp() + 3_600,
    )


def events(room):
    return [json.loads(line) for line in room.lines()]


def names(room):
    return sorted(event["flowId"] for event in events(room))


def seen(room):
    return room.checkpoints.load("flows")["seen"]


def test_every_flow_of_every_environment_is_emitted_as_the_service_gave_it(
    service, room, api_certificate
):
    run(service, room, api_certificate)
    assert names(room) == [f"flow-{n}" for n in range(6)]
    assert {row["sourcetype"] for row in room.delivery.meta} == {"flowtrap:flow_definition"}
    event = next(event for event in events(room) if event["flowId"] == "flow-3")
    assert event["flow"] == service.environments[ENVIRONMENTS[0]]["flow-3"]
    assert event["observedTime"] == "2026-03-10T10:00:00.000Z"
    assert event["environmentName"] == ENVIRONMENTS[0]
    assert list(event)[:2] == ["kind", "observedTime"]


def test_a_flow_is_emitted_again_when_it_was_changed(service, room, api_certificate):
    run(service, room, api_certificate)
    asked = len(service.requests)
    run(service, room, api_certificate)
    assert len(events(room)) == 6
    assert not any("/flows/flow-" in path for path in service.requests[asked:])
    service.put(ENVIRONMENTS[0], made(2, lastModifiedTime="2026-03-11T00:00:00Z"))
    service.put(ENVIRONMENTS[1], made(5, state="Stopped"))
    run(service, room, api_certificate)
    assert names(room)[-8:] == sorted([*(f"flow-{n}" for n in range(6)), "flow-2", "flow-5"])


def test_a_flow_that_is_gone_is_forgotten(service, room, api_certificate):
    run(service, room, api_certificate)
    gone = service.environments[ENVIRONMENTS[1]].pop("flow-5")
    run(service, room, api_certificate)
    assert len(seen(room)) == 5
    service.put(ENVIRONMENTS[1], gone)
    run(service, room, api_certificate)
    assert names(room).count("flow-5") == 2


@pytest.mark.parametrize("fault", [429, 500, 503, 408, "cut off", "no JSON"])
def test_passing_faults_lose_nothing(service, room, api_certificate, fault):
    for path in ("environments?", "v2/flows", "flows/flow-2"):
        service.faults[path] = [fault, fault]
    run(service, room, api_certificate)
    assert names(room) == [f"flow-{n}" for n in range(6)]


def test_a_fault_that_stays_ends_the_run_and_the_next_goes_on(service, room, api_certificate):
    service.faults["flows/flow-5"] = [503] * 3
    with pytest.raises(TransientError):
        run(service, room, api_certificate)
    assert names(room) == [f"flow-{n}" for n in range(5)]
    run(service, room, api_certificate)
    assert names(room) == [f"flow-{n}" for n in range(6)]


def test_a_refused_token_is_replaced_once(service, room, api_certificate):
    service.faults["v2/flows"] = [401]
    run(service, room, api_certificate)
    assert len(events(room)) == 6
    assert room.health.errors == {}


def test_without_permission_the_reason_is_plain(service, room, api_certificate):
    service.faults["environments?"] = [403]
    with pytest.raises(RefusedError) as told:
        run(service, room, api_certificate)
    assert "may not read the Power Platform as an administrator (HTTP 403)" in str(told.value)
    assert "New-PowerAppManagementApp" in str(told.value)


def test_an_environment_that_is_refused_is_told_and_left_out(
    service, room, api_certificate, caplog
):
    service.faults["sandbox%201/v2/flows"] = [403]
    run(service, room, api_certificate)
    assert names(room) == [f"flow-{n}" for n in range(5)]
    assert "environment sandbox 1 was left out" in caplog.text


def test_a_definition_that_is_kept_back_gives_the_summary(service, room, api_certificate, caplog):
    service.kept_back.add("flow-1")
    run(service, room, api_certificate)
    event = next(event for event in events(room) if event["flowId"] == "flow-1")
    assert "definitionSummary" in event["flow"]["properties"]
    assert "the definition of flow flow-1 was left out" in caplog.text


def test_a_flow_deleted_after_it_was_listed_is_no_error(service, room, api_certificate):
    service.faults["flows/flow-4"] = [404]
    run(service, room, api_certificate)
    assert "flow-4" not in names(room)


@pytest.mark.parametrize("elsewhere", ["https://127.0.0.2/", "https://example.org/", "http://x/"])
def test_a_next_page_elsewhere_gets_no_request(service, room, api_certificate, elsewhere):
    service.next_root = elsewhere
    with pytest.raises(ElsewhereError):
        run(service, room, api_certificate)
    assert service.tokens == {"token for https://service.powerapps.com//.default"}


def test_one_environment_whose_pages_lead_elsewhere_is_left_out(
    service, room, api_certificate, caplog
):
    service.environments.pop("empty")  # so that environments are one page
    service.next_root = "https://example.org/"
    run(service, room, api_certificate)
    assert names(room) == ["flow-0", "flow-1", "flow-5"]
    assert f"environment {ENVIRONMENTS[0]} was left out" in caplog.text


FIRST = "https://api.flow.microsoft.com/providers/x/v2/flows?api-version=2016-11-01"


@pytest.mark.parametrize(
    "link",
    [
        "https://emea.api.flow.microsoft.com:11777/providers/x/v2/flows?a=1&%24skiptoken=e",
        "https://api.flow.microsoft.com/elsewhere?a=1&%24skiptoken=e",
    ],
)
def test_a_regional_next_page_is_asked_at_the_same_address(link):
    wanted = "https://api.flow.microsoft.com/providers/x/v2/flows?a=1&%24skiptoken=e"
    assert following(FIRST, link) == wanted


@pytest.mark.parametrize(
    "link",
    [
        "https://api.flow.microsoft.com.example.org/providers/x?a=1",
        "https://evilapi.flow.microsoft.com/providers/x?a=1",
        "https://api.flow.microsoft.com@example.org/?a=1",
        "https://user@api.flow.microsoft.com/?a=1",
        "http://api.flow.microsoft.com/?a=1",
        "https://[/?a=1",
        "https://api.flow.microsoft.com/",
        7,
        ["x"],
    ],
)
def test_other_next_pages_are_refused(link):
    with pytest.raises(ElsewhereError):
        following(FIRST, link)


def test_pages_in_a_circle_end(service, room, api_certificate, monkeypatch):
    monkeypatch.setattr(
        service,
        "_page",
        lambda rows, path, query: {
            "value": rows[:1],
            "nextLink": f"{service.root}{path.lstrip('/')}?%24skiptoken=2",
        },
    )
    with pytest.raises(MalformedError, match="circle"):
        run(service, room, api_certificate)


def test_told_to_stop_it_ends_and_what_is_out_is_remembered(service, room, api_certificate):
    service.on_request = lambda path: room.stop.set() if "flows/flow-3" in path else None
    with pytest.raises(StoppedError):
        run(service, room, api_certificate)
    assert len(events(room)) == len(seen(room)) < 6


def test_secrets_are_in_no_event_log_or_error(service, room, api_certificate, caplog):
    with pytest.raises(RefusedError) as told:
        run(service, room, api_certificate, "a-wrong-secret")
    assert "client secret is wrong" in str(told.value)
    run(service, room, api_certificate)
    left = caplog.text + str(told.value) + b"".join(room.lines()).decode()
    assert not any(secret in left for secret in (SECRET, "a-wrong-secret", "token for"))


def test_other_clouds_are_refused_in_plain_words(room):
    account = Account(m365.TENANT, "an-application", Secret(SECRET), CLOUDS["dod"])
    with pytest.raises(FetchError, match="commercial cloud only"):
        flow_input.collect(flow_input.Settings("flows", account), room)


def test_a_checkpoint_of_another_shape_is_told_and_begun_anew(
    service, room, api_certificate, caplog
):
    room.checkpoints.save("flows", {"version": 99, "seen": []})
    run(service, room, api_certificate)
    assert len(events(room)) == 6
    assert "checkpoint of flows cannot be read" in caplog.text


def test_from_the_service_to_a_finding(service, room, api_certificate):
    """Audit records and what the input emits, hunted together: the verdict rises and says why."""
    leads_out = flow_definition(0, ON_MAIL, {"HTTP": http("https://drop.example.net/in")})
    service.put(ENVIRONMENTS[0], leads_out["flow"])
    run(service, room, api_certificate)
    audit = office.m03(10 * MINUTE, False).records()
    [plain] = hunt(audit).alarms
    [finding] = hunt(audit, events(room)).alarms
    assert (plain.severity, finding.severity) == ("high", "critical")
    assert finding.verdict == "forwarded_outside_and_flow_leads_out"
    assert "calls drop.example.net" in finding.explanation

"""Workspace attacks in the shapes and spellings that the generic variants do not cover."""

from __future__ import annotations

import copy

import pytest
from builders import scenarios_workspace as scenes
from builders import workspace as ws
from builders.hunting import hunt, missing
from builders.scenario import DAY, HOUR, MINUTE

ATTACKS = scenes.ATTACKS
every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)


def chain_of(attack):
    """Return an attack as the table gives it."""
    return attack.build(attack.delay, False)


def changed(records, change):
    """Return copies of records after a change."""
    rows = copy.deepcopy(records)
    for number, row in enumerate(rows):
        if "id" in row:
            change(row, number)
    return rows


EXTRAS = (
    "primary_event",
    "billable",
    "is_encrypted",
    "client_type",
    "product_bucket",
    "scope_data",
)


def drop_kind(row, number):
    del row["kind"], row["etag"]
    for event in row["events"]:
        given = event["parameters"]
        event["parameters"] = [row for row in given if row["name"] not in EXTRAS]


def drop_types(row, number):
    for event in row["events"]:
        event.pop("type", None)


def drop_address(row, number):
    row.pop("ipAddress")


def shout(row, number):
    row["actor"]["email"] = row["actor"]["email"].upper() if number % 2 else row["actor"]["email"]
    row["id"]["applicationName"] = row["id"]["applicationName"].upper()
    for event in row["events"]:
        event["name"] = event["name"].upper()


def drop_profile(row, number):
    del row["actor"]["profileId"]


def one_profile(row, number):
    row["actor"]["profileId"] = "1111111111111111111"


def drop_customer(row, number):
    del row["id"]["customerId"]


def drop_qualifier(row, number):
    del row["id"]["uniqueQualifier"]


def coarse_time(row, number):
    row["id"]["time"] = row["id"]["time"].replace("T", " ").replace(".000Z", ".000000000")


CHANGES = [drop_kind, drop_types, drop_address, shout, drop_profile, one_profile, drop_customer]
CHANGES += [drop_qualifier, coarse_time]


@every_attack
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_attack_fires_in_other_spellings(attack, change):
    chain = chain_of(attack)
    outcome = hunt(changed(chain.records(), change))
    assert outcome.alarms, attack.id
    if change is not drop_address:
        assert min((missing(chain, finding) for finding in outcome.alarms), key=len) == []


@every_attack
def test_attack_fires_where_later_acts_have_no_address(attack):
    """The victim's acts are joined by the profile id where the mail address is empty."""
    chain = chain_of(attack)
    first = chain.records()[0]["id"]["time"]

    def no_email(row, number):
        if row["id"]["time"] != first:
            row["actor"]["email"] = ""

    assert hunt(changed(chain.records(), no_email)).alarms


@every_attack
def test_stranger_with_the_same_profile_does_not_join(attack):
    """Two mail addresses are two people, whatever the profile id says."""
    records = attack.build(attack.delay, True).records()
    assert not hunt(changed(records, one_profile)).alarms


@every_attack
def test_acts_in_another_tenant_do_not_join(attack):
    chain = chain_of(attack)
    written = chain.records()[0]["id"]

    def abroad(row, number):
        if number:
            row["id"]["customerId"] = ws.OTHER_CUSTOMER

    assert written["customerId"] == ws.CUSTOMER
    assert not hunt(changed(chain.records(), abroad)).alarms


@every_attack
@pytest.mark.parametrize("shape", ["flat", "elastic"])
def test_attack_fires_in_shapes_with_ids_of_their_own(attack, shape):
    chain = chain_of(attack)
    make = flat_row if shape == "flat" else elastic_row
    outcome = hunt([make(row) for row in scenes.split(chain.records())])
    assert outcome.alarms, attack.id
    assert min((missing(chain, finding) for finding in outcome.alarms), key=len) == []


def flat_row(record):
    """Return a member as sourcetype gsuite:drive:json has it: neither tenant nor application."""
    if "event" not in record:
        return record
    return {
        "time": record["id"]["time"],
        "name": record["event"]["name"],
        "email": record["actor"]["email"],
        "ip_address": record["ipAddress"],
        "parameters": scenes._spread(record["event"]["parameters"]),
    }


ECS = {
    "doc_id": "file.id",
    "doc_type": "file.type",
    "owner": "file.owner.email",
    "target_user": "target",
    "client_id": "client.id",
    "client_type": "client.type",
    "scope": "scope.value",
    "scope_data": "scope.data",
    "API_CLIENT_NAME": "api.client.name",
    "API_SCOPES": "api.scopes",
}


def elastic_row(record):
    """Return a member as an Elastic document that kept no original."""
    if "event" not in record:
        return record
    provider = record["id"]["applicationName"]
    parameters = scenes._spread(record["event"]["parameters"])
    own = {
        f"google_workspace.{provider}.{ECS.get(name, name)}": value
        for name, value in parameters.items()
        if name != "doc_title"
    }
    source = {
        "@timestamp": record["id"]["time"],
        "event": {
            "action": record["event"]["name"],
            "id": record["id"]["uniqueQualifier"],
            "provider": provider,
        },
        "organization": {"id": record["id"]["customerId"]},
        "source": {"ip": record["ipAddress"], "user": {"email": record["actor"]["email"]}},
        "file": {"name": parameters.get("doc_title")},
        "google_workspace.actor.type": "USER",
        **own,
    }
    return {"_index": "logs-google_workspace", "_id": "1", "_source": source}


def native_client(row, number):
    for event in row["events"]:
        for given in event["parameters"]:
            if given["name"] == "client_type":
                given["value"] = "NATIVE_APPLICATION"


def test_grant_of_a_script_scope_counts_whatever_the_client_says_it_is():
    assert hunt(changed(scenes.w01(HOUR, False).records(), native_client)).alarms


def test_forward_is_counted_once():
    finding = hunt(scenes.w04(HOUR, False).records()).alarms[0]
    assert finding.evidence_totals["forward"] == 1
    assert finding.evidence_totals["run"] == 1


@pytest.mark.parametrize("kind", ["script", "spreadsheet", "form", "document", "presentation"])
@pytest.mark.parametrize("name", ["copy", "source_copy"])
def test_any_file_that_may_hold_a_script_is_bait(kind, name):
    bait = ws.File("1BaitExample", "Bait", kind, "eve@example.com")
    records = scenes.w01(10 * MINUTE, False).records()
    records[0] = ws.on_file(scenes.EVE, name, bait, 0, copy_type="external")
    assert "1BaitExample" in str(hunt(records).alarms)


@pytest.mark.parametrize("count", [2, 3, 12])
def test_delegation_needs_several_users(count):
    users = [ws.User(f"u{n}@example.com") for n in range(count)]
    records = [
        ws.delegate(scenes.ADMIN, scenes.ROBOT, 0, f"{ws.AUTH}drive.readonly"),
        *(ws.api_call(u, scenes.ROBOT, 60 + n, "drive", "x.list") for n, u in enumerate(users)),
    ]
    assert bool(hunt(records).alarms) is (count >= 3)


def test_delegated_app_that_reads_content_of_files():
    app, users = scenes.ROBOT, scenes.USERS
    file = ws.File("1Plan", "Plan", "document", "ann@example.com")
    records = [
        ws.delegate(scenes.ADMIN, app, 0, ws.DRIVE),
        *(ws.content_read(user, app, file, 60 + n) for n, user in enumerate(users)),
    ]
    assert hunt(records).alarms


def test_bulk_reads_of_files_by_a_new_script():
    files = [ws.File(f"1File{n}", f"File {n}", "document", "eve@example.com") for n in range(25)]
    records = [
        ws.create(scenes.EVE, scenes.SCRIPT, 0),
        ws.authorize(scenes.EVE, scenes.OWN_APP, 60, ws.DRIVE, ws.SCRIPTAPP),
        *(ws.content_read(scenes.EVE, scenes.OWN_APP, f, 90 + n) for n, f in enumerate(files)),
    ]
    alarm = hunt(records).alarms[0]
    assert alarm.verdict == "many_files_read"
    assert not hunt(records[:-6]).alarms
    taken = [ws.on_file(scenes.EVE, "download", f, 90 + n) for n, f in enumerate(files)]
    assert hunt(records[:2], taken).alarms[0].verdict == "many_files_taken"
    assert not hunt(taken).alarms


@pytest.mark.parametrize(
    "entry", ["dev-client", "*Untitled*", "1ScriptProject*", "eve@example.com"]
)
def test_script_scope_quiets_what_is_known(entry):
    records = scenes.w02(10 * MINUTE, False).records()
    known = {"script_scope": [entry.replace("dev-client", scenes.OWN_APP.client_id)]}
    assert not hunt(records, values=known).alarms


def test_internal_domains_and_trigger_types_are_heeded():
    records = scenes.w04_trigger(HOUR, False).records()
    assert hunt(records).alarms[0].verdict == "trigger_then_forward"
    assert not hunt(records, values={"internal_domains": ["example.org"]}).alarms
    clock = [ws.trigger(scenes.EVE, scenes.SCRIPT, 0, trigger_type="CLOCK"), *records[1:]]
    assert hunt(clock).alarms[0].verdict == "script_then_forward"
    assert (
        hunt(clock, values={"trigger_types": ["CLOCK"]}).alarms[0].verdict == "trigger_then_forward"
    )


def test_known_client_is_quiet_and_forgotten_one_is_not():
    records = scenes.w02(10 * MINUTE, False).records()
    scopes = (ws.MAIL, ws.EXTERNAL_REQUEST)
    for days, quiet in ((29, True), (31, False)):
        before = ws.authorize(scenes.BOB, scenes.OWN_APP, -days * DAY, *scopes)
        assert bool(hunt([before], records).alarms) is not quiet


def test_numbers_may_come_as_text_or_number():
    records = scenes.w02(10 * MINUTE, False).records()
    for parameter in records[-1]["events"][0]["parameters"]:
        if parameter["name"] == "num_response_bytes":
            parameter["intValue"] = 48_000_000
    assert hunt(records).alarms[0].verdict == "much_read_and_may_leave"


@pytest.mark.corpus
@pytest.mark.parametrize("sifting", [True, False], ids=["sifted", "whole"])
def test_corpus_is_read_and_counted_member_by_member(corpus, sifting):
    """329 activities have 376 members; 28 of the Workspace records have no time.

    The rest of the folder is of other vendors. One finding, for information: a delegation.
    """
    outcome = hunt(paths=[str(corpus / "google_workspace")], sifting=sifting)
    counters = outcome.hunt.counters
    assert counters.read == 446
    assert counters.matched + counters.unmatched + counters.duplicate == 405
    assert counters.no_time >= 28
    assert counters.parse_error == 0
    assert [(f.verdict, f.severity) for f in outcome.findings] == [("granted", "informational")]

"""Records of every operation get every field that CIM requires, with a value that it allows.

Required fields and values: CIM 4.20 (Change, Data Access, Authentication, Alerts), by the models of
pytest-splunk-addon 6.4. The records are those of the detections' own tests and of the scenarios,
and one made up for each operation that these do not have.
"""

from __future__ import annotations

import re

import pytest
from builders.platforms import PLATFORMS

from compiler.runtime_json import DETECTIONS, detection_paths
from compiler.splunk.cim import cim_conf, cim_fields, cim_lookups, mapping
from compiler.yaml_document import read

REQUIRED = {
    "change": "action change_type command dest dvc object object_attrs object_category object_id src status user vendor_product",
    "data_access": "action app dest object object_attrs object_category object_id object_size src user user_name vendor_account vendor_product",
    "authentication": "action app dest src user",
}
ACTIONS = {
    "change": {"created", "modified", "deleted", "acl_modified", "updated"},
    "data_access": {"read", "downloaded", "created", "modified", "deleted", "uploaded"},
    "authentication": {"success", "failure"},
}
CHANGE_TYPES = {"AAA", "application", "file", "mailbox"}
COMMON = {
    "o365": {
        "CreationTime": "2026-03-10T09:00:00", "Id": "3f1c0a52-0000-4000-8000-000000000001", "OrganizationId": "1f0e8a52-6c3d-4b7a-9e21-5d4c3b2a1f00",
        "RecordType": 30, "ResultStatus": "Success", "UserKey": "1003", "UserType": 0, "Version": 1, "Workload": "MicrosoftFlow",
        "ClientIP": "203.0.113.10:52816", "UserId": "Eve@example.com",
    },
    "gws": {
        "id": {"time": "2026-03-10T09:00:00Z", "uniqueQualifier": "-42", "applicationName": "drive", "customerId": "C01"},
        "actor": {"email": "Eve@example.com", "profileId": "1"}, "ipAddress": "203.0.113.10",
    },
}  # fmt: skip


def made(vendor: str, operation: str) -> dict:
    if vendor == "o365":
        return {**COMMON["o365"], "Operation": operation}
    return {
        **COMMON["gws"],
        "event": {
            "name": operation,
            "type": "x",
            "parameters": [{"name": "doc_id", "value": "1abc"}],
        },
    }


EVERY = [(vendor, name) for vendor in ("o365", "gws") for name in mapping()[vendor]["operations"]]


def assert_complete(fields: dict[str, str]) -> None:
    model = fields["model"]
    missing = [name for name in REQUIRED[model].split() if not fields.get(name)]
    assert not missing, (missing, fields)
    assert fields["action"] in ACTIONS[model]
    if model == "change":
        assert fields["change_type"] in CHANGE_TYPES
        assert fields["status"] in ("success", "failure")
        assert fields["status"] == "success" or fields.get("result")
    assert fields["user"] == fields["user"].lower()
    assert not re.search(r"^\d+\.\d+\.\d+\.\d+:\d+$|^\[", fields["src"])


@pytest.mark.parametrize(("vendor", "operation"), EVERY)
def test_every_operation_has_every_field(vendor, operation):
    assert_complete(cim_fields(vendor, made(vendor, operation)))


def native_records():
    """Return the records of tests and scenarios, a Google one per member as Splunk's add-on has it."""
    found = [
        e for p in detection_paths(DETECTIONS) for c in read(p).value["tests"] for e in c["events"]
    ]
    for platform in PLATFORMS:
        for attack in platform.attacks:
            found += attack.build(attack.delay, False).records()
    for record in found:
        if not isinstance(record, dict):
            continue
        if isinstance(record.get("Operation"), str) and "UserId" in record:
            yield "o365", record
        for event in record.get("events") or () if isinstance(record.get("events"), list) else ():
            yield "gws", {**{k: v for k, v in record.items() if k != "events"}, "event": event}


def test_real_shapes_have_every_field():
    seen = {"o365": set(), "gws": set()}
    for vendor, record in native_records():
        fields = cim_fields(vendor, record)
        if "model" in fields:
            seen[vendor].add(fields["command"])
            assert_complete(fields)
    assert len(seen["o365"]) >= 15, seen["o365"]
    assert len(seen["gws"]) >= 10, seen["gws"]


def test_values():
    rule = made("o365", "New-InboxRule") | {
        "ResultStatus": "False", "ClientIP": "[2001:db8::10]:443", "ObjectId": "eve@example.com\\Invoices", "Workload": "Exchange",
    }  # fmt: skip
    fields = cim_fields("o365", rule)
    assert fields["src"] == "2001:db8::10"
    assert (fields["action"], fields["change_type"], fields["object_category"]) == (
        "created",
        "mailbox",
        "rule",
    )
    assert (fields["status"], fields["result"]) == ("failure", "False")
    assert (fields["user"], fields["object"], fields["dest"]) == (
        "eve@example.com",
        "eve@example.com\\Invoices",
        "Exchange",
    )
    script = made("gws", "edit")
    assert (cim_fields("gws", script)["object_id"], cim_fields("gws", script)["user"]) == (
        "1abc",
        "eve@example.com",
    )


def test_a_finding_is_an_alert():
    finding = {
        "finding_id": "f1", "title": "t", "detection": "d", "explanation": "e", "severity": "high", "risk_score": 70,
        "entities": [{"type": "user", "value": "eve"}, {"type": "flow", "value": "6ba2"}, {"type": "src", "value": "203.0.113.10"}],
    }  # fmt: skip
    fields = cim_fields("findings", finding)
    needed = [
        "app",
        "description",
        "dest",
        "id",
        "severity",
        "signature",
        "signature_id",
        "src",
        "type",
        "user",
    ]
    assert [name for name in needed if not fields.get(name)] == []
    assert (fields["dest"], fields["user"], fields["src"]) == ("6ba2", "eve", "203.0.113.10")


def test_what_splunk_gets_says_the_same():
    conf = cim_conf()
    props = conf["props"]["o365:management:activity"]
    for field in mapping()["o365"]["fields"]:
        assert f"EVAL-{field}" in props
    assert "coalesce(UserId,MailboxOwnerUPN,UserKey)" in props["EVAL-user"]
    assert conf["tags"]["eventtype=flowtrap_o365_data_access"] == {
        "data": "enabled",
        "access": "enabled",
    }
    assert conf["tags"]["eventtype=flowtrap_finding"] == {"alert": "enabled"}
    assert (
        "CreateFlow,created,application,flow,definition,change"
        in cim_lookups()["flowtrap_cim_o365.csv"]
    )
    for stanza in conf["props"].values():
        for key, value in stanza.items():
            if key.startswith("EXTRACT"):
                re.compile(value.replace("(?<", "(?P<"))


def test_a_missing_field_is_reported():
    fields = cim_fields("o365", made("o365", "CreateFlow"))
    with pytest.raises(AssertionError, match="dvc"):
        assert_complete(fields | {"dvc": ""})


def test_a_kept_finding_has_the_time_of_its_last_event():
    line = '{"finding_id":"f","first_time":"2026-03-10T09:00:00Z","last_time":"2026-03-10T09:10:00.250Z","entities":[]}'
    for text in (line, line.replace(":", ": ").replace(": 00", ":00").replace(": 10", ":10")):
        prefix = re.search(cim_conf()["props"]["flowtrap:finding"]["TIME_PREFIX"], text)
        assert prefix is not None
        assert text[prefix.end() :].startswith("2026-03-10T09:10")

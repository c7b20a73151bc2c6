"""Every record of every scenario goes to an integration's document and back.

A failure of the round trip names a field of the normalised event that the document does not give
back; if the integration really drops it, it belongs into LOST, and into the table's `lost`.
"""

from __future__ import annotations

import csv
import datetime
import json

import pytest
from builders.all_scenarios import NAMES, everything
from builders.elastic_documents import dotted, hits, natives
from builders.hunting import hunt

from flowtrap.feed.wrappers import unwrap
from flowtrap.normalise.elastic.java_text import hash_order, java_text, read_java_text
from flowtrap.normalise.elastic.paths import at
from flowtrap.normalise.elastic.table import MAPPED, as_native, data_set_of, integration_doc
from flowtrap.normalise.table import recognise

WHEN = "2026-03-10T09:00:00.000Z"
LOST = {  # feed -> fields that its documents do not bear, or only in part
    "aws_cloudtrail": {"in_lambda", "session_region", "session_roles"},  # userIdentity.inScopeOf
    "gcp_audit": {
        *("time", "operation", "region", "function"),  # nanoseconds; resource.labels
        *("added", "member", "role", "granted_account", "certain", "policy_known", "summary"),
        *("acting_as", "key_id", "target"),
    },
    "azure_activity": {"at"},  # the spelling of a time
    "azure_functions": {"at"},
    "entra_audit": {"at"},
    "m365_audit": {"src"},  # only where ClientIP was a port alone
}
NEW_IDS = {"gcp_audit", "azure_functions"}  # ids of the time's nanoseconds, of the whole record


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_gives_the_same_fields(name):
    differences = set()
    for native in natives(everything(name)):
        spec = recognise(native)
        try:
            document = json.loads(json.dumps(integration_doc(native)))
        except ValueError:
            continue
        back = as_native(document)
        assert recognise(back) is spec, (native, document)
        before, after = spec.normalise(native), spec.normalise(back)
        assert after.time_ms == before.time_ms
        if spec.name not in NEW_IDS:
            assert after.event_id == before.event_id, (native, back)
        names = before.fields.keys() | after.fields.keys()
        differences |= {
            (spec.name, field, str(before.fields.get(field)), str(after.fields.get(field)))
            for field in names
            if before.fields.get(field) != after.fields.get(field)
            and field not in LOST.get(spec.name, ())
        }
    assert differences == set()


@pytest.mark.parametrize("name", NAMES)
def test_dotted_and_listed_documents_tell_the_same(name):
    for hit in hits(everything(name)):
        source = hit["_source"]
        flat = dotted(source)
        assert recognise(source) is None
        assert recognise(flat) is None
        spec = recognise(as_native(source))
        nested, as_rows = spec.normalise(as_native(source)), spec.normalise(as_native(flat))
        assert as_rows.fields == nested.fields
        assert as_rows.time_ms == nested.time_ms


@pytest.mark.parametrize("name", NAMES)
def test_event_original_has_precedence(name):
    for native in natives(everything(name)):
        for hit in hits([native], original=True):
            hit["_source"]["event"]["action"] = "SomethingElse"
            assert list(unwrap(hit)) == [native]


def test_every_data_set_is_met_by_a_scenario():
    met = {data_set_of(hit["_source"]).dataset for name in NAMES for hit in hits(everything(name))}
    assert met | {"aws.vpcflow"} == {mapped.dataset for mapped in MAPPED}


# --- hunt ---------------------------------------------------------------------------------------


def written(folder, hits_of, shape):
    """Write hits into a file as an export of this shape; return its path."""
    documents = list(hits_of)
    if shape == "bulk":
        lines = [json.dumps(hit["_source"]) for hit in documents]
    elif shape == "hits":
        lines = [json.dumps(hit) for hit in documents]
    elif shape == "answer":
        lines = [json.dumps({"took": 1, "hits": {"total": {"value": 1}, "hits": documents}})]
    else:
        lines = [json.dumps(dotted(hit["_source"])) for hit in documents]
    path = folder / f"{shape}.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.mark.parametrize("shape", ["bulk", "hits", "answer", "dotted"])
def test_hunt_reads_exports_without_original(shape, tmp_path):
    records = everything("aws")
    expected = hunt(hits(records)).plain()
    assert expected
    outcome = hunt(paths=[written(tmp_path, hits(records), shape)])
    assert outcome.plain() == expected
    (message,) = outcome.messages
    assert "kept no event.original, so their fields were read" in message


def test_hunt_reads_kibanas_tables(tmp_path):
    """A CSV has neither objects nor zones: the text of a Java map, and times as Kibana shows them."""
    records = everything("aws")
    rows = [_cells(hit["_source"]) for hit in hits(records)]
    columns = sorted({name for row in rows for name in row})
    path = tmp_path / "discover.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, restval="-")
        table.writeheader()
        table.writerows(rows)
    expected = {finding.finding_id for finding in hunt(hits(records)).alarms}
    found = {finding.finding_id for finding in hunt(paths=[str(path)]).alarms}
    assert expected
    assert found == expected


def _cells(source):
    cells = {}
    for name, value in dotted(source).items():
        if ".flattened." in name or ".resources" in name:
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if name.endswith(("timestamp", "creation_date", "event.start", "event.end")):
            moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            shown = f"{moment:%b} {moment.day}, {moment.year} @ {moment:%H:%M:%S}.000"
        cells[name] = shown
    return cells


# --- CloudTrail's traps ---------------------------------------------------------------------------


def trail(**cloudtrail):
    return {
        "@timestamp": WHEN,
        "event": {
            "action": "CreateFunction20150331",
            "provider": "lambda.amazonaws.com",
            "id": "1",
        },
        "aws": {"cloudtrail": {"user_identity": {"type": "IAMUser"}, **cloudtrail}},
    }


def request_of(document):
    return as_native(document)["requestParameters"]


def test_java_map_is_read_where_the_flattened_twin_is_absent():
    text = (
        "{functionName=pay, role=arn:aws:iam::123456789012:role/pay, layers=[a, b], code={s3Key=x}}"
    )
    assert request_of(trail(request_parameters=text)) == {
        "functionName": "pay",
        "role": "arn:aws:iam::123456789012:role/pay",
        "layers": ["a", "b"],
        "code": {"s3Key": "x"},
    }


def test_flattened_twin_is_believed_first():
    flat = {"request_parameters": {"functionName": "true"}}
    document = trail(request_parameters="{functionName=other}", flattened=flat)
    assert request_of(document) == {"functionName": "true"}


REQUEST = {
    "functionName": "pay",
    "role": "arn:aws:iam::123456789012:role/pay",
    "runtime": "python3.12",
    "handler": "a.b",
}


@pytest.mark.parametrize("fake", ["x, functionName=decoy", "x, role=arn:aws:iam::1:role/decoy"])
def test_description_cannot_take_a_key_over(fake):
    request = {**REQUEST, "description": fake}
    assert read_java_text(java_text(request)) == request


def test_order_of_keys_is_that_of_a_hash_map():
    # As a Java program prints it: new HashMap<>(Map.of(…)).toString()
    names = ["functionName", "handler", "publish", "role", "runtime"]
    assert hash_order(names) == ["handler", "role", "functionName", "publish", "runtime"]


@pytest.mark.parametrize("text", [None, "", "x", "{", "[a]", "{a", 7, ["{a=1}", "{b=2}"]])
def test_what_is_no_java_map_is_no_value(text):
    assert read_java_text(text) is None


def test_a_statement_in_json_stays_a_text():
    request = {"statement": '{"Sid":"a","Principal":"*","x":[1, 2]}', "functionName": "pay"}
    assert read_java_text(java_text(request)) == request


def test_null_request_leaves_no_function():
    record = as_native(trail())
    assert "requestParameters" not in record
    assert "function" not in recognise(record).normalise(record).fields


# --- other shapes -------------------------------------------------------------------------------

AUDIT = {
    "CreationTime": "2026-03-10T09:00:00",
    "Operation": "CreateFlow",
    "Workload": "x",
    "UserId": "ann@example.com",
}


@pytest.mark.parametrize(
    "document",
    [
        {"o365": {"audit": AUDIT}},
        {"o365.audit": AUDIT},
        {f"o365.audit.{key}": [value] for key, value in AUDIT.items()},
    ],
)
def test_audit_records_keep_members_that_were_not_renamed(document):
    assert as_native({"@timestamp": WHEN, **document}) == AUDIT


def test_lists_of_fields_become_members():
    record = as_native({"event.action": ["x"], "o365.audit.Parameters.ForwardTo": ["a@b"]})
    assert record["Parameters"] == {"ForwardTo": "a@b"}


def test_claims_get_their_dots_back():
    claims = {
        "http://schemas_microsoft_com/identity/claims/objectidentifier": "1",
        "xms_mirid": "2",
    }
    document = {"azure": {"activitylogs": {"identity": {"claims": claims}}}}
    assert as_native(document)["identity"]["claims"] == {
        "http://schemas.microsoft.com/identity/claims/objectidentifier": "1",
        "xms_mirid": "2",
    }


@pytest.mark.parametrize("path", ["a.b.c", "a.b", "a", "x"])
def test_paths_nested_or_dotted(path):
    expected = {"a.b.c": 1, "a.b": {"c": 1}, "a": {"b": {"c": 1}}}.get(path)
    for document in ({"a": {"b": {"c": 1}}}, {"a.b": {"c": 1}}, {"a": {"b.c": 1}}, {"a.b.c": 1}):
        found = at(document, path)
        assert found == expected or dotted(found) == dotted(expected)


@pytest.mark.parametrize("mapped", MAPPED, ids=lambda mapped: mapped.dataset)
@pytest.mark.parametrize("value", [None, 7, "x", [], ["x"], [{}], {}, {"a": []}, True])
def test_strange_documents_break_nothing(mapped, value):
    document = {"@timestamp": WHEN, "event": value}
    for row in mapped.rows:
        document[row.document] = value
    assert isinstance(as_native({mapped.dataset: value, **document}), dict)
    assert isinstance(as_native({mapped.dataset: value}), dict)

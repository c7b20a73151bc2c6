"""What a document's names settle is so in its event, and what they rule out no stage matches."""

from __future__ import annotations

import copy
import functools
import json
import random
import re

import pytest
from builders import all_scenarios, elastic_documents
from builders import elastic_running as running
from builders.elastic_meddler import Meddler
from builders.hunting import hunt
from builders.kept_originals import load
from hypothesis import given
from hypothesis import strategies as st

from compiler import compile_all
from elastic.boring import _never
from elastic.operations import SILENCES, TELLINGS
from flowtrap.content.runtime import from_document
from flowtrap.match.condition import field_texts
from flowtrap.match.matcher import Matcher
from flowtrap.model.tunable import Tunables
from flowtrap.normalise.elastic.paths import at
from flowtrap.normalise.m365_graph import normalise as graph_event
from flowtrap.normalise.table import recognise
from flowtrap.pipeline import every_default

# Where a native record of a data set has what names its operation.
NAMES = {
    "aws.cloudtrail": ("eventName",),
    "aws.vpcflow": ("action",),
    "gcp.audit": ("logName", "protoPayload.serviceName", "protoPayload.methodName"),
    "azure.activitylogs": ("resultType", "operationName"),
    "azure.platformlogs": ("category", "operationName"),
    "azure.auditlogs": ("operationName",),
    "azure.signinlogs": ("category", "resultType", "operationName"),
    "azure.graphactivitylogs": ("properties.responseStatusCode", "properties.requestUri"),
    "o365.audit": ("Operation",),
    "google_workspace": ("id.applicationName", "event.name"),
}
NOISE = {  # a native record is made of one of the data set, with these names: no stage asks for it
    "aws.cloudtrail": ("DescribeWeather",),
    "aws.vpcflow": ("REJECT",),
    "gcp.audit": (
        "projects/p/logs/cloudaudit.googleapis.com%2Fdata_access", "k8s.io",
        "io.k8s.core.v1.pods.list",
    ),
    "azure.activitylogs": ("Start", "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE"),
    "azure.platformlogs": ("kube-audit", "Microsoft.ContainerService/managedClusters/log/Read"),
    "azure.auditlogs": ("Update device",),
    "azure.signinlogs": ("NonInteractiveUserSignInLogs", "50126", "Sign-in activity"),
    "azure.graphactivitylogs": (200, "https://graph.microsoft.com/v1.0/devices?$filter=a%20eq%20b"),
    "o365.audit": ("FileModified",),
    "google_workspace": ("groups", "change_description"),
}  # fmt: skip


@functools.cache
def natives() -> dict[str, list[dict]]:
    """Return the native records of all scenarios by data set, each once."""
    found: dict[str, dict[str, dict]] = {name: {} for name in NAMES}
    records = [r for name in all_scenarios.NAMES for r in all_scenarios.everything(name)]
    for native in elastic_documents.natives(records):
        document = elastic_documents.document_of(native)
        if document and family(document) in NAMES:  # the logs of function apps are read whole
            found[family(document)][json.dumps(native)] = native
    return {name: list(some.values()) for name, some in found.items()}


def family(document: dict) -> str:
    dataset = document["event"]["dataset"]
    return "google_workspace" if dataset.startswith("google_workspace") else dataset


@functools.cache
def matcher() -> Matcher:
    detections = tuple(from_document(compile_all(), place="detections"))
    stages = [stage for one in detections for stage in one.stages.values()]
    return Matcher(stages, every_default(detections, Tunables({}, now_ms=0)))


def put(record: dict, path: str, value: object) -> None:
    *above, last = path.split(".")
    for part in above:
        record = record.setdefault(part, {})
    record[last] = value


def named(record: dict, dataset: str, names: tuple) -> dict:
    """Return a record with other names."""
    changed = copy.deepcopy(record)
    for path, name in zip(NAMES[dataset], names, strict=True):
        if name is not None:
            put(changed, path, name)
    return changed


def check(native: dict) -> bool:
    """Assert that whatever the record's document settles is so; tell whether it is left out."""
    document = elastic_documents.document_of(native)
    spec = recognise(native)
    event = spec.normalise(native) if spec else None
    out = False
    for known, never in told(document):
        if event is not None and known is not None and spec.name == known[0]:
            for field, value in known[1].items():
                texts = tuple(text.lower() for text in field_texts(event, field))
                assert texts == ((value.lower(),) if value not in ("", "-") else ()), (
                    field,
                    native,
                )
        out = out or never
    if out and event is not None:
        assert matcher().hits(event) == [], native
    return out


def told(document: dict):
    """Yield what each row that fits a document settles, and whether it leaves the document out."""
    dataset = document["event"]["dataset"]
    for one in TELLINGS:
        names = [at(document, name) for name in one.fields]
        if dataset in one.datasets and all(name not in (None, "") for name in names):
            settled = one.settled(*map(str, names))
            known = None if settled is None else (one.feed, settled)
            yield known, _never(one, names, matcher().possible)
    for one in SILENCES:
        text = at(document, one.field)
        if dataset in one.datasets and text and not any(w in text.lower() for w in one.words):
            yield (one.feed, one.settled), not matcher().possible(one.feed, one.settled)


@pytest.mark.parametrize("dataset", [name for name in NAMES if name != "aws.vpcflow"])
def test_scenarios_bear_what_their_names_settle(dataset):
    assert natives()[dataset]
    for native in natives()[dataset]:
        check(native)


@given(st.sampled_from(sorted(NAMES)), st.randoms(use_true_random=False))
def test_records_with_the_names_of_others_bear_what_these_settle(dataset, chance: random.Random):
    records = natives()[dataset] or [FLOW]
    chosen = [
        at(chance.choice(records), path) if chance.random() < 0.8 else noise
        for path, noise in zip(NAMES[dataset], NOISE[dataset], strict=True)
    ]
    native = named(chance.choice(records), dataset, tuple(chosen))
    if elastic_documents.document_of(native) is not None:
        check(native)


FLOW = {
    "version": "2", "account-id": "123456789012", "interface-id": "eni-0a1b2c3d",
    "srcaddr": "10.0.1.20", "dstaddr": "203.0.113.9", "srcport": "49152", "dstport": "443",
    "protocol": "6", "packets": "9", "bytes": "5120", "start": "1767225600", "end": "1767225660",
    "action": "ACCEPT", "log-status": "OK",
}  # fmt: skip


def noise(dataset: str) -> dict:
    return named((natives()[dataset] or [FLOW])[0], dataset, NOISE[dataset])


@pytest.mark.parametrize("dataset", sorted(NAMES))
def test_noise_of_every_data_set_is_left_out(dataset):
    native = noise(dataset)
    if dataset == "azure.platformlogs":  # of no feed: a cluster's own audit log
        document = elastic_documents.document_of((natives()[dataset])[0])
        put(document, "azure.platformlogs.category", NOISE[dataset][0])
        put(document, "event.action", NOISE[dataset][1])
        assert any(never for _, never in told(document))
    else:
        assert check(native)


def test_file_that_holds_no_script_is_left_out_when_it_is_viewed():
    drive = next(n for n in natives()["google_workspace"] if at(n, "id.applicationName") == "drive")
    viewed = {"type": "access", "name": "view"}
    for kind, out in (("pdf", True), ("spreadsheet", False), ("script", False)):
        parameters = [{"name": "doc_id", "value": "1a"}, {"name": "doc_type", "value": kind}]
        native = {key: value for key, value in drive.items() if key not in ("event", "events")}
        assert check({**native, "event": {**viewed, "parameters": parameters}}) is out


def test_flow_that_was_accepted_is_read():
    assert not check(FLOW)


WORDS = st.sampled_from(
    ["me", "users", "messages", "mailFolders", "sendMail", "messageRules", "createLink", "invite",
     "microsoft.graph.forward", "createForward", "reply", "send", "AAMk%2Fa", "messages('A')", "%6Dessages",
     "devices", "drive", "%"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=5), st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", ""]))
def test_path_without_the_words_is_no_act(parts, method):
    uri = "https://graph.microsoft.com/v1.0/" + "/".join(parts) + "?$filter=a%20eq%20'messages'"
    properties = {"requestMethod": method, "requestUri": uri, "responseStatusCode": 200}
    record = {"time": "2026-03-10T09:00:00Z", "properties": properties}
    document = elastic_documents.document_of(record)
    path = at(document, "url.path")
    (silence,) = SILENCES
    if path and not any(word in path.lower() for word in silence.words):
        assert "graph_act" not in graph_event(record).fields


@pytest.mark.server
def test_cluster_leaves_out_the_noise_of_every_data_set(node, node_url, room):
    records = [noise(name) for name in sorted(NAMES) if name != "azure.platformlogs"]
    indices = load(node, room, records)
    done = running.run(node_url, room, *indices, "--final", "--step=40000d", "--since=2020-01-01")
    assert done.returncode == 0, done.stderr
    left_out = re.search(r"([\d,]+) filtered_out", done.stderr) or re.search(
        r"filtered_out\D+([\d,]+)", done.stderr
    )
    assert left_out, done.stderr
    assert int(left_out[1]) == len(records), done.stderr


@pytest.mark.server
def test_filter_that_the_cluster_refuses_is_done_without(node, node_url, room):
    attack = all_scenarios.everything("Microsoft 365")
    indices = load(node, room, attack)
    refused = []

    def meddle(request, forward):
        if b'"wildcard"' not in request.body:
            return forward()
        refused.append(request.path)
        return 400, {"error": {"type": "search_phase_execution_exception", "reason": "expensive"}}

    with Meddler(node_url) as proxy:
        proxy.meddle = meddle
        done = running.run(proxy.origin, room, *indices, "--final", "--step=400d")
    assert done.returncode == 0, done.stderr
    assert refused
    expected = {finding.finding_id for finding in hunt(attack).findings}
    assert running.findings(node, room).keys() == expected != set()

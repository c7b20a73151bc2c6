"""The graph: who did what to whom, as the evidence says it, and boxes that do not cover each other."""

from __future__ import annotations

import dataclasses
from itertools import combinations, pairwise

from builders import findings as made
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.finding import Entity, Evidence
from report import RawEvents, raw_event
from report.events import happenings
from report.graph import MOST_IN_A_COLUMN, graph
from report.routes import NODE_WIDTH

NO_RAW = RawEvents()


def drawn(finding, raw=NO_RAW):
    return graph(finding.entities, happenings(finding), raw)


def sentences(finding, raw=NO_RAW):
    found = drawn(finding, raw)
    return [edge.sentence for edge in found.edges] if found else []


def with_evidence(finding, *rows):
    evidence = tuple(
        Evidence("s", f"2026-03-10T09:{n:02}:00Z", f"e{n}", "f", action, who, what)
        for n, (who, action, what) in enumerate(rows)
    )
    return dataclasses.replace(finding, evidence=evidence)


def test_actor_automation_identity_target() -> None:
    assert sentences(made.finding(1, events=5)) == [
        "job-01 → job-01-role: runs as, acts as (events 1, 4, 5)",
        "mallory → job-01: CreateFunction, Invoke (events 1, 3)",
        "mallory → job-01-role: AttachRolePolicy (event 2)",
        "job-01 → svc-0: CreateUser (event 4)",
        "job-01 → svc-1: CreateUser (event 5)",
    ]


def test_another_platform() -> None:
    assert sentences(made.flow_finding()) == [
        "anna@example.com → 3f1c9a52-7a4e-4c0b-9d55-0b7a2f1f6e11: CreateFlow (event 1)",
        "anna@example.com → https://example.com/s/1: AnonymousLinkCreated (event 2)",
        "anonymous → https://example.com/s/1: AnonymousLinkUsed (event 3)",
    ]


def test_address_stands_with_the_actor_whose_record_bears_it() -> None:
    finding = made.finding()
    one = finding.evidence[0]
    raw = RawEvents({(one.feed, one.event_id): raw_event({"sourceIPAddress": "203.0.113.7"})})
    boxes = drawn(finding, raw).boxes
    assert [(box.text, box.origin) for box in boxes if box.origin] == [
        ("mallory", "from 203.0.113.7")
    ]
    assert not any(box.origin for box in drawn(finding).boxes)


def test_what_is_no_entity_is_still_shown() -> None:
    finding = with_evidence(made.flow_finding(), ("anna@example.com", "Read", "Read secret/db"))
    assert sentences(finding) == ["anna@example.com → secret/db: Read (event 1)"]


def test_bare_name_and_full_name_are_one() -> None:
    arn = "arn:aws:iam::123456789012:user/deploy-bot"
    finding = dataclasses.replace(
        with_evidence(
            made.finding(),
            ("mallory", "CreateAccessKey", "CreateAccessKey for user deploy-bot"),
            (arn, "ListBuckets", "ListBuckets"),
        ),
        entities=(Entity("user", "deploy-bot"), Entity("user", arn)),
    )
    assert sentences(finding) == [
        "mallory → deploy-bot: CreateAccessKey (event 1)",
        "deploy-bot → ListBuckets: ListBuckets (event 2)",
    ]


def test_part_of_a_name_is_no_mention() -> None:
    finding = dataclasses.replace(
        with_evidence(made.finding(), ("mallory", "Do", "Do thing-svc-2 and svc-22")),
        entities=(Entity("user", "svc-2"),),
    )
    assert sentences(finding) == ["mallory → thing-svc-2 and svc-22: Do (event 1)"]


def test_long_columns_are_summed_up() -> None:
    boxes = drawn(made.finding(events=200)).boxes
    targets = [box for box in boxes if box.x == max(b.x for b in boxes)]
    assert len(targets) == MOST_IN_A_COLUMN
    assert targets[-1].text == "4 more"


def test_no_evidence_draws_nothing() -> None:
    assert drawn(dataclasses.replace(made.finding(), evidence=())) is None


names = st.sampled_from(["mallory", "trent", "job", "role-1", "bot", "x@example.com", "", "eni-1"])
ROWS = st.lists(
    st.tuples(names, st.sampled_from(["Make", "Run"]), st.tuples(names, names).map(" ".join)),
    max_size=14,
)


@given(ROWS)
def test_boxes_never_cover_each_other_and_lie_within(rows) -> None:
    kinds = ("user", "user", "function", "role", "user", "user", "src")
    entities = tuple(
        map(
            Entity, kinds, ("mallory", "trent", "job", "role-1", "bot", "x@example.com", "10.0.0.1")
        )
    )
    finding = dataclasses.replace(with_evidence(made.finding(), *rows), entities=entities)
    found = drawn(finding)
    if found is None:
        return
    assert found == drawn(finding)
    for one, two in combinations(found.boxes, 2):
        assert (
            abs(one.x - two.x) >= NODE_WIDTH
            or one.y + one.height <= two.y
            or two.y + two.height <= one.y
        )
    for box in found.boxes:
        assert 0 <= box.x <= box.x + NODE_WIDTH <= found.width
        assert 0 <= box.y <= box.y + box.height <= found.height
    labels = sorted((edge.label_x, edge.label_y) for edge in found.edges)
    assert all(b[0] != a[0] or b[1] - a[1] > 10 for a, b in pairwise(labels))

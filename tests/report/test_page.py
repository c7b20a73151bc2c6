"""The page: what it says of a run and of each case, and that it is sound HTML that needs nothing."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import pairwise

import pytest
from builders import findings as made
from builders.html_page import Page

from cli import content
from report import Known, RawEvents, Run, raw_event, render

RUN = Run(inputs=("logs/",), counters={"read": 12, "matched": 5, "late": 0}, detections=10)
DETECTION = "aws_lambda_created_then_acted"


@pytest.fixture(scope="module")
def known():
    detection = next(d for d in content.load() if d.name == DETECTION)
    return {DETECTION: Known(detection, *content.prose({DETECTION})[DETECTION])}


def records(*findings):
    """Return raw events for all evidence."""
    found = {
        (e.feed, e.event_id): raw_event({"eventName": e.action, "sourceIPAddress": "203.0.113.7"})
        for finding in findings
        for e in finding.evidence
    }
    return RawEvents(found)


@pytest.fixture(scope="module")
def page(known):
    found = [*made.many(), made.flow_finding()]
    return Page(render(found, RUN, known=known, raw=records(*found)))


def test_same_arguments_give_the_same_bytes(known) -> None:
    found = made.many(8, 30)
    first = render(found, RUN, known=known, raw=records(*found))
    assert first == render(reversed(found), RUN, known=known, raw=records(*found))


def test_cases_stand_by_falling_risk(page) -> None:
    scores = [int(e.text) for e in page.all("span", "score")]
    assert len(scores) == 2 * 51
    assert scores[:51] == scores[51:] == sorted(scores[:51], reverse=True)


def test_headline_tells_the_worst() -> None:
    def headline(*severities):
        found = [made.finding(n, severity) for n, severity in enumerate(severities)]
        return Page(render(found, RUN)).one("h1").text

    assert headline("critical", "low", "low") == "3 cases, 1 critical"
    assert headline("high") == "1 high case"
    assert headline() == "No cases found"


def test_nothing_found_is_no_proof_of_absence() -> None:
    page = Page(render([], RUN))
    assert "no proof of absence" in page.one("p", "lead").text
    assert "open" in page.one("details", "run").attributes
    assert not page.all("nav")


def test_nothing_read_is_no_clean_bill() -> None:
    for counters in ({"read": 0}, {"read": 7, "unrecognised": 7}):
        lead = Page(render([], Run(counters=counters))).one("p", "lead").text
        assert "no record of a known feed" in lead


def test_counters_are_told_with_their_meaning(page) -> None:
    rows = [
        [cell.text for cell in row.children]
        for row in page.one("table", "counters").children[2].children
    ]
    assert rows == [
        ["read", "12", "records in the input"],
        ["matched", "5", "met the condition of at least one stage"],
    ]


def test_incomplete_run_says_so_at_the_top_and_in_the_case() -> None:
    run = Run(
        incomplete=True, reason="Of the records, 2 could not be parsed", messages=("a:1: bad",)
    )
    page = Page(render([made.finding(incomplete=True)], run))
    assert "2 could not be parsed" in page.one("div", "alert").text
    assert "a:1: bad" in page.one("ul", "messages").text
    assert page.all("p", "partly")
    assert not Page(render([made.finding()], RUN)).all("div", "alert")


def test_made_time_is_shown_only_where_it_is_given() -> None:
    assert "2026-03-10 09:00:00 UTC" in render([], Run(made_ms=made.START_MS))
    assert "Report made" not in render([], Run())


def test_sections_of_a_case(page) -> None:
    article = page.by_id("case-1")
    headings = [e.text for e in page.elements if e.tag == "h4" and e in descendants(article)]
    assert headings == [
        "Who and what", "Who did what", "Timeline", "Evidence, in order", "Why it fired",
        "What to check and do next", "Harmless things that look like this",
        "What these logs cannot show", "References",
    ]  # fmt: skip


def descendants(element):
    found = []
    for child in element.children:
        found += [child, *descendants(child)]
    return found


def test_case_without_its_detection_leaves_out_what_that_says() -> None:
    text = Page(render([made.flow_finding()], RUN)).by_id("case-1").text
    assert "Evidence, in order" in text
    assert "Why it fired" not in text
    assert "What to check" not in text


def test_all_evidence_is_there_in_order_once_an_event(page) -> None:
    steps = [e for e in descendants(page.by_id("case-1")) if e.tag == "li" and "step" in e.classes]
    assert [int(e.attributes["value"]) for e in steps] == list(range(1, 201))
    assert len([e for e in descendants(page.by_id("case-1")) if "raw" in e.classes]) == 200


def test_event_of_two_stages_is_one_step() -> None:
    finding = made.finding(events=3)
    twice = (dataclasses.replace(finding.evidence[0], stage="touched"), *finding.evidence)
    found = made.finding(
        events=3, evidence=twice, evidence_totals={"touched": 1, "created": 1, "grant": 1, "run": 1}
    )
    steps = Page(render([found], RUN)).all("li", "step")
    assert len(steps) == 3
    assert "touched" in steps[0].text
    assert "created" in steps[0].text


def test_evidence_that_a_finding_does_not_hold_is_counted() -> None:
    totals = {"created": 1, "grant": 1, "run": 1, "acts": 431}
    text = Page(render([made.finding(evidence_totals=totals)], RUN)).by_id("case-1").text
    assert "acts: the first 3 of 431" in text


def test_why_it_fired_compares_the_verdict_with_what_was_found(page) -> None:
    article = page.by_id("case-2")
    table = next(e for e in descendants(article) if "reasons" in e.classes)
    rows = [[cell.text for cell in row.children] for row in table.children[1].children]
    assert [
        row[0].startswith(name)
        for row, name in zip(rows, ("created", "acts", "grant"), strict=True)
    ]
    assert rows[1][1] == (
        "at least 1 event; not seen in the 30 d before (same account, role, function, action)"
    )
    assert rows[2][1:] == [
        "at least 1 event; privilege is on the list role_scope",
        "1 event: event 2",
    ]


def test_missing_raw_events_are_explained() -> None:
    raw = RawEvents({}, "Raw events were not kept: standard input and pipes cannot be read again.")
    page = Page(render([made.finding()], RUN, raw=raw))
    assert "cannot be read again" in page.by_id("case-1").text
    assert not page.all("details", "raw")


def test_raw_event_is_the_record_word_for_word() -> None:
    record = {"eventName": "Inv\u202eoke", "n": [1, None, True], "é": "ü"}
    text = raw_event(record).text
    assert "\u202e" not in text
    assert json.loads(text) == record


def test_raw_event_that_is_too_long_says_how_much_is_missing() -> None:
    raw = raw_event({"blob": "x" * 200_000})
    assert len(raw.text) == 64_000
    assert raw.left_out == 200_000 + len('{\n  "blob": ""\n}') - 64_000


def test_ids_are_unique_and_every_inner_link_leads_somewhere(page) -> None:
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = {e.attributes["href"][1:] for e in page.all("a") if e.attributes["href"][0] == "#"}
    targets |= {e.attributes["data-go"] for e in page.elements if "data-go" in e.attributes}
    targets |= {i for e in page.elements for i in e.attributes.get("aria-labelledby", "").split()}
    assert targets <= set(ids)


def test_headings_do_not_skip_a_level(page) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_landmarks_and_names(page) -> None:
    assert [e.tag for e in page.elements if e.tag in ("header", "main", "footer", "nav")] == [
        "header", "main", "nav", "footer",
    ]  # fmt: skip
    assert page.one("html").attributes["lang"] == "en"
    assert next(e for e in page.elements if e.tag == "a").attributes["href"] == "#cases"
    for drawing in page.all("svg"):
        hidden = drawing.attributes.get("aria-hidden") == "true"
        assert hidden or drawing.attributes["aria-labelledby"]
    for table in page.all("table"):
        assert all("scope" in e.attributes for e in descendants(table) if e.tag == "th")


def test_nothing_is_fetched_and_only_our_script_may_run(page) -> None:
    policy = next(e for e in page.all("meta") if e.attributes.get("http-equiv"))
    assert policy.attributes["content"].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy.attributes["content"]
    assert len(page.all("script")) == len(page.all("style")) == 1
    for element in page.elements:
        assert not {"src", "style", "srcset", "action", "xlink:href"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
    assert "url(" not in page.one("style").text
    assert "@import" not in page.one("style").text


def test_works_without_javascript(page) -> None:
    for element in page.all(cls="needs-js"):
        assert "hidden" in element.attributes
    for button in page.all("button"):
        assert "hidden" in button.attributes or "div" in button.parents or "form" in button.parents


def test_only_https_references_become_links(known) -> None:
    detection = known[DETECTION].detection
    references = ["javascript:alert(1)", "https://example.com/a b", "https://example.com/ok"]
    changed = dataclasses.replace(detection, document={"references": references})
    page = Page(render([made.finding()], RUN, known={DETECTION: Known(changed)}))
    links = [
        e.attributes["href"] for e in page.all("a") if "refs" in e.parents or e.text in references
    ]
    assert links == ["https://example.com/ok"]

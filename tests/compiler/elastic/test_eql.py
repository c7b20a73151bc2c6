"""Why no rule is written in EQL (docs/decisions): what each verdict asks, and what EQL makes of it.

If the first test fails, some verdict can be said in EQL without a loss: then write it so.
"""

from __future__ import annotations

import re

import eql
import pytest
from builders.elastic_documents import dotted, hits
from builders.elastic_scenarios import cases, plans

from compiler.elastic.plan import Plan, Verdict

# What a query in EQL could name: a column of the index, or one of several of them.
RAW = re.compile(r"(COALESCE\([\w.@, ]+\)|[\w.@]+)")
SEQUENCE = """
sequence with maxspan=24h
  [any where event.action == "UpdateFunctionCode20150331v2"] by cloud.account.id
  [any where event.action == "CreateAccessKey"] by cloud.account.id
"""


def obstacles(plan: Plan, verdict: Verdict) -> set[str]:
    """Return why a verdict cannot be said by a sequence or a single event of EQL."""
    computed = {
        said.feed.column(name)
        for said in plan.words.values()
        for name, field in said.feed.fields.items()
        if not field.column and not RAW.fullmatch(field.eval or "-")
    }
    needs = [plan.needs[number] for number in verdict.needs]
    stages = {plan.anchor, *(step.stage for need in needs for step in need.path)}
    asked = " ".join(plan.flags[stage] for stage in stages)
    found = (
        {"a field is read from the record"} if computed & set(re.findall(r"\w+", asked)) else set()
    )
    for need in needs:
        before = plan.anchor
        for step in need.path:
            keys = [plan.column(before, name) for name in step.parent_keys]
            keys += [plan.column(step.stage, name) for name in step.own_keys]
            found |= {"a key is read from the record"} if computed & set(keys) else set()
            found |= {"in any order"} if step.when not in ("after", "self") else set()
            before = step.stage
        found |= {"over another hit"} if len(need.path) > 1 else set()
        found |= {"counted or distinct"} if need.at_least > 1 or need.distinct else set()
        found |= {"absent"} if not need.at_least else set()
    return found


def test_no_verdict_has_a_form_in_which_eql_loses_nothing():
    every = [(one.plan, verdict) for one in plans("") for verdict in one.plan.verdicts]
    assert len(every) > 200
    sayable = [f"{p.detection['name']}: {v.name}" for p, v in every if not obstacles(p, v)]
    assert sayable == []


# --- what the engine does with what could be said -----------------------------------------------


def found(query: str, events: list[dict]) -> list[list[str]]:
    """Return the ids of each sequence that the `eql` engine finds in events as they come."""
    engine = eql.PythonEngine()
    with (
        eql.parser.elasticsearch_syntax,
        eql.parser.allow_runs,
    ):  # fmt: skip
        engine.add_query(eql.parse_query(query, implied_any=True))
    answers: list[list[str]] = []
    engine.add_output_hook(lambda out: answers.append([e.data["id"] for e in out.events]))
    engine.stream_events([eql.Event.from_data(one) for one in events])
    return answers


def event(name: str, second: int, action: str, account: str = "123456789012", **more: str) -> dict:
    return {
        "id": name,
        "timestamp": second * 10_000_000,
        "event_type": "any",
        "event": {"action": action},
        "cloud": {"account": {"id": account}},
        **more,
    }


WRITE, ACT = "UpdateFunctionCode20150331v2", "CreateAccessKey"


def test_a_sequence_is_found_where_it_is_in_order():
    events = [event("w", 1, WRITE), event("other", 2, ACT, "999999999999"), event("x", 3, ACT)]
    assert found(SEQUENCE, events) == [["w", "x"]]


def test_of_two_events_in_one_second_the_order_decides():
    """CloudTrail has whole seconds; the engine of Flowtrap counts equal times as after."""
    write, act = event("w", 1, WRITE), event("x", 1, ACT)
    assert found(SEQUENCE, [write, act]) == [["w", "x"]]
    assert found(SEQUENCE, [act, write]) == []


def test_what_may_come_before_or_after_is_missed_before():
    assert found(SEQUENCE, [event("x", 1, ACT), event("w", 2, WRITE)]) == []


def test_runs_are_counted_but_not_told_apart():
    query = 'sequence by cloud.account.id with maxspan=24h [any where event.action == "Invoke"] with runs=3'
    same = [event(str(n), n, "Invoke", actor="mallory") for n in range(3)]
    assert found(query, same) == [["0", "1", "2"]]  # a verdict asks for three actors


@pytest.mark.parametrize("original", [True, False])
def test_no_field_of_a_write_and_of_its_act_names_the_function_alike(original):
    """The write has a name inside a text, the act a session's ARN: no `by` joins the two."""
    (case,) = [case for case in cases("AWS") if case.id == "A01"]
    documents = [dotted(hit["_source"]) for hit in hits(case.records, original=original)]
    (write,) = [d for d in documents if d["event.action"].startswith("CreateFunction")]
    (act,) = [d for d in documents if d["event.action"] == "AttachUserPolicy"]
    shared = {str(value) for value in write.values()} & {str(value) for value in act.values()}
    assert "123456789012" in shared
    assert not any(re.split("[:/]", value)[-1] == "invoice-sync" for value in shared)

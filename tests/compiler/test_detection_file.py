"""One file to its runtime form, and everything that may be wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler import load_detection
from compiler.problems import DetectionErrors
from flowtrap.model.detection import Detection, FirstSeen, Membership
from flowtrap.model.errors import DetectionError

if TYPE_CHECKING:
    from conftest import Folder


def test_runtime_form(folder: Folder) -> None:
    row = load_detection(folder.path)
    assert row["stages"]["run"] == {
        "feed": "aws_cloudtrail",
        "condition": [
            "and",
            ["in", "eventSource", ["lambda.amazonaws.com"]],
            ["in", "eventName", ["invoke"]],
        ],
        "keys": {"account": "account", "function": "function"},
        "facts": {"actor": "actor"},
    }
    assert row["stages"]["grant"]["keys"] == {"account": "account", "role": "role"}
    assert row["verdicts"][0]["require"] == {
        "run": {"at_least": 2, "distinct": "actor", "where": []},
        "grant": {
            "at_least": 1,
            "distinct": None,
            "where": [{"field": "privilege", "op": "in", "tunable": "role_scope"}],
        },
    }
    assert row["verdicts"][1]["require"]["run"]["where"] == [
        {"op": "first_seen", "key": ["account", "function"], "over": "30d", "learn": "7d"}
    ]
    assert row["suppress"] == [{"stage": None, "key": "actor", "in": "allowed_deployers"}]
    assert row["entities"] == {"user": ["actor"], "role": ["role"]}
    assert "tests" not in row


def test_the_core_reads_it(folder: Folder) -> None:
    detection = Detection.from_dict(load_detection(folder.path))
    assert detection.anchor == "write"
    assert detection.verdicts[1].anchor == (Membership("role", "not_in", "role_scope"),)
    assert isinstance(detection.verdicts[1].require[0].where[0], FirstSeen)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("1", {"at_least": 1, "distinct": None, "where": []}),
        ("0", {"at_least": 0, "distinct": None, "where": []}),
        ("{distinct: actor}", {"at_least": 1, "distinct": "actor", "where": []}),
        ("[1, {at_least: 2}]", [{"at_least": n, "distinct": None, "where": []} for n in (1, 2)]),
        (
            "{where: {actor: root}}",
            {"at_least": 1, "distinct": None, "where": [{"field": "actor", "op": "equals", "value": "root"}]},
        ),
        (
            "{where: {actor: {not_equals: true, not_in: role_scope}}}",
            {
                "at_least": 1,
                "distinct": None,
                "where": [
                    {"field": "actor", "op": "not_equals", "value": "true"},
                    {"field": "actor", "op": "not_in", "tunable": "role_scope"},
                ],
            },
        ),
        (
            "{where: [{actor: {equals: a}}, {function: {equals: b}}]}",
            {
                "at_least": 1,
                "distinct": None,
                "where": [
                    {"field": "actor", "op": "equals", "value": "a"},
                    {"field": "function", "op": "equals", "value": "b"},
                ],
            },
        ),
    ],
)  # fmt: skip
def test_require_sugar(folder: Folder, rule: str, expected: Any) -> None:
    folder.change("run: {at_least: 2, distinct: actor}", f"run: {rule}")
    assert load_detection(folder.path)["verdicts"][0]["require"]["run"] == expected


def test_use_takes_other_keys_and_facts(folder: Folder) -> None:
    folder.change(
        "run: {use: aws_cloudtrail.run}",
        "run: {use: aws_cloudtrail.run, keys: [account, function], facts: {actor: actor, s: summary}}",
    )
    stage = load_detection(folder.path)["stages"]["run"]
    assert stage["facts"] == {"actor": "actor", "s": "summary"}


BAD = [
    ("name: aws_good_chain", "nome: aws_good_chain", "name is missing", None),
    ("name: aws_good_chain", "name: aws_good_chain\nnome: x", "'nome' is not known here", "nome: x"),
    ("analytic: AN1053", "analytic: 3", "analytic: must be text", "analytic"),
    ("when: after", "when: afterwards", "'afterwards' is not one of those known", "run: {match"),
    ("severity: high", "severity: dire", "'dire' is not one of those known", "severity: dire"),
    ("risk: 70", "risk: 170", "170 is greater", "risk: 170"),
    ("  window: {tunable: time_window}", "  window: 10x", "'10x' is not a time span", "window"),
    ("  window: {tunable: time_window}", "  window: {of: x}", "is no window", "window"),
    ("case: [account, function]", "case: []", "chain.case: must not be empty", "case"),
    ("kind: positive", "kind: good", "'good' is not one of those known", "kind: good"),
    ("aws_cloudtrail.run}", "aws_cloudtrail.rum}", "did you mean aws_cloudtrail.run?", "run: {use"),
    ("aws_cloudtrail.run}", "aws_trail.run}", "there is no feed 'aws_trail'", "run: {use"),
    ("aws_cloudtrail.run}", "aws_cloudtrail.run, feed: x}", "feed comes with use:", "run: {use"),
    ("    keys: [account, role]\n", "", "stages.grant: keys is missing", "grant:"),
    ("facts: [actor, summary]", "facts: [actor, role]", "'role' is a key as well", "facts: [actor, role]"),
    ("keys: [account, role]", "keys: []", "a stage needs a key", "keys: []"),
    ("eventName|re: '^(", "eventName|re: '^((", "Regular expression", "eventName|re"),
    ("run: {at_least: 2, distinct: actor}", "run: many", "is no requirement", "run: many"),
    ("run: {at_least: 2, distinct: actor}", "run: {atleast: 2}", "'atleast' is not known", "run: {atl"),
    ("run: {at_least: 2, distinct: actor}", "run: {at_least: -1}", "-1 is not a count", "run: {at_l"),
    ("{privilege: {in: role_scope}}", "{privilege: {within: role_scope}}", "'within' is no comparison", "within"),
    ("{privilege: {in: role_scope}}", "{privilege: {in: [a]}}", "must be one value", "{in: [a]}"),
    ("{privilege: {in: role_scope}}", "privilege", "is no condition", "where: privilege"),
    ("over: 30d", "over: 30", "30 is not a time span", "over: 30"),
    ("key: [account, function], over", "key: account, over", "must be a list of keys", "key: account"),
    ("first_seen: {key: [account, function], over: 30d}", "first_seen: 30d", "is not understood", "first_seen"),
    # what the checks of `essential` say
    ("anchor: write", "anchor: wrote", "'wrote' is no stage", "anchor: wrote"),
    ("    run: {match", "    ran: {match", "'ran' is no stage", "ran: {match"),
    ("match: {account: account, role: role}", "match: {account: account, rule: role}", "'rule' is no key of 'write'", "grant: {match"),
    ("match: {account: account, role: role}", "match: {account: account, role: rule}", "'rule' is no key of 'grant'", "grant: {match"),
    ("case: [account, function]", "case: [actor]", "'actor' is no key of the anchor", "case:"),
    ("distinct: actor", "distinct: actress", "'actress' is no key or fact of 'run'", "distinct: actress"),
    ("in: allowed_deployers", "in: deployers", "'deployers' is no tunable", "in: deployers"),
    ("{key: actor", "{key: actress", "'actress' is no key or fact of 'write'", "key: actress"),
    ("default: 24h", "default: 24", "24 is not a time span", "default: 24"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "at"), BAD, ids=[f"{b[2]}"[:40] for b in BAD])
def test_mistake_is_told_with_its_line(
    folder: Folder, old: str, new: str, message: str, at: str | None
) -> None:
    folder.change(old, new)
    with pytest.raises(DetectionError) as caught:
        load_detection(folder.path)
    lines = [line for line in str(caught.value).splitlines() if message in line]
    assert lines, str(caught.value)
    if at:
        assert lines[0].startswith(f"aws_good_chain.yml:{folder.line_of(at)}: "), lines[0]


def test_mistake_in_a_building_block_names_the_feed_file(folder: Folder) -> None:
    folder.change("eventName: Invoke}", "'eventName|re': '('}", folder.feed)
    with pytest.raises(DetectionError) as caught:
        load_detection(folder.path)
    line = folder.line_of("eventName|re", folder.feed)
    assert f"aws_cloudtrail.yml:{line}: stages.run.detection" in str(caught.value)


def test_feed_file_of_wrong_shape_is_told(folder: Folder) -> None:
    folder.change("title: AWS CloudTrail", "tittle: AWS CloudTrail", folder.feed)
    with pytest.raises(DetectionError, match=r"aws_cloudtrail\.yml:2: tittle"):
        load_detection(folder.path)


def test_all_mistakes_are_told_at_once(folder: Folder) -> None:
    folder.change("anchor: write", "anchor: wrote")
    folder.change("distinct: actor", "distinct: actress")
    with pytest.raises(DetectionErrors) as caught:
        load_detection(folder.path)
    assert len(caught.value.errors) == len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "name: [\n"])
def test_no_detection_at_all(folder: Folder, text: str) -> None:
    folder.path.write_text(text, encoding="utf-8")
    with pytest.raises(DetectionError, match=r"aws_good_chain\.yml:\d"):
        load_detection(folder.path)

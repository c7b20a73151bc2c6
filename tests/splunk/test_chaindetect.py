"""chaindetect over the real protocol: shapes of events, chunks, options, and what it tells."""

from __future__ import annotations

import json
import ssl
import urllib.parse
import urllib.request

import pytest
from builders import scenarios_aws
from builders.hunting import hunt
from builders.search_commands import chunk, execute, executes, getinfo, raw_rows, run, start
from builders.splunkd import SESSION_KEY

ATTACK = scenarios_aws.ATTACKS[0]
RECORDS = ATTACK.build(ATTACK.world).records()
ALL = ["detection=aws_*"]


def expected(records=RECORDS, **options):
    rows = json.loads(json.dumps(hunt(records, **options).plain()))
    return [row for row in rows if row["detection"].startswith("aws_")]


def flat(record, path=""):
    """Take a record apart as Splunk's JSON extraction does."""
    fields = {}
    for name, value in record.items():
        place = f"{path}{name}"
        if isinstance(value, dict):
            fields.update(flat(value, place + "."))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for element in value:
                for inner, text in flat(element, place + "{}.").items():
                    fields.setdefault(inner, []).append(text)
        elif isinstance(value, list):
            fields[place + "{}"] = [str(item) for item in value]
        elif value is not None:
            fields[place] = str(value).lower() if isinstance(value, bool) else str(value)
    return fields


def test_events_from_extracted_fields_alone(app):
    rows = [{"_time": "1773133200", "source": "s3://x", **flat(record)} for record in RECORDS]
    outcome = run(app, "chaindetect", getinfo(ALL), executes(rows, 3))
    assert outcome.stderr == ""
    assert outcome.findings == expected()


def test_raw_beside_extracted_fields(app):
    rows = [{**row, **flat(record)} for row, record in zip(raw_rows(RECORDS), RECORDS, strict=True)]
    outcome = run(app, "chaindetect", getinfo(ALL), executes(rows, 3))
    assert outcome.findings == expected()


def test_empty_chunks_and_rows_in_the_last_chunk(app):
    rows = raw_rows(RECORDS)
    chunks = [execute([], finished=False), execute([], finished=False, columns=["_raw"])]
    chunks += executes(rows, 2, header_only_end=False)
    outcome = run(app, "chaindetect", getinfo(ALL), chunks)
    assert outcome.findings == expected()
    assert len(outcome.replies) == 1 + len(chunks)
    assert [reply["finished"] for reply in outcome.replies[1:]] == [False] * (len(chunks) - 1) + [
        True
    ]


def test_no_events_give_no_rows(app):
    outcome = run(app, "chaindetect", getinfo(ALL), [execute([], finished=True)])
    assert (outcome.code, outcome.rows, outcome.stderr) == (0, [], "")
    assert outcome.replies[0]["type"] == "reporting"


def test_rows_have_fixed_columns_and_time_of_the_last_evidence(app):
    outcome = run(app, "chaindetect", getinfo(ALL), executes(raw_rows(RECORDS), 50_000))
    assert outcome.findings
    empty = run(app, "chaindetect", getinfo(ALL), [execute([], finished=True)])
    header = outcome.bodies[-1].split(b"\n")[0]
    assert empty.bodies[-1].split(b"\n")[0] == header
    for row in outcome.rows:
        finding = json.loads(row["_raw"])
        assert json.loads(row["evidence"]) == finding["evidence"]
        assert json.loads(row["entities"]) == finding["entities"]
        assert finding["last_time"].startswith("2026-03-1")
        assert float(row["_time"]) > 1_773_000_000
        assert row["function"].split("\n") == [
            e["value"] for e in finding["entities"] if e["type"] == "function"
        ]


def test_counters_explanation_and_broken_events(app):
    rows = [*raw_rows(RECORDS), {"_raw": '{"eventName": "CreateFunction20150331", "event'}]
    rows += [{"_raw": "no record at all"}, {"_raw": "", "host": "only"}]
    first = getinfo(["detection=aws_lambda_created_then_acted", "explain=true"])
    outcome = run(app, "chaindetect", first, executes(rows, 3))
    assert f"read {len(rows)} records" in outcome.told("INFO")
    assert "1 parse_error" in outcome.told("INFO")
    assert "hits by stage: created 1 (anchor)" in outcome.told("INFO")
    assert "raise TRUNCATE" in outcome.told("WARN")
    assert all(finding["incomplete"] for finding in outcome.findings)


def test_window_is_the_searchs_own(app):
    late = ATTACK.build(ATTACK.world).records()
    outcome = run(app, "chaindetect", getinfo([*ALL, "window=1s"]), executes(raw_rows(late), 7))
    assert outcome.findings == expected(values={"time_window": "1s"})
    assert outcome.findings != expected()


def test_preview_saves_nothing(app, splunkd):
    first = getinfo([*ALL, "state=x"], splunkd.uri, SESSION_KEY, preview=True)
    outcome = run(app, "chaindetect", first, executes(raw_rows(RECORDS), 7))
    assert (outcome.code, outcome.rows) == (0, [])
    assert "flowtrap_state" not in splunkd.rows


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "detection is missing"),
        (["detection=aws_lambda_creatd"], "there is no detection"),
        (["detection=aws_*", "lateness=soon"], "lateness: 'soon' is not a time span"),
        (["detection=aws_*", "sate=x"], "did you mean state="),
        (["detection=aws_*", "state=a b"], "state: 'a b' is not a name"),
        (["detection=aws_*", "explain=maybe"], "is not true or false"),
        (["detection=aws_*", "maxhits=0"], "whole number from"),
        (["detection=aws_*", "detection=x"], "given twice"),
    ],
)
def test_wrong_arguments_are_one_message(app, args, says):
    outcome = run(app, "chaindetect", getinfo(args), [])
    assert outcome.code == 1
    ((level, text),) = outcome.messages
    assert level == "ERROR"
    assert says in text


def test_a_state_without_splunkd_is_one_error(app):
    first = getinfo([*ALL, "state=x"], "https://127.0.0.1:9", "")
    outcome = run(app, "chaindetect", first, executes(raw_rows(RECORDS), 7))
    assert outcome.code == 1
    assert [level for level, _ in outcome.messages] == ["ERROR"]


@pytest.mark.parametrize(
    ("status", "says"), [(403, "give the role read and write"), (500, "splunkd answers 500")]
)
def test_a_store_that_refuses_is_one_error(app, splunkd, status, says):
    splunkd.failing["flowtrap_state"] = status
    first = getinfo([*ALL, "state=x"], splunkd.uri, SESSION_KEY)
    outcome = run(app, "chaindetect", first, executes(raw_rows(RECORDS), 7))
    assert outcome.code == 1
    assert says in outcome.told("ERROR")


def test_what_is_no_chunk_is_one_error(app):
    outcome = run(app, "chaindetect", b"hello\n", [])
    assert outcome.code == 1
    assert "begins no chunk" in outcome.told("ERROR")
    outcome = run(app, "chaindetect", getinfo(ALL), [b"chunked 1.0,2,0\n[]"])
    assert "is not an object" in outcome.told("ERROR")


def test_a_peer_that_goes_away_ends_the_command_quietly(app):
    process = start(app, "chaindetect")
    process.stdout.close()
    process.stdin.write(getinfo(ALL) + chunk({"action": "execute", "finished": True}))
    process.stdin.close()
    assert process.wait(30) in (0, 120)
    process.stderr.close()


def test_tunables_of_the_add_on_are_heeded_and_wrong_ones_told(app, splunkd):
    (finding, *_) = expected()
    name = next(e["value"] for e in finding["entities"] if e["type"] == "function")
    entry = {"tunable": "allowed_functions", "pattern": "*", "scope": "*", "reason": "test"}
    splunkd.confs["ta_flowtrap_list_entry"] = {
        "all": entry,
        "lapsed": {**entry, "expires": "not a day"},
    }
    splunkd.confs["ta_flowtrap_settings"] = {"tunables": {"time_window": "10 years"}}
    first = getinfo(ALL, splunkd.uri, SESSION_KEY)
    outcome = run(app, "chaindetect", first, executes(raw_rows(RECORDS), 7))
    assert name not in {json.dumps(f["entities"]) for f in outcome.findings}
    assert "suppressed" in outcome.told("INFO")
    assert "'lapsed' is left out" in outcome.told("WARN")
    assert "time_window is left out" in outcome.told("WARN")


def set_stanza(splunkd, conf: str, **settings: str) -> None:
    """Make a stanza through splunkd's REST endpoint, as the configuration page's handlers do."""
    splunkd.confs.setdefault(conf, {})  # the add-on's default folder has the file
    request = urllib.request.Request(
        f"{splunkd.uri}/servicesNS/nobody/TA_flowtrap/configs/conf-{conf}",
        data=urllib.parse.urlencode(settings).encode(),
        headers={"Authorization": f"Splunk {SESSION_KEY}"},
    )
    context = ssl._create_unverified_context()
    with urllib.request.urlopen(request, timeout=30, context=context) as answer:
        assert answer.status == 201


def test_tunables_set_through_the_endpoints_of_splunkd_reach_the_command(app, splunkd):
    set_stanza(splunkd, "ta_flowtrap_settings", name="tunables", time_window="1s")
    entry = {"tunable": "allowed_functions", "pattern": "none-*", "scope": "*", "owner": "al"}
    set_stanza(splunkd, "ta_flowtrap_list_entry", name="one", reason="test", **entry)
    first = getinfo(ALL, splunkd.uri, SESSION_KEY)
    outcome = run(app, "chaindetect", first, executes(raw_rows(RECORDS), 7))
    lists = {"allowed_functions": ["none-*"]}
    assert outcome.findings == expected(values={"time_window": "1s", **lists})
    assert outcome.findings != expected(values=lists)
    assert outcome.told("WARN") == ""


def test_a_boring_name_that_hides_another_is_parsed(app):
    """The byte filter looks at quotes, spacing and repeats; rows may hold line ends."""
    rows = raw_rows(RECORDS)
    spaced = [{**row, "_raw": json.dumps(json.loads(row["_raw"]), indent=1)} for row in rows]
    compact = [
        {**row, "_raw": json.dumps(json.loads(row["_raw"]), separators=(",", ":"))} for row in rows
    ]
    boring = '{"eventName":"DescribeInstances","eventSource":"ec2.amazonaws.com"}'
    hidden = [
        {**row, "_raw": row["_raw"].replace("{", '{"requestID":{"eventName":"DescribeTags"},', 1)}
        for row in compact
    ]
    for some in (spaced, compact, hidden):
        mixed = [*some, {**rows[0], "_raw": boring}]
        outcome = run(app, "chaindetect", getinfo(["detection=aws_lambda_c*"]), executes(mixed, 3))
        wanted = [f for f in expected() if f["detection"].startswith("aws_lambda_c")]
        assert outcome.findings == wanted
        assert wanted
    assert "1 filtered_out" in outcome.told("INFO")

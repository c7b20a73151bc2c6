"""Runs that share one state: two at once take turns, and what is kept is bounded and told."""

from __future__ import annotations

import threading
from dataclasses import replace

from builders import aws, scenarios_aws
from builders.hunting import hunt
from builders.search_commands import executes, getinfo, raw_rows, run
from builders.splunkd import SESSION_KEY

ATTACK = scenarios_aws.ATTACKS[0]
RECORDS = ATTACK.build(ATTACK.world).records()


def test_two_runs_at_once_take_turns(app, splunkd):
    outcomes = []

    def one(portion) -> None:
        first = getinfo(["detection=aws_*", "state=two"], splunkd.uri, SESSION_KEY)
        outcomes.append(run(app, "chaindetect", first, executes(raw_rows(portion), 3)))

    threads = [threading.Thread(target=one, args=(RECORDS[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(o.code, o.stderr) for o in outcomes] == [(0, "")] * 2
    found = {f["finding_id"]: f["revision"] for o in outcomes for f in o.findings}
    for finding in hunt(RECORDS).findings:
        if finding.detection.startswith("aws_"):
            assert found[finding.finding_id] == finding.revision
    (head,) = (r for r in splunkd.rows["flowtrap_state"].values() if r["kind"] == "head")
    assert head["generation"] == 2


def test_what_is_kept_is_bounded_and_told(app, splunkd):
    attack = scenarios_aws.ATTACKS[0]
    rows = [
        row
        for n in range(60)
        for row in raw_rows(attack.build(replace(attack.world, fn=aws.Function(f"f{n}"))).records())
    ]
    first = getinfo(["detection=aws_*", "state=x", "maxhits=100"], splunkd.uri, SESSION_KEY)
    outcome = run(app, "chaindetect", first, executes(rows, 50))
    assert outcome.code == 0, outcome.stderr
    assert "at most 100 hits are kept" in outcome.told("INFO")
    assert "hits were dropped for want of room" in outcome.told("WARN")
    assert all(finding["incomplete"] for finding in outcome.findings)

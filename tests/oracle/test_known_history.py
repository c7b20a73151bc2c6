"""How long a stage is known counts from its first hit, though nothing else asks for that record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import aws
from builders.aws import DAY, Function
from builders.hunting import hunt

LEDGER = Function("ledger", "ledger-role")
OTHER = Function("other", "other-role")
THIRD = Function("third", "third-role")
DEVELOPER = aws.user("dora")


def _plainly(fn: Function) -> aws.Caller:
    """Return a session that no other stage asks about."""
    return fn.acts(scoped=False, agent="Boto3/1.34.0")


def story(first_day: float, decoys: int = 0) -> list[dict[str, Any]]:
    """Return a change after which a function reads a new secret; others read theirs before."""
    records = [aws.caller_identity(DEVELOPER, 0)]  # the first is read to tell the feed
    records.append(aws.get_secret(_plainly(OTHER), "other/own", first_day * DAY))
    for number in range(decoys):
        record = aws.get_secret(_plainly(THIRD), "third/own", -DAY + number)
        record["requestParameters"]["nested"] = {"eventTime": "2020-01-01T00:00:00Z"}
        records.append(record)
    change = aws.update_code(DEVELOPER, LEDGER, 0)
    return [*records, change, aws.get_secret(LEDGER.acts(), "ledger/new", 3_600)]


@pytest.mark.parametrize("decoys", [0, 100])
@pytest.mark.parametrize(("first_day", "verdicts"), [(-8, ["new_secret"]), (-6, [])])
def test_history_that_nothing_asks_for_is_known(tmp_path, first_day, verdicts, decoys) -> None:
    """Decoys look older than anything by their bytes, more of them than are kept apart."""
    path = tmp_path / "trail.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in story(first_day, decoys)))
    sifted, whole = (hunt(paths=[str(path)], sifting=sifting) for sifting in (True, False))
    assert [f.verdict for f in sifted.alarms] == verdicts
    assert sifted.plain() == whole.plain()

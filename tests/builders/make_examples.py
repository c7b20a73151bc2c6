"""Writes the example exports in tests/data/examples, over which `./build.sh demo` hunts.

    PYTHONPATH=package/lib:bin:tests python -m builders.make_examples

Five cases hide among a few hundred benign records of one made-up AWS account in one week; beside it
lie exports of four other platforms (example_tenants.py). The same script always writes the same
files; tests/content/test_examples.py holds both to it.
"""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from builders import aws, example_tenants, scenarios_aws
from builders.aws import ADMINISTRATOR, DAY, HOME, HOUR, MINUTE, Function, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXAMPLES = Path(__file__).resolve().parents[1] / "data" / "examples"
FLOW_HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
ENI = "eni-0a1b2c3d4e5f60718"

THUMBS = Function("thumbnailer", role="service-role/thumbnailer-role")
EXPORT = Function("report-export", role="report-export-role")
ONBOARD = Function("onboarding-helper", role="onboarding-helper-role")
WEBHOOK = Function("payment-webhook", role="payment-webhook-role")
SYNC = Function("crm-sync", role="crm-sync-role", region="eu-west-1")
MALLORY = aws.user("mallory", src="203.0.113.200")
TRENT = aws.role_session("developers", "trent", src="203.0.113.201")
ADMIN = aws.role_session("platform-admins", "alice", src="203.0.113.30", agent=aws.CONSOLE)
HELPDESK = scenarios_aws.HELPDESK


def main() -> None:
    """Write all files."""
    for name, text in files().items():
        path = EXAMPLES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def files() -> dict[str, str]:
    """Return the text of every file by its path within the folder."""
    made: dict[str, str] = {}
    for (region, day), records in sorted(_by_region_and_day(every_record()).items()):
        if region == aws.REGION:
            made[_trail_name(region, day)] = _document(records)
        else:
            made[f"exports/cloudtrail-{region}-{day}.jsonl"] = "".join(map(_line, records))
    made[f"vpc-flow/{HOME}_vpcflowlogs_us-east-1_20260313.log"] = _flow_file()
    return {**made, **example_tenants.files()}


def every_record() -> list[Record]:
    """Return all CloudTrail records of the week in time order, attacks and benign work."""
    records = {record["eventID"]: record for record in (*attacks(), *benign())}
    week = [r for r in records.values() if "2026-03-09" < r["eventTime"] < "2026-03-15"]
    return sorted(week, key=lambda record: (record["eventTime"], record["eventID"]))


# --- attacks ----------------------------------------------------------------------------------


def attacks() -> Iterator[Record]:
    """Yield five cases."""
    yield from _grant_create_act(DAY + 2 * HOUR)
    yield from _replaced_code_makes_key(2 * DAY)
    yield from _rule_gives_keys(2 * DAY + 3 * HOUR)
    yield aws.add_permission(TRENT, WEBHOOK, 3 * DAY, "debug-access", "*")
    yield from _calls_out(3 * DAY + HOUR)


def _grant_create_act(at: float) -> Iterator[Record]:
    yield aws.create_role(MALLORY, THUMBS.role, at)
    yield aws.attach_role_policy(MALLORY, THUMBS.role, ADMINISTRATOR, at + 20)
    yield aws.role_check(THUMBS, at + 44)
    yield aws.create_function(MALLORY, THUMBS, at + 45)
    yield aws.invoke(MALLORY, THUMBS, at + 2 * MINUTE)
    yield from aws.cold_start(THUMBS, at + 2 * MINUTE)
    me = THUMBS.acts()
    yield aws.create_user(me, "svc-backup", at + 3 * MINUTE)
    yield aws.attach_user_policy(me, "svc-backup", ADMINISTRATOR, at + 3 * MINUTE + 1)


def _replaced_code_makes_key(at: float) -> Iterator[Record]:
    yield aws.list_functions(TRENT, at)
    yield aws.get_function(TRENT, EXPORT, at + 30)
    yield aws.update_code(TRENT, EXPORT, at + 5 * MINUTE, spelling="arn")
    yield aws.create_access_key(EXPORT.acts(scoped=False), "deploy-bot", at + 40 * MINUTE)
    thief = aws.user("deploy-bot", src="192.0.2.77", key=aws.new_key("deploy-bot"))
    yield aws.caller_identity(thief, at + 2 * HOUR)
    yield aws.call(thief, "s3", "ListBuckets", at + 2 * HOUR + 9, read_only=True)


def _rule_gives_keys(at: float) -> Iterator[Record]:
    rule = aws.rule_arn("user-onboarding")
    yield aws.create_function(MALLORY, ONBOARD, at)
    yield aws.put_rule(MALLORY, "user-onboarding", at + 60, "CreateUser", ONBOARD)
    yield aws.add_permission(
        MALLORY, ONBOARD, at + 80, "events", "events.amazonaws.com", sourceArn=rule
    )
    yield aws.put_targets(MALLORY, "user-onboarding", at + 90, ONBOARD)
    yield aws.create_user(HELPDESK, "new-hire", at + 9 * HOUR)
    yield aws.create_access_key(ONBOARD.acts(), "new-hire", at + 9 * HOUR + 4)


def _calls_out(at: float) -> Iterator[Record]:
    out = WEBHOOK.with_(name="log-shipper", role="log-shipper-role")
    yield aws.attach_role_policy(TRENT, out.role, ADMINISTRATOR, at - 5 * MINUTE)
    yield aws.create_function(TRENT, out, at)
    yield aws.create_interface(out, ENI, at + 30)
    yield aws.invoke(TRENT, out, at + 2 * MINUTE, eni=ENI)


def _flow_file() -> str:
    at = 3 * DAY + HOUR
    lines = [
        aws.flow_line("eni-0b2c3d4e5f6071829", at + 60 * n, src="10.0.8.9", dst="10.0.4.40")
        for n in range(40)
    ]
    lines += [
        aws.flow_line(ENI, at + 3 * MINUTE),
        aws.flow_line(ENI, at + 9 * MINUTE, size=7_340_032),
        aws.flow_line(ENI, at + 4 * MINUTE, dst="10.0.0.2", port=53, size=180),
        aws.flow_line(ENI, at + 5 * MINUTE, dst="192.0.2.44", port=22, verdict="REJECT"),
        _no_data(at + HOUR),
    ]
    return "\n".join([FLOW_HEADER, *sorted(lines, key=lambda line: line.split()[10])]) + "\n"


def _no_data(at: float) -> str:
    start = int(aws.START.timestamp() + at)
    return f"2 {HOME} {ENI} - - - - - - - {start} {start + 60} - NODATA"


# --- benign work ------------------------------------------------------------------------------


def benign() -> Iterator[Record]:
    """Yield a week of Terraform, stacks, CI, schedulers, rotation, vending and people."""
    yield from scenarios_aws.b01()
    yield from scenarios_aws.b02()
    yield from _later(scenarios_aws.b08(), 5 * HOUR)
    yield from _later(scenarios_aws.b03(), 6 * HOUR)
    vendor_layer = _later(scenarios_aws.b09(), 7 * HOUR)
    yield from (r for r in vendor_layer if not r["eventName"].startswith("CreateFunction"))
    yield from scenarios_aws.b10()
    yield from scenarios_aws.b11()
    yield from _scheduled_runs()
    yield from _crm_sync()
    yield from _people()


def _later(records: Iterable[Record], seconds: float) -> Iterator[Record]:
    """Yield the records that much later, so that a function is made before it is changed."""
    for record in records:
        time = datetime.datetime.strptime(record["eventTime"], aws.TIME)  # noqa: DTZ007 - UTC
        later = time + datetime.timedelta(seconds=seconds)
        yield {**record, "eventTime": later.strftime(aws.TIME)}


def _scheduled_runs() -> Iterator[Record]:
    report = scenarios_aws.REPORT
    for hour in range(2, 5 * 24, 2):
        yield aws.invoke(scenarios_aws.SCHEDULER, report, hour * HOUR)
        me = report.acts()
        yield aws.get_object(me, "example-data", f"in/{hour}.csv", hour * HOUR + 3)


def _crm_sync() -> Iterator[Record]:
    """A function of another region: it reads its own secret, before and after CI updates it."""
    for hour in range(0, 5 * 24, 4):
        at = hour * HOUR + 7
        yield aws.get_secret(SYNC.acts(), "crm/api-token", at, SYNC.region)
    for day in range(1, 5):
        yield aws.update_code(scenarios_aws.CI, SYNC, day * DAY + 5 * HOUR)


def _people() -> Iterator[Record]:
    for day in range(5):
        at = day * DAY + 30 * MINUTE
        yield aws.assume_role(aws.user("alice", src=ADMIN.src), "platform-admins", "alice", at)
        yield aws.list_functions(ADMIN, at + 60)
        yield aws.get_function(ADMIN, scenarios_aws.SHOP, at + 70)
        yield aws.update_configuration(ADMIN, scenarios_aws.SHOP, at + 90, memorySize=256 + day)
        yield aws.create_user(HELPDESK, f"contractor-{day}", at + 2 * HOUR)
        yield aws.create_group(ADMIN, f"web-{day}", at + 3 * HOUR)
        yield aws.authorize_ingress(
            ADMIN, aws.group_id(f"web-{day}"), 443, "203.0.113.0/24", at + 3 * HOUR + 9
        )


# --- text -------------------------------------------------------------------------------------


def _by_region_and_day(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    sorted_out: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        sorted_out[record["awsRegion"], record["eventTime"][:10]].append(record)
    return sorted_out


def _trail_name(region: str, day: str) -> str:
    stamp = day.replace("-", "")
    folder = f"AWSLogs/{HOME}/CloudTrail/{region}/{day.replace('-', '/')}"
    return f"{folder}/{HOME}_CloudTrail_{region}_{stamp}T2359Z.json"


def _document(records: list[Record]) -> str:
    """Return a Records document with a record a line, so that a change shows as a line."""
    return '{"Records":[\n' + ",\n".join(_line(record).rstrip() for record in records) + "\n]}\n"


def _line(record: Record) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    main()

"""A day of a tenant on all platforms: thousands of people, ordinary automation, a few intruders.

    PYTHONPATH=package/lib:bin:tests python -m builders.tenant_day FOLDER [USERS [SEED]]

Everything but the seeded attacks is ordinary. The seed decides who does what when; the same seed
gives the same day. Used as benchmark and as test of false alerts (bench/day.py,
tests/content/test_tenant_day.py).
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from builders import aws, gcp, m365, scenarios_aws, workspace
from builders import azure as az
from builders.platforms import PLATFORMS
from builders.scenario import DAY, HOUR, MINUTE
from builders.scenarios_aws import CI as PIPELINE
from builders.scenarios_gcp import BUILDER, COMPUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builders.scenario import Record

MORNING, EVENING = -2 * HOUR, 9 * HOUR  # 07:00 to 18:00 UTC; START is 09:00
MIDNIGHT = -9 * HOUR
ATTACKS = {  # one of each kind; those that need an optional log have it
    "aws": ("A01", "A04", "A08", "A10", "A18"),
    "gcp": ("G02", "G04"),
    "azure": ("Z01", "Z02"),
    "Microsoft 365": ("M01", "M03", "M04"),
    "workspace": ("W01", "W02", "W05"),
}


class Seeded(NamedTuple):
    """An attack of the day, and a text that a finding of it must hold."""

    id: str
    mark: str


def at_work(dice: random.Random) -> float:
    """Return a moment in working hours, more often in the middle of them."""
    return dice.triangular(MORNING, EVENING)


def any_time(dice: random.Random) -> float:
    """Return a moment of the day."""
    return MIDNIGHT + dice.random() * DAY


def every(minutes: float, dice: random.Random) -> Iterator[float]:
    """Yield moments so far apart all day, as a scheduler keeps them."""
    at = MIDNIGHT + dice.random() * minutes * MINUTE
    while at < MIDNIGHT + DAY:
        yield at
        at += minutes * MINUTE


# --- AWS ---------------------------------------------------------------------------------------


def aws_day(dice: random.Random, users: int) -> Iterator[Record]:
    """Yield CloudTrail: pipelines, functions at work, people."""
    code = [aws.Function(f"svc-{n:03}", role=f"svc-{n:03}-role") for n in range(users // 40)]
    for fn in code:
        if dice.random() < 0.2:
            yield from _aws_deploy(dice, fn)
        for when in every(dice.choice((15, 30, 60, 240)), dice):
            yield aws.invoke(scenarios_aws.SCHEDULER, fn, when)
            yield from _aws_work(dice, fn, when + 2)
    for n in range(users // 20):
        yield from _aws_person(dice, n)
    for n in range(users // 100):
        when = at_work(dice)
        yield aws.create_user(scenarios_aws.HELPDESK, f"new-{n}", when)
        yield aws.create_login_profile(scenarios_aws.HELPDESK, f"new-{n}", when + 5)


def _aws_deploy(dice: random.Random, fn: aws.Function) -> Iterator[Record]:
    when = at_work(dice)
    if dice.random() < 0.3:
        yield aws.create_role(PIPELINE, fn.role, when - 60)
        yield aws.put_role_policy(
            PIPELINE, fn.role, "work", aws.policy("s3:GetObject", "secretsmanager:GetSecretValue"), when - 55
        )  # fmt: skip
        yield aws.role_check(fn, when - 1)
        yield aws.create_function(PIPELINE, fn, when)
        rule = aws.rule_arn(f"{fn.name}-hourly")
        yield aws.put_rule(PIPELINE, f"{fn.name}-hourly", when + 20, "", fn)
        yield aws.add_permission(
            PIPELINE, fn, when + 22, "events", "events.amazonaws.com", sourceArn=rule
        )
        yield aws.put_targets(PIPELINE, f"{fn.name}-hourly", when + 25, fn)
    else:
        yield aws.update_code(PIPELINE, fn, when)
        yield aws.update_configuration(PIPELINE, fn, when + 9, memorySize=512)
    yield from aws.cold_start(fn, when + 60)


def _aws_work(dice: random.Random, fn: aws.Function, when: float) -> Iterator[Record]:
    """Yield what the function does at each run: always the same few things."""
    me = fn.acts()
    yield aws.get_object(me, "example-data", f"in/{fn.name}/{int(when)}.csv", when)
    if int(fn.name[-3:]) % 3 == 0:
        yield aws.get_secret(me, f"prod/{fn.name}/db", when + 1)
    if dice.random() < 0.5:
        yield aws.put_object(me, "example-results", f"out/{fn.name}/{int(when)}.csv", when + 3)


def _aws_person(dice: random.Random, n: int) -> Iterator[Record]:
    who = aws.role_session("developers", f"dev{n}@example.com", src=f"203.0.113.{n % 200 + 20}", agent=aws.CONSOLE)  # fmt: skip
    for _ in range(12):
        when = at_work(dice)
        name = dice.choice(("DescribeInstances", "DescribeSecurityGroups", "DescribeVolumes"))
        yield aws.call(who, "ec2", name, when, read_only=True)
    yield aws.caller_identity(who, at_work(dice))
    if dice.random() < 0.3:
        yield aws.list_functions(who, at_work(dice))
    if dice.random() < 0.1:
        yield aws.get_secret(who, f"dev/{n}", at_work(dice))


# --- Google Cloud ------------------------------------------------------------------------------


def gcp_day(dice: random.Random, users: int) -> Iterator[Record]:
    """Yield audit logs of a project that is built and deployed into all day."""
    code = [
        gcp.Function(f"job-{n}", gcp.account(f"job-{n}") if n % 4 else COMPUTE)
        for n in range(users // 80)
    ]
    people = [gcp.person(f"eng{n}", src=f"203.0.113.{n % 200 + 20}") for n in range(users // 50)]
    for fn in code:
        if dice.random() < 0.3:
            yield from _gcp_deploy(dice, fn)
        for when in every(120, dice):
            yield gcp.read_object(fn.acts(), when, f"data-{fn.name}")
            if fn.account != COMPUTE:
                yield gcp.read_secret(fn.acts(), when + 1, f"secret-{fn.name}")
    for who in people:
        for _ in range(4):
            yield gcp.any_call(
                who, at_work(dice), "compute", "v1.compute.instances.list", f"projects/{gcp.HOME}"
            )


def _gcp_deploy(dice: random.Random, fn: gcp.Function) -> Iterator[Record]:
    when = at_work(dice)
    yield gcp.create_build(BUILDER, when - 30)
    yield gcp.read_object(BUILDER, when - 25, f"gcf-v2-sources-{gcp.NUMBER}-{gcp.REGION}")
    yield from gcp.write_gen2(BUILDER, fn, when, "UpdateFunction")
    yield gcp.service_policy(BUILDER, fn, when + 20, "group:eng@example.com")


# --- Azure -------------------------------------------------------------------------------------


def azure_day(dice: random.Random, users: int) -> Iterator[Record]:
    """Yield Activity Log, vault and sign-in records: pipelines, apps, vault readers."""
    pipeline = az.service("devops")
    for n in range(users // 100):
        app = az.App(f"app-{n}")
        if dice.random() < 0.3:
            when = at_work(dice)
            yield az.sites_write(pipeline, app, when)
            yield az.config_write(pipeline, app, when + 9, {"FUNCTIONS_EXTENSION_VERSION": "~4"})
            yield az.on_app(pipeline, app, "restart/action", when + 60)
        for when in every(60, dice):
            yield az.identity_signin(app, when)
            yield az.secret_get(app.acts(), f"vault-{n}", "db", when + 1)


# --- Microsoft 365 -----------------------------------------------------------------------------


def m365_day(dice: random.Random, users: int) -> Iterator[Record]:
    """Yield audit records of an office: mail, files, a few flows and rules, many links."""
    people = [
        m365.Person(f"user{n:05}@example.com", f"203.0.113.{n % 200 + 20}") for n in range(users)
    ]
    system = m365.Person("NT AUTHORITY\\SYSTEM (Microsoft.Exchange.Servicehost)")
    for who in people:
        yield m365.signin(who, at_work(dice))
        for _ in range(2):
            yield m365.mail_access(who, at_work(dice), "00000002-0000-0ff1-ce00-000000000000")
        if dice.random() < 0.02:
            yield from _approval_flow(dice, who)
        if dice.random() < 0.02:
            yield m365.cmdlet(
                who, "New-InboxRule", at_work(dice), f"{who.upn}\\Folder",
                Name="Folder", MoveToFolder="Newsletters", SubjectContainsWords="news",
            )  # fmt: skip
        if dice.random() < 0.01:
            colleague = dice.choice(people)
            yield m365.inbox_rule(who, at_work(dice), colleague.name)
        if dice.random() < 0.01:
            yield m365.anonymous_link(who, at_work(dice), f"{who.name[:9]}-brochure.pdf")
    marketing = m365.Person("marketing@example.com", "203.0.113.250")
    for n in range(40):
        yield m365.anonymous_link(marketing, at_work(dice), f"flyer-{n}.pdf")
    for n in range(users // 20):
        yield m365.cmdlet(
            system, "Set-Mailbox", any_time(dice), people[n].upn, Identity=people[n].upn
        )


def _approval_flow(dice: random.Random, who: m365.Person) -> Iterator[Record]:
    when, flow_id = at_work(dice), m365.key_of("flow", who.name)
    for n in range(dice.randint(1, 4)):
        operation = "EditFlow" if n else "CreateFlow"
        yield m365.flow(who, operation, when + 40 * n, flow_id=flow_id)


# --- Google Workspace --------------------------------------------------------------------------


def workspace_day(dice: random.Random, users: int) -> Iterator[Record]:
    """Yield activities: sign-ins, files, templates, narrow add-ons, a known sync tool."""
    sync = workspace.App("Backup", "104000000000000000001.apps.googleusercontent.com")
    menu = workspace.App("Team menu", "105000000000000000001.apps.googleusercontent.com")
    for n in range(users):
        who = workspace.User(f"user{n:05}@example.com", f"203.0.113.{n % 200 + 20}")
        file = workspace.File(f"1doc{n:05}", "Notes", "document", who.email)
        yield workspace.log_in(who, at_work(dice))
        yield workspace.on_file(who, "edit", file, at_work(dice))
        yield workspace.on_file(who, "view", file, at_work(dice))
        if dice.random() < 0.05:
            yield workspace.share(who, file, at_work(dice), "client@example.net")
        if dice.random() < 0.03:
            yield workspace.authorize(
                who, menu, at_work(dice), workspace.CURRENT_SHEET, workspace.CONTAINER_UI
            )
        if dice.random() < 0.02:
            script = workspace.File(f"1script{n:05}", "Sheet helper", "script", who.email)
            yield workspace.create(who, script, at_work(dice))
        if dice.random() < 0.2:
            yield workspace.api_call(who, sync, any_time(dice), "drive", "drive.files.list")


# --- the day -----------------------------------------------------------------------------------


def seeded(dice: random.Random) -> tuple[dict[str, list[Record]], list[Seeded]]:
    """Return the records of the attacks by platform, and what to look for in findings."""
    records: dict[str, list[Record]] = {"aws": []}
    known: list[Seeded] = []
    for attack in scenarios_aws.ATTACKS:
        if attack.id in ATTACKS["aws"]:
            fn = attack.world.fn.with_(name=f"{attack.world.fn.name}-{attack.id.lower()}")
            chain = attack.build(scenarios_aws.replace(attack.world, fn=fn))
            records["aws"] += chain.records()
            known.append(Seeded(attack.id, (chain.automation or [fn.arn])[0]))
    for platform in PLATFORMS:
        found = records.setdefault(platform.name, [])
        for one in platform.attacks:
            if one.id in ATTACKS[platform.name]:
                chain = one.build(one.delay, False)
                shift = dice.randrange(-2 * HOUR, 4 * HOUR)
                found += [
                    platform.moved(record, platform.seconds(record) + shift)
                    for record in chain.records()
                ]
                known.append(Seeded(one.id, [*chain.automation, *chain.names][0]))
    return records, known


DAYS = {
    "aws": aws_day,
    "gcp": gcp_day,
    "azure": azure_day,
    "Microsoft 365": m365_day,
    "workspace": workspace_day,
}


def write(folder: Path, users: int = 10_000, seed: int = 7) -> list[Seeded]:
    """Write the day as JSON lines, a file a platform, in no order; return what was seeded."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    attacks, known = seeded(dice)
    for platform, day in DAYS.items():
        records = [*attacks[platform], *day(dice, users)]
        dice.shuffle(records)
        name = platform.replace(" ", "_").lower()
        (folder / f"{name}.jsonl").write_text(_lines(records), encoding="utf-8")
    return known


def _lines(records: Iterable[Record]) -> str:
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records)


def main() -> None:
    """Write a day into the folder that is named, and to stdout what is seeded in it."""
    numbers = [int(text) for text in sys.argv[2:4]]
    for one in write(Path(sys.argv[1]), *numbers):
        sys.stdout.write(f"{one.id}\t{one.mark}\n")


if __name__ == "__main__":
    main()

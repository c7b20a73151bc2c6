"""A project at work for three days: deployments by people, pipelines and builds, and their code.

Everything is ordinary; the seed decides who does what when.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from builders import gcp
from builders.gcp import NUMBER, Caller, Function, account, person
from builders.scenario import DAY, HOUR
from builders.scenarios_gcp import BUILDER, CI, COMPUTE, KEYED

if TYPE_CHECKING:
    from builders.scenario import Record

PEOPLE = tuple(
    person(name, src=f"203.0.113.{n}") for n, name in enumerate(("ann", "bob", "cy", "dee"), 20)
)
CODE = tuple(Function(f"svc_{n}", account(f"svc-{n}") if n % 4 else COMPUTE) for n in range(8))
SCHEDULER = Caller(f"service-{NUMBER}@gcp-sa-cloudscheduler.iam.gserviceaccount.com")


def world(seed: int) -> list[Record]:
    """Return the entries of three days."""
    dice = random.Random(seed)
    entries: list[Record] = []
    for day in range(3):
        for fn in CODE:
            if dice.random() < 0.6:
                entries += _deployment(dice, fn, day)
            entries += [_work(dice, fn, day * DAY + dice.randrange(DAY)) for _ in range(20)]
        entries += [_administration(dice, day * DAY + dice.randrange(DAY)) for _ in range(12)]
    return entries


def _deployment(dice: random.Random, fn: Function, day: int) -> list[Record]:
    who = dice.choice([*PEOPLE, CI, KEYED, BUILDER])
    when = day * DAY + dice.randrange(8 * HOUR, 18 * HOUR)
    made = dice.choice(
        [
            gcp.write_gen2(who, fn, when, "UpdateFunction" if day else "CreateFunction"),
            gcp.update_gen1(who, fn, when),
            [gcp.create_service_v1(who, fn, when, "ReplaceService" if day else "CreateService")],
        ]
    )
    builder = dice.choice([BUILDER, Caller(COMPUTE), Caller(gcp.AGENT), who])
    callers = dice.choice(["group:eng@example.com", "domain:example.com"])
    return [
        *made,
        gcp.create_build(builder, when - 30),
        gcp.read_object(BUILDER, when - 20, f"gcf-v2-sources-{NUMBER}-{gcp.REGION}"),
        gcp.service_policy(who, fn, when + 20, callers),
    ]


def _work(dice: random.Random, fn: Function, when: float) -> Record:
    code, number = fn.acts(), fn.name[-1]
    choice = dice.randrange(6)
    if choice == 0:
        return gcp.read_object(code, when, f"data-{number}-{dice.randrange(2)}")
    if choice == 1:
        return gcp.read_secret(code, when, f"secret-{number}-{dice.randrange(3)}")
    if choice == 2:
        return gcp.token(code, when, fn.account, "SignBlob")
    if choice == 3:
        return gcp.call_function(dice.choice([*PEOPLE, SCHEDULER]), fn, when)
    service, method = dice.choice(
        [
            ("pubsub", "google.pubsub.v1.Publisher.Publish"),
            ("bigquery", "google.cloud.bigquery.v2.JobService.InsertJob"),
            ("compute", "v1.compute.instances.stop"),
        ]
    )
    return gcp.any_call(code, when, service, method, f"projects/{fn.project}/x/y")


def _administration(dice: random.Random, when: float) -> Record:
    tool = Caller(COMPUTE, agent=gcp.TERRAFORM)
    who = dice.choice([*PEOPLE, CI, KEYED, BUILDER, tool])
    choice = dice.randrange(5)
    if choice == 0:
        role = dice.choice(["roles/viewer", "roles/editor", "roles/run.admin"])
        member = dice.choice(
            ["group:eng@example.com", f"serviceAccount:{dice.choice(CODE).account}"]
        )
        return gcp.project_policy(who, when, role, member)
    if choice == 1:
        return gcp.create_account(who, when, f"new-{dice.randrange(99)}")
    if choice == 2:
        return gcp.create_key(who, when, account(f"new-{dice.randrange(9)}"))
    if choice == 3:
        return gcp.read_object(BUILDER, when, "acme-tfstate")
    return gcp.token(dice.choice(PEOPLE), when, dice.choice(CODE).account)

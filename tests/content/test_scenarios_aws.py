"""AWS attacks A01 to A19 must fire and name everything; look-alikes B01 to B11 must stay quiet.

Each attack also runs in every variant that must not change the answer (another order, doubled,
split, wrapped, other spellings, fewer logs) and in every one that must (effects before the write,
another function, role, account or region in the key, a second outside the window). A failure shows
the findings there were, and for a firing attack what the best of them leaves out.
"""

from __future__ import annotations

import copy
import datetime
import functools
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from builders import aws, variants_aws
from builders import scenarios_aws as scenarios
from builders.aws import ABROAD, ADMINISTRATOR, DAY, HOME, HOUR, MINUTE
from builders.hunting import hunt, left_out, text_of
from builders.scenarios_aws import (
    ATTACK,
    ATTACKS,
    EVE,
    HELPDESK,
    INVOICE,
    QUIET,
    SECRETS,
    WINDOW,
    Attack,
    Chain,
    Step,
    World,
    act,
    optional,
    setup,
    write,
)
from builders.wrappers import WRAPPERS

if TYPE_CHECKING:
    from builders.hunting import Outcome

OTHER = INVOICE.with_(name="other-function")
STRANGERS = {
    "another function": (OTHER, True),
    "another function, unscoped": (OTHER, False),
    "another role": (INVOICE.with_(role="other-role"), False),
    "another account": (INVOICE.with_(account=ABROAD), True),
    "another account, unscoped": (INVOICE.with_(account=ABROAD), False),
    "another region": (INVOICE.with_(region="eu-central-1"), True),
}
UNDECIDED = {  # what the records cannot tell, and why
    ("A14", "another role"): "nothing but the session says which role the run function has",
    ("A18", "no exec-env"): "without the agent neither of the two places is inside Lambda",
    ("A18", "unscoped, no exec-env"): "nothing shows that the first call came from the function",
}
LOOK_ALIKES = [quiet for quiet in QUIET if quiet.id.startswith("B")]

every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)


# --- what is asked of an outcome --------------------------------------------------------------


def assert_fires(attack: Attack, chain: Chain, outcome: Outcome, *, logged: bool = True) -> None:
    """Some one finding of medium severity or more says all that the table asks for."""
    assert outcome.alarms, f"{attack.id} gives nothing; findings: {summary(outcome)}"
    gaps = {
        f"{finding.detection}/{finding.verdict}": left_out(attack, chain, finding, logged=logged)
        for finding in outcome.alarms
    }
    best = min(gaps.values(), key=len)
    assert not best, f"{attack.id} leaves out: {gaps}"


def assert_quiet(outcome: Outcome) -> None:
    """Nothing of medium severity or more."""
    assert not outcome.alarms, "\n".join(text_of(finding) for finding in outcome.alarms)


def assert_as(attack: Attack, expected: str, outcome: Outcome) -> None:
    """It fires, is quiet, or may do either."""
    if expected == "quiet":
        assert_quiet(outcome)
    elif expected == "fires":
        assert outcome.alarms, f"{attack.id} gives nothing; findings: {summary(outcome)}"
    assert not outcome.hunt.incomplete


def summary(outcome: Outcome) -> list[str]:
    """Return the findings in short, for a failure."""
    return [f"{f.detection}/{f.verdict} {f.severity}" for f in outcome.findings] + outcome.messages


# --- as is ------------------------------------------------------------------------------------


@every_attack
def test_attack_fires_and_names_everything(attack):
    chain = attack.build(attack.world)
    assert_fires(attack, chain, hunt(chain.records()))


@every_attack
def test_attack_without_optional_logs(attack):
    chain = attack.build(attack.world)
    outcome = hunt([step.record for step in chain.steps if step.part != "optional"])
    assert_as(attack, attack.unlogged, outcome)
    if attack.unlogged == "fires":
        assert_fires(attack, chain, outcome, logged=False)


@every_attack
def test_attack_without_what_proves_nothing(attack):
    """Reading, role checks and the like are context: the case stands without them."""
    chain = attack.build(attack.world)
    assert_fires(attack, chain, hunt([s.record for s in chain.steps if s.part != "noise"]))


@functools.lru_cache(maxsize=1)
def alarms_of_look_alikes() -> frozenset[str]:
    """Return what the look-alikes raise by themselves: nothing, if all is well."""
    outcome = hunt(*(quiet.build() for quiet in LOOK_ALIKES))
    return frozenset(finding.finding_id for finding in outcome.alarms)


@every_attack
def test_attack_fires_amid_look_alikes(attack):
    """It gives the same findings, and the look-alikes give no more than without it."""
    chain = attack.build(attack.world)
    alone = hunt(chain.records())
    amid = hunt(chain.records(), *(quiet.build() for quiet in LOOK_ALIKES))
    expected = {finding.finding_id for finding in alone.alarms} | alarms_of_look_alikes()
    assert {finding.finding_id for finding in amid.alarms} == expected


# --- the same set of events gives the same findings -------------------------------------------


@every_attack
@pytest.mark.parametrize("seed", range(3))
def test_shuffled_input_gives_the_same(attack, seed):
    records = attack.build(attack.world).records()
    mixed = random.Random(seed).sample(records, len(records))
    assert hunt(mixed).plain() == hunt(records).plain()


@every_attack
def test_doubled_input_gives_the_same(attack):
    records = attack.build(attack.world).records()
    doubled = [copy.deepcopy(record) for record in records for _ in range(2)]
    assert hunt(doubled).plain() == hunt(records).plain()


@every_attack
@pytest.mark.parametrize("parts", [2, 3, 100])
def test_split_input_gives_the_same(attack, parts):
    records = attack.build(attack.world).records()
    split = [records[n::parts] for n in range(parts)]
    assert hunt(*split).plain() == hunt(records).plain()


@every_attack
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_input_gives_the_same(attack, wrapper, tmp_path):
    records = attack.build(attack.world).records()
    outcome = hunt(paths=WRAPPERS[wrapper](tmp_path, records))
    assert outcome.plain() == hunt(records).plain()
    assert not outcome.hunt.incomplete, outcome.messages
    digests = 1 if wrapper == "S3 tree" else 0
    assert outcome.hunt.counters.read == len(records) + digests


@every_attack
def test_wrapped_noise_is_sifted_soundly(attack, tmp_path):
    """With the byte filter and the accelerators on or off, a big mixed file gives the same."""
    records = attack.build(attack.world).records()
    for quiet in LOOK_ALIKES:
        records += quiet.build()
    paths = WRAPPERS["Records gz"](tmp_path, random.Random(7).sample(records, len(records)))
    plain = hunt(records).plain()
    assert hunt(paths=paths).plain() == plain
    assert hunt(paths=paths, sifting=False, accelerators=False).plain() == plain


# --- order, keys, window ----------------------------------------------------------------------


def backwards(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records with time turned round: the last act comes first, gaps are kept."""
    ends = min(map(seconds, records)) + max(map(seconds, records))
    return [{**record, "eventTime": moment(ends - seconds(record))} for record in records]


def seconds(record: dict[str, Any]) -> float:
    """Return a record's time in seconds after START."""
    time = datetime.datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00"))
    return (time - aws.START).total_seconds()


def moment(at: float) -> str:
    """Return the reverse of `seconds`."""
    time = aws.START + datetime.timedelta(seconds=at)
    return time.strftime(aws.TIME)


@every_attack
def test_effects_before_the_write(attack):
    """A cause comes first: see the attack's `reason` where one event tells all."""
    assert_as(attack, attack.backwards, hunt(backwards(attack.build(attack.world).records())))


@every_attack
@pytest.mark.parametrize("stranger", STRANGERS)
def test_stranger_in_the_key(attack, stranger):
    """Another function, role, account or region acts than was written: no case."""
    if (attack.id, stranger) in UNDECIDED:
        pytest.skip(UNDECIDED[attack.id, stranger])
    runner, scoped = STRANGERS[stranger]
    world = replace(attack.world, runner=runner, scoped=scoped)
    assert_as(attack, attack.stranger, hunt(attack.build(world).records()))


def at_the_window(
    attack: Attack, *, first: float | None = None, last: float | None = None
) -> Chain:
    """Return the chain with its first or its last act that many seconds after the last write."""
    chain = attack.build(attack.world)
    began = max(seconds(record) for record in chain.of("write"))
    acts = [seconds(record) - began for record in chain.of("act")]
    shift = last - max(acts) if last is not None else first - min(acts)
    return attack.build(replace(attack.world, delay=attack.world.delay + shift))


windowed = pytest.mark.parametrize(
    "attack",
    [attack for attack in ATTACKS if attack.id not in ("A06", "A07", "A07-raised", "A09", "A14")],
    ids=lambda attack: attack.id,
)


@windowed
@pytest.mark.parametrize("second", [0, 1])
def test_last_act_just_inside_the_window(attack, second):
    chain = at_the_window(attack, last=WINDOW - second)
    assert_fires(attack, chain, hunt(chain.records()))


@windowed
@pytest.mark.parametrize("second", [1, MINUTE])
def test_all_acts_just_outside_the_window(attack, second):
    chain = at_the_window(attack, first=WINDOW + second)
    assert_as(attack, attack.late, hunt(chain.records()))


@pytest.mark.parametrize("attack_id", ["A06", "A07", "A07-raised", "A09"])
def test_permission_alone_needs_no_window(attack_id):
    attack = ATTACK[attack_id]
    world = replace(attack.world, delay=WINDOW + 1)
    assert_as(attack, attack.late, hunt(attack.build(world).records()))


@pytest.mark.parametrize(("since_look", "fires"), [(WINDOW, True), (WINDOW + 1, False)])
def test_run_as_it_is_at_the_windows_end(since_look, fires):
    """A14 has no write: its window opens with the look at the function, 8 minutes before the run."""
    outcome = hunt(scenarios.a14(World(delay=since_look - 8 * MINUTE)).records())
    looked = [finding for finding in outcome.findings if finding.verdict == "looked_run_acted"]
    assert bool(looked) == fires, summary(outcome)
    assert bool(outcome.alarms) == fires, summary(outcome)


@pytest.mark.parametrize(("grant_at", "counts"), [(-WINDOW, True), (-WINDOW - 1, False)])
def test_grant_at_the_windows_end(grant_at, counts):
    """A grant a day before the write still belongs to the case; the act alone fires either way."""
    chain = scenarios.a17(World(), grant_at=grant_at)
    alarms = hunt(chain.records()).alarms
    assert alarms
    assert any(scenarios.XENIA.arn in text_of(f) for f in alarms) == counts


@pytest.mark.parametrize(("hours", "fires"), [(23, False), (24, True), (25, True)])
def test_time_window_is_tunable(hours, fires):
    chain = scenarios.a01(World(delay=24 * HOUR))
    outcome = hunt(chain.records(), values={"time_window": f"{hours}h"})
    assert bool(outcome.alarms) == fires


# --- other worlds that must not change the answer ---------------------------------------------

EU = INVOICE.with_(region="eu-west-1")
WORLDS = {
    "partial ARN": {"spelling": "partial"},
    "full ARN": {"spelling": "arn"},
    "qualified ARN": {"spelling": "qualified"},
    "alias": {"spelling": "alias"},
    "unscoped": {"scoped": False},
    "no exec-env": {"agent": aws.PLAIN_SDK},
    "unscoped, no exec-env": {"agent": aws.PLAIN_SDK, "scoped": False},
    "session of another name": {"session": "1700000000-abcdef"},
    "role without path": {"fn": INVOICE.with_(role="plain-role")},
    "deep path": {"fn": INVOICE.with_(role="teams/pay/deep-role"), "scoped": False},
    "equal names": {"fn": INVOICE.with_(role="invoice-sync"), "scoped": False},
    "another region": {"fn": EU},
    "another region, unscoped": {"fn": EU, "scoped": False},
    "private address": {"src": "10.0.4.17"},
    "null answers": {"answered": False},
    "odd name": {"fn": INVOICE.with_(name="Invoice_Sync-2", role="Invoice_Sync@2+x=y,z.w")},
    "called function": {"fn": INVOICE.with_(name="function")},
}


@every_attack
@pytest.mark.parametrize("world", WORLDS)
def test_attack_fires_in_every_world(attack, world):
    if (attack.id, world) in UNDECIDED:
        pytest.skip(UNDECIDED[attack.id, world])
    there = replace(attack, world=replace(attack.world, **WORLDS[world]))
    chain = there.build(there.world)
    assert_fires(there, chain, hunt(chain.records()))


def all_at_once(record: dict[str, Any]) -> dict[str, Any]:
    """Times are whole seconds: ties are normal."""
    return {**record, "eventTime": "2026-03-10T09:00:00Z"}


def without_v2(record: dict[str, Any]) -> dict[str, Any]:
    """Older names end with the date."""
    return {**record, "eventName": record["eventName"].replace("20150331v2", "20150331")}


def without_date(record: dict[str, Any]) -> dict[str, Any]:
    """Names of an old AWS example bear no date."""
    name = record["eventName"]
    for suffix in ("20150331v2", "20150331", "20181031"):
        name = name.removesuffix(suffix)
    return {**record, "eventName": name}


def at_timestamp(record: dict[str, Any]) -> dict[str, Any]:
    """Some copies have `@timestamp` in place of eventTime."""
    rest = {name: value for name, value in record.items() if name != "eventTime"}
    return {"@timestamp": record["eventTime"].replace("Z", ".000Z"), **rest}


def database_time(record: dict[str, Any]) -> dict[str, Any]:
    """Some copies write the time as a database does."""
    time = record["eventTime"].replace("T", " ").replace("Z", ".000000000")
    return {**record, "eventTime": time}


def zoned_time(record: dict[str, Any]) -> dict[str, Any]:
    """Some copies write +00:00."""
    return {**record, "eventTime": record["eventTime"].replace("Z", "+00:00")}


def lean(record: dict[str, Any]) -> dict[str, Any]:
    """Only what older records and trimmed copies keep."""
    dropped = {"eventVersion", "eventType", "managementEvent", "eventCategory", "requestID"}
    dropped |= {"sharedEventID", "readOnly"}
    return {name: value for name, value in record.items() if name not in dropped}


def no_nulls(record: dict[str, Any]) -> dict[str, Any]:
    """Absent in place of null."""
    return {name: value for name, value in record.items() if value is not None}


def panther(record: dict[str, Any]) -> dict[str, Any]:
    """Panther's copies carry p_ fields beside the record."""
    return {**record, "p_log_type": "AWS.CloudTrail", "p_any_ip_addresses": ["192.0.2.1"]}


FORMS = (
    without_v2,
    without_date,
    at_timestamp,
    database_time,
    zoned_time,
    lean,
    no_nulls,
    panther,
)


@every_attack
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_attack_fires_in_every_form(attack, form):
    chain = attack.build(attack.world)
    spelt = [form(record) for record in chain.records()]
    outcome = hunt(spelt)
    renamed = form in (without_v2, without_date)
    assert_fires(attack, as_spelt(chain, spelt) if renamed else chain, outcome)


def as_spelt(chain: Chain, records: list[dict[str, Any]]) -> Chain:
    """Return the chain of the records as spelt."""
    steps = [Step(step.part, record) for step, record in zip(chain.steps, records, strict=True)]
    return replace(chain, steps=steps)


@every_attack
def test_attack_fires_with_equal_times(attack):
    chain = attack.build(attack.world)
    records = [all_at_once(record) for record in chain.records()]
    assert_fires(attack, as_spelt(chain, records), hunt(records))


# --- other acts, grants and runs of the same kind ---------------------------------------------

F = INVOICE.acts()
LATER = 10 * MINUTE
SHARED = aws.trust(AWS=f"arn:aws:iam::{ABROAD}:root")
ACTS = {
    "inline administrator for a user": (
        aws.put_user_policy(F, "mallory", "all", aws.policy("*"), LATER),
        ["mallory", "all"],
    ),
    "access key, null answer": (
        aws.create_access_key(F, "mallory", LATER, answered=False),
        ["mallory"],
    ),
    "password": (aws.create_login_profile(F, "mallory", LATER), ["mallory"]),
    "user": (aws.create_user(F, "mallory", LATER), ["mallory"]),
    "attached to a role": (
        aws.attach_role_policy(F, "ops-role", ADMINISTRATOR, LATER),
        ["ops-role", ADMINISTRATOR],
    ),
    "inline administrator for a role": (
        aws.put_role_policy(F, "ops-role", "all", aws.policy("*"), LATER),
        ["ops-role", "all"],
    ),
    "role opened": (
        aws.update_assume_role_policy(F, "ops-role", SHARED, LATER),
        ["ops-role", f"arn:aws:iam::{ABROAD}:root"],
    ),
    "policy version": (
        aws.create_policy_version(F, f"arn:aws:iam::{HOME}:policy/team", aws.policy("*"), LATER),
        [f"arn:aws:iam::{HOME}:policy/team"],
    ),
    "port opened to all": (
        aws.authorize_ingress(F, "sg-0123456789abcdef0", 22, "0.0.0.0/0", LATER),
        ["sg-0123456789abcdef0", "22", "0.0.0.0/0"],
    ),
}


@pytest.mark.parametrize("kind", ACTS)
@pytest.mark.parametrize("opening", ["created", "replaced", "role changed"])
def test_other_acts_fire(kind, opening):
    record, names = ACTS[kind]
    start = {
        "created": aws.create_function(EVE, INVOICE, 0),
        "replaced": aws.update_code(EVE, INVOICE, 0),
        "role changed": aws.update_configuration(EVE, INVOICE, 0, role=INVOICE.role_arn),
    }[opening]
    attack = ATTACK["A01"]
    chain = Chain([write(start), act(record)], names=names)
    assert_fires(attack, chain, hunt(chain.records()))


CUSTOM = f"arn:aws:iam::{HOME}:policy/team-base"
GRANTS = {
    "inline administrator": [
        aws.put_role_policy(scenarios.XENIA, INVOICE.role, "everything", aws.policy("*"), -HOUR)
    ],
    "full IAM": [
        aws.attach_role_policy(
            scenarios.XENIA, INVOICE.role, "arn:aws:iam::aws:policy/IAMFullAccess", -HOUR
        )
    ],
    "power user": [
        aws.attach_role_policy(
            scenarios.XENIA, INVOICE.role, "arn:aws:iam::aws:policy/PowerUserAccess", -HOUR
        )
    ],
    "a new version of an attached policy": [
        aws.attach_role_policy(scenarios.YORICK, INVOICE.role, CUSTOM, -2 * HOUR),
        aws.create_policy_version(scenarios.XENIA, CUSTOM, aws.policy("*"), -HOUR),
    ],
    "a version set after the write": [
        aws.attach_role_policy(scenarios.YORICK, INVOICE.role, CUSTOM, -2 * HOUR),
        aws.create_policy_version(scenarios.XENIA, CUSTOM, aws.policy("iam:*"), 5 * MINUTE),
    ],
}


@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("what", ["acts", "secrets"])
def test_other_grants_are_named_and_raise(grant, what):
    """With the grant, the case says who gave what, and weighs more than without."""
    acts = (
        [aws.attach_user_policy(F, "mallory", ADMINISTRATOR, LATER)]
        if what == "acts"
        else [aws.get_secret(F, name, LATER) for name in SECRETS]
    )
    plain = [aws.create_function(EVE, INVOICE, 0), *acts]
    with_grant, without = hunt(GRANTS[grant], plain), hunt(plain)
    granted = GRANTS[grant][-1]["requestParameters"]
    name = granted.get("policyName") or granted["policyArn"]
    told = [f for f in with_grant.alarms if scenarios.XENIA.arn in text_of(f)]
    assert told, summary(with_grant)
    assert any(name in text_of(finding) for finding in told)
    risk = max((finding.risk_score for finding in without.alarms), default=0)
    assert max(finding.risk_score for finding in told) > risk


READS = {
    "BatchGetSecretValue": (
        [aws.batch_get_secrets(F, LATER, "prod/one", "prod/two")],
        ["prod/one", "prod/two"],
    ),
    "BatchGetSecretValue, filters": (
        [aws.batch_get_secrets(F, LATER, filters=[{"key": "tag-key", "values": ["prod"]}])],
        ["BatchGetSecretValue"],
    ),
    "GetParameters": (
        [aws.get_parameters(F, LATER, "/prod/db/password", "/prod/api/key")],
        ["/prod/db/password", "/prod/api/key"],
    ),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("case", ["A08", "A15"])
def test_other_secret_reads_fire(read, case):
    records, names = READS[read]
    base = ATTACK[case].build(World())
    steps = [step for step in base.steps if step.part != "act"]
    chain = Chain([*steps, *map(act, records)], names=names)
    assert_fires(ATTACK[case], chain, hunt(chain.records()))


RUNS = {
    "synchronous": aws.invoke(scenarios.ZELDA, INVOICE, MINUTE, waits=True),
    "qualified": aws.invoke(scenarios.ZELDA, INVOICE, MINUTE, qualifier="live"),
    "web function": aws.invoke_web(scenarios.ZELDA, INVOICE, MINUTE),
}


@pytest.mark.parametrize("run", RUNS)
def test_other_runs_name_who_ran(run):
    steps = [
        write(aws.create_function(EVE, INVOICE, 0)),
        optional(RUNS[run]),
        act(aws.attach_user_policy(F, "mallory", ADMINISTRATOR, LATER)),
    ]
    chain = Chain(steps, names=["mallory"], visible=[scenarios.ZELDA.arn])
    assert_fires(ATTACK["A01"], chain, hunt(chain.records()))


def test_role_swapped_to_a_strong_one_fires():
    """UpdateFunctionConfiguration with a new role: the session is the new role's."""
    strong = INVOICE.with_(role="admin-role")
    chain = Chain(
        [
            setup(aws.attach_role_policy(scenarios.XENIA, "admin-role", ADMINISTRATOR, -HOUR)),
            write(aws.update_configuration(EVE, strong, 0, role=strong.role_arn)),
            act(aws.create_access_key(strong.acts(), "backup-svc", LATER)),
        ],
        names=[aws.new_key("backup-svc"), "admin-role"],
    )
    attack = replace(ATTACK["A01"], world=World(fn=strong))
    assert_fires(attack, chain, hunt(chain.records()))


def test_foreign_invoke_without_arn_is_named():
    """A caller of another account may be recorded by account and principal id alone."""
    chain = scenarios.a06(World())
    caller = {"type": "AWSAccount", "accountId": ABROAD, "principalId": "AIDAEXAMPLE5OUTSIDER:x"}
    for record in chain.of("optional"):
        record["userIdentity"] = caller
    alarms = hunt(chain.records()).alarms
    assert any(ABROAD in text_of(finding) for finding in alarms)


def test_old_function_opened_to_everybody_fires():
    """A07 by the permission: who lets everybody in is told without any other event."""
    record = aws.add_permission(EVE, INVOICE, 0, "partner", "*", spelling="arn")
    chain = Chain([write(record)], names=["partner", "*"], automation=[INVOICE.arn])
    assert_fires(ATTACK["A07"], chain, hunt([record]))


@pytest.mark.parametrize("principal", [ABROAD, f"arn:aws:iam::{ABROAD}:role/build"])
def test_old_function_opened_to_an_account_is_told_low(principal):
    """Companies have several accounts: without a write or a call from there it is no alarm."""
    outcome = hunt([aws.add_permission(EVE, INVOICE, 0, "partner", principal, spelling="arn")])
    assert_quiet(outcome)
    assert [finding.verdict for finding in outcome.findings] == ["opened_to_account"]


# --- other hands, partitions and shapes -------------------------------------------------------

WRITERS = {
    "root": aws.Caller(
        {
            "type": "Root",
            "principalId": HOME,
            "arn": f"arn:aws:iam::{HOME}:root",
            "accountId": HOME,
            "accessKeyId": "",
        },
        "203.0.113.70",
        aws.CONSOLE,
    ),
    "single sign-on": aws.role_session(
        "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_0a1b2c3d4e5f",
        "eve@example.com",
        src="203.0.113.71",
        agent=aws.CONSOLE,
    ),
    "CloudFormation": scenarios.STACK,
    "Terraform": scenarios.TERRAFORM,
    "another function": aws.Function("deployer", role="deployer-role").acts(src="198.51.100.77"),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("attack_id", ["A01", "A03", "A06", "A07", "A10", "A15"])
def test_whoever_writes_is_named(attack_id, writer):
    attack, caller = ATTACK[attack_id], WRITERS[writer]
    by_eve = attack.build(attack.world)
    records = [
        {
            **record,
            "userIdentity": caller.identity,
            "sourceIPAddress": caller.src,
            "userAgent": caller.agent,
        }
        if record["userIdentity"].get("arn") == EVE.arn
        else record
        for record in by_eve.records()
    ]
    chain = as_spelt(by_eve, records)
    assert_fires(attack, chain, hunt(records))


@every_attack
@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_attack_fires_in_every_partition(attack, partition):
    def there(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("arn:aws:", f"arn:{partition}:"))

    chain = attack.build(attack.world)
    records = there(chain.records())
    moved = replace(
        as_spelt(chain, records),
        names=there(chain.names),
        visible=there(chain.visible),
        automation=there(chain.automation or [INVOICE.arn, INVOICE.role_arn]),
    )
    assert_fires(attack, moved, hunt(records))


@every_attack
def test_session_issued_to_a_version_joins(attack):
    """credentialsIssuedTo may end with a version or alias."""
    chain = attack.build(attack.world)
    records = copy.deepcopy(chain.records())
    for record in records:
        scope = record["userIdentity"].get("inScopeOf")
        if scope:
            scope["credentialsIssuedTo"] += ":7"
            scope["credentialsIssuedToVersion"] = "7"
    assert_fires(attack, as_spelt(chain, records), hunt(records))


def test_url_and_permission_in_either_order():
    """A09: the permission may come before the URL."""
    chain = scenarios.a09(World())
    made, url, permission = chain.records()
    url = {**url, "eventTime": moment(120)}
    assert_fires(
        ATTACK["A09"], as_spelt(chain, [made, url, permission]), hunt([made, permission, url])
    )


def test_role_with_a_path_is_opened():
    """A11: CreateRole bears a path, UpdateAssumeRolePolicy the bare name."""
    made = aws.create_role(HELPDESK, "teams/new/fresh-role", 10 * MINUTE - 20)
    chain = scenarios.a11(World())
    records = [made if r["eventName"] == "CreateRole" else r for r in chain.records()]
    assert_fires(ATTACK["A11"], as_spelt(chain, records), hunt(records))


INGRESS = {
    "flat": {
        "groupId": aws.group_id("web"),
        "ipProtocol": "tcp",
        "fromPort": 4022,
        "toPort": 4022,
        "cidrIp": "192.0.2.0/24",
        "ipPermissions": {},
    },
    "answered only": {"groupId": aws.group_id("web"), "ipPermissions": {}},
}


@pytest.mark.parametrize("shape", INGRESS)
def test_ingress_of_other_shapes_is_named(shape):
    """A12: the rule is in the request flat, or only in the answer."""
    chain = scenarios.a12(World())
    records = [
        {**record, "requestParameters": INGRESS[shape]}
        if record["eventName"] == "AuthorizeSecurityGroupIngress"
        else record
        for record in chain.records()
    ]
    assert_fires(ATTACK["A12"], as_spelt(chain, records), hunt(records))


TARGET = INVOICE.with_(account=ABROAD).arn
NOTIFICATIONS = {
    "one of two": {
        "CloudFunctionConfiguration": [
            {"Id": "a", "CloudFunction": INVOICE.arn, "Event": "s3:ObjectRemoved:*"},
            {"Id": "b", "CloudFunction": TARGET, "Event": ["s3:ObjectCreated:Put"]},
        ]
    },
    "SDK names": {
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": TARGET, "Events": ["s3:ObjectCreated:*"]}
        ]
    },
    "beside a queue": {
        "QueueConfiguration": {"Id": "q", "Queue": scenarios.QUEUE, "Event": "s3:ObjectCreated:*"},
        "CloudFunctionConfiguration": {"Id": "f", "CloudFunction": TARGET, "Event": "s3:*"},
    },
    "a version": {
        "CloudFunctionConfiguration": {"Id": "f", "CloudFunction": f"{TARGET}:3", "Event": "s3:*"}
    },
}


@pytest.mark.parametrize("shape", NOTIFICATIONS)
def test_bucket_notification_of_other_shapes_fires(shape):
    chain = scenarios.a13(World())
    records = copy.deepcopy(chain.records())
    records[0]["requestParameters"]["NotificationConfiguration"] = NOTIFICATIONS[shape]
    assert_fires(ATTACK["A13"], as_spelt(chain, records), hunt(records))


def test_stack_without_invoked_by_is_seen():
    """A13: CloudFormation shows by its address alone."""
    chain = scenarios.a13(World())
    records = copy.deepcopy(chain.records())
    records[-1]["userIdentity"].pop("invokedBy")
    assert_fires(ATTACK["A13"], as_spelt(chain, records), hunt(records))


def test_memory_change_leaves_the_code_as_it_was():
    """A14 with a harmless UpdateFunctionConfiguration in the window."""
    chain = scenarios.a14(World())
    memory = aws.update_configuration(scenarios.OLGA, INVOICE, -HOUR, memorySize=1024)
    assert_fires(ATTACK["A14"], chain, hunt(chain.records(), [memory]))


def test_no_finding_denies_a_write_that_was_logged():
    """A write without an answer names no role, but it was a write, and no run."""
    for build in (scenarios.a03, scenarios.a05):
        outcome = hunt(build(World(answered=False)).records())
        assert not any("not changed" in finding.explanation for finding in outcome.findings)


REFUSALS = {
    "other code": [
        aws.create_function(EVE, INVOICE, -60 * n, error="AccessDenied") for n in range(1, 6)
    ],
    "other calls": [
        aws.update_code(EVE, INVOICE, -300, error="AccessDeniedException"),
        aws.update_code(EVE, INVOICE, -240, error="AccessDeniedException"),
        aws.add_permission(EVE, INVOICE, -180, "x", "*", error="AccessDeniedException"),
        aws.create_function(EVE, INVOICE, -120, error="AccessDeniedException"),
        aws.create_function(EVE, INVOICE, -60, error="AccessDeniedException"),
    ],
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_of_other_kinds_are_counted(kind):
    rest = [step for step in scenarios.a19(World()).steps if step.part != "setup"]
    chain = Chain([*map(setup, REFUSALS[kind]), *rest], names=["mallory"], counts=[5])
    assert_fires(ATTACK["A19"], chain, hunt(chain.records()))


def test_one_case_gives_one_finding():
    acts = [aws.attach_user_policy(F, f"mallory-{n}", ADMINISTRATOR, LATER + n) for n in range(5)]
    findings = hunt([aws.create_function(EVE, INVOICE, 0), *acts]).alarms
    assert len(findings) == 1
    assert all(f"mallory-{n}" in text_of(findings[0]) for n in range(5))


def test_cases_far_apart_are_two_findings():
    first = scenarios.a03(World()).records()
    again = [
        {**r, "eventTime": moment(seconds(r) + 3 * DAY), "eventID": r["eventID"] + "2"}
        for r in first
    ]
    found = hunt(first, again).findings
    assert len({finding.finding_id for finding in found}) == len(found)
    assert len([f for f in found if f.detection == "aws_lambda_replaced_then_acted"]) == 2


# --- traps in what a finding says -------------------------------------------------------------


def test_removed_permission_is_added_as_evidence():
    """RemovePermission does not undo a finding."""
    opened = aws.add_permission(EVE, INVOICE, 0, "open-door", "*")
    closed = aws.remove_permission(EVE, INVOICE, HOUR, "open-door")
    before, after = hunt([opened]), hunt([opened, closed])
    assert [f.finding_id for f in before.alarms] == [f.finding_id for f in after.alarms]
    assert any("RemovePermission" in text_of(finding) for finding in after.alarms)


def test_innocent_of_another_account_is_not_named():
    """A10 joins the user by name within the account."""
    stranger = aws.role_session("helpdesk", "stranger", ABROAD, src="192.0.2.41")
    chain = scenarios.a10(World())
    other = aws.create_user(stranger, "newcomer", 8 * MINUTE)
    alarms = hunt(chain.records(), [other]).alarms
    assert any(HELPDESK.arn in text_of(finding) for finding in alarms)
    assert not any(stranger.arn in text_of(finding) for finding in alarms)


def test_refusals_of_a_namesake_are_not_counted():
    """A19 counts the refusals of one principal of one account."""
    namesake = aws.user("eve", ABROAD, src="192.0.2.9")
    abroad = INVOICE.with_(account=ABROAD)
    more = [
        aws.create_function(namesake, abroad, -MINUTE * n, error="AccessDeniedException")
        for n in range(9, 1, -1)
    ]
    chain = scenarios.a19(World())
    outcome = hunt(chain.records(), more)
    assert_fires(ATTACK["A19"], chain, outcome)
    assert not any(namesake.arn in text_of(finding) for finding in outcome.alarms)


def not_named(chain: Chain, name: str, swap: dict[str, dict[str, Any]]) -> None:
    """With some records swapped the case may fire, but has nothing to do with that name."""
    records = [swap.get(record["eventName"], record) for record in chain.records()]
    assert all(name not in text_of(finding) for finding in hunt(records).alarms)


def test_another_innocent_is_not_named():
    """A10 in which the helpdesk made another user than the one that got the key."""
    other = aws.create_user(HELPDESK, "somebody-else", 9 * MINUTE)
    not_named(scenarios.a10(World()), HELPDESK.arn, {"CreateUser": other})


def test_use_of_another_key_is_not_named():
    """A04 in which the user works on with his old key."""
    chain = scenarios.a04(World())
    old = aws.user("backup-svc", src="192.0.2.78")
    calls = {
        "GetCallerIdentity": aws.caller_identity(old, 10 * MINUTE),
        "ListBuckets": aws.call(old, "s3", "ListBuckets", 10 * MINUTE, read_only=True),
    }
    not_named(chain, "192.0.2.78", calls)


def test_publisher_of_another_layer_is_not_named():
    """A08 in which somebody published another version."""
    layer = scenarios.LAYER.replace(ABROAD, HOME).replace(":7", ":8")
    published = aws.publish_layer(scenarios.XENIA, layer, -10 * MINUTE)
    not_named(
        scenarios.a08_own(World()), scenarios.XENIA.arn, {"PublishLayerVersion20181031": published}
    )


def test_grant_to_another_role_is_not_named():
    """A17 in which another role gained power."""
    grant = aws.attach_role_policy(scenarios.XENIA, "other-role", ADMINISTRATOR, -HOUR)
    not_named(scenarios.a17(World()), scenarios.XENIA.arn, {"AttachRolePolicy": grant})


def test_refusals_of_somebody_else_are_not_named():
    """A19 in which one was refused and another wrote."""
    refused = [
        aws.create_function(scenarios.XENIA, INVOICE, -60 * n, error="AccessDeniedException")
        for n in range(6, 1, -1)
    ]
    rest = [step.record for step in scenarios.a19(World()).steps if step.part != "setup"]
    alarms = hunt(refused, rest).alarms
    assert alarms
    assert all(scenarios.XENIA.arn not in text_of(finding) for finding in alarms)


def test_same_session_under_another_key_elsewhere_fires():
    """A18 joins by the session's ARN as well as by the key."""
    chain = scenarios.a18(World())
    records = copy.deepcopy(chain.records())
    for record in records[1:]:
        record["userIdentity"]["accessKeyId"] = aws.access_key("minted by hand", "ASIA")
    assert_fires(ATTACK["A18"], as_spelt(chain, records), hunt(records))


def test_evidence_is_in_time_order_and_bounded():
    chain = scenarios.a15(World())
    extra = [aws.get_secret(F, f"prod/more-{n}", 700 + n) for n in range(40)]
    for finding in hunt(chain.records(), extra).findings:
        times = [item.time for item in finding.evidence]
        assert times == sorted(times)
        for stage, total in finding.evidence_totals.items():
            assert sum(item.stage == stage for item in finding.evidence) == min(total, 20)


# --- look-alikes ------------------------------------------------------------------------------


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
def test_look_alike_is_quiet(quiet):
    assert_quiet(hunt(quiet.build()))


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
def test_look_alike_is_quiet_in_any_order_and_number(quiet):
    records = quiet.build()
    mixed = random.Random(3).sample(records * 2, 2 * len(records))
    assert_quiet(hunt(mixed))


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
def test_look_alike_is_quiet_without_data_events(quiet):
    assert_quiet(hunt([r for r in quiet.build() if r["eventCategory"] != "Data"]))


def test_look_alikes_are_quiet_together():
    assert_quiet(hunt(*(quiet.build() for quiet in LOOK_ALIKES)))


def entry(pattern: str, expires: str = "2026-12-31", **more: str) -> dict[str, str]:
    """Return an allow-list entry."""
    return {
        "pattern": pattern,
        "reason": "account vending",
        "owner": "platform",
        "expires": expires,
        **more,
    }


def test_vending_function_deployed_anew_fires_at_default():
    assert hunt(scenarios.b11_deployed()).alarms


@pytest.mark.parametrize("pattern", ["account-vending", "account-*", "ACCOUNT-VENDING"])
@pytest.mark.parametrize("build", [scenarios.b11, scenarios.b11_deployed])
def test_allowed_function_is_quiet_and_counted(pattern, build):
    outcome = hunt(build(), values={"allowed_functions": [entry(pattern)]})
    assert_quiet(outcome)
    if build is scenarios.b11_deployed:
        assert outcome.hunt.counters.suppressed
        assert outcome.hunt.suppressed


@pytest.mark.parametrize(
    "spent",
    [
        entry("account-vending", "2026-04-01"),
        entry("account-vending", scope=ABROAD),
        entry("account"),
        entry("account.vending"),
    ],
    ids=["expired", "another account", "not the whole name", "a regular expression"],
)
def test_spent_entry_no_longer_quiets(spent):
    outcome = hunt(scenarios.b11_deployed(), values={"allowed_functions": [spent]})
    assert outcome.alarms
    assert not outcome.hunt.counters.suppressed


def test_allowed_deployer_is_quiet():
    """B03 whose function reads a secret that it has never read before."""
    records = [
        record
        for day in range(4)
        for record in (
            aws.update_code(scenarios.CI, scenarios.SHOP, day * DAY),
            aws.get_secret(scenarios.SHOP.acts(), f"shop/{day}", day * DAY + HOUR),
            aws.create_access_key(scenarios.SHOP.acts(), "rotated", day * DAY + HOUR),
        )
    ]
    allowed = [entry(f"arn:aws:sts::{HOME}:assumed-role/github-ci/*")]
    assert hunt(records).alarms
    assert_quiet(hunt(records, values={"allowed_deployers": allowed}))


def test_allowed_deployer_does_not_cover_another():
    attack = ATTACK["A03"]
    allowed = [entry(f"arn:aws:sts::{HOME}:assumed-role/github-ci/*")]
    chain = attack.build(attack.world)
    assert_fires(attack, chain, hunt(chain.records(), values={"allowed_deployers": allowed}))


# --- the comparers can fail -------------------------------------------------------------------


def test_left_out_reports_what_is_missing():
    attack = ATTACK["A01"]
    chain = attack.build(attack.world)
    finding = hunt(chain.records()).alarms[0]
    asked = replace(chain, names=["no-such-name"], says=["never said"], counts=[987654])
    gaps = left_out(attack, asked, finding)
    assert gaps == ["no-such-name", "/never said/", "count 987654"]


def test_left_out_reports_times():
    attack = ATTACK["A01"]
    chain = attack.build(attack.world)
    finding = hunt(chain.records()).alarms[0]
    later = attack.build(World(delay=HOUR))
    assert any("last time" in gap for gap in left_out(attack, later, finding))


# --- other forms and ordinary days ------------------------------------------------------------


@pytest.mark.parametrize("variant", variants_aws.ATTACKS, ids=lambda variant: variant.title)
def test_variant_fires(variant):
    """In any order; one finding of medium severity or more holds all the names."""
    records = variant.build()
    outcome = hunt(records)
    texts = [text_of(finding) for finding in outcome.alarms]
    assert any(all(name in text for name in variant.names) for text in texts), summary(outcome)
    assert hunt(records[::-1]).plain() == outcome.plain()


@pytest.mark.parametrize("quiet", variants_aws.QUIET, ids=lambda quiet: quiet.id)
def test_ordinary_day_is_quiet(quiet):
    assert_quiet(hunt(quiet.build()))
